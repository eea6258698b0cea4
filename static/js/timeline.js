/**
 * When the damage was: bars of whole days under all filters but the days themselves, and a slider with two ends that sets the
 * two days of the filter form. Drawn from numbers; the form is what is asked, so the address and the back button hold.
 */
import { spokenDay } from './days.js';

const bar = document.querySelector('[data-timeline]');
const form = document.querySelector('form[data-map-filters]');
if (bar && form) start();

function start() {
  const bars = bar.querySelector('.timeline-bars');
  const ends = { from: bar.querySelector('[data-end=from]'), to: bar.querySelector('[data-end=to]') };
  const days = { from: document.getElementById(bar.dataset.from), to: document.getElementById(bar.dataset.to) };
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let found = { days: 1, bars: [] };
  let asked = null;

  const dayOf = (place, last = false) => {
    const day = new Date(`${found.bars[place][0]}T00:00:00Z`);
    if (last) day.setUTCDate(day.getUTCDate() + found.days - 1);
    return day;
  };
  const iso = (day) => day.toISOString().slice(0, 10);

  async function load() {
    const query = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value && !['since', 'until'].includes(name))).toString();
    if (query !== asked) {
      const answer = await fetch(`${bar.dataset.timeline}?${query}`, { headers: { Accept: 'application/json' } }).catch(() => null);
      if (!answer?.ok) return;
      asked = query;
      found = await answer.json();
      draw();
    }
    place();
  }

  function draw() {
    const most = Math.max(1, ...found.bars.map(([, n]) => n));
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', `0 0 ${found.bars.length} 100`);
    svg.setAttribute('preserveAspectRatio', 'none');
    found.bars.forEach(([day, n], at) => {
      const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      const height = n ? Math.max(3, (100 * n) / most) : 0;
      for (const [name, value] of Object.entries({ x: at + 0.06, y: 100 - height, width: 0.88, height })) rect.setAttribute(name, value);
      const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
      title.textContent = bar.dataset.bar.replace('{day}', spokenDay(day)).replace('{n}', number.format(n));
      rect.append(title);
      svg.append(rect);
    });
    bars.replaceChildren(svg);
    bar.hidden = found.bars.length < 2;
    for (const end of Object.values(ends)) end.max = Math.max(0, found.bars.length - 1);
  }

  /** Put the ends where the days of the form are. */
  function place() {
    if (found.bars.length < 2) return;
    const last = found.bars.length - 1;
    const at = (day, otherwise) => { const where = found.bars.findLastIndex(([first]) => first <= day); return day ? Math.max(0, where) : otherwise; };
    ends.from.value = at(days.from.value, 0);
    ends.to.value = at(days.to.value, last);
    say();
  }

  function say() {
    const [from, to] = [Number(ends.from.value), Number(ends.to.value)];
    const words = { from: spokenDay(dayOf(from)), to: spokenDay(dayOf(to, true)) };
    ends.from.setAttribute('aria-valuetext', words.from);
    ends.to.setAttribute('aria-valuetext', words.to);
    bar.querySelector('[data-said-from]').textContent = words.from;
    bar.querySelector('[data-said-to]').textContent = words.to;
    bars.querySelectorAll('rect').forEach((rect, at) => rect.classList.toggle('out', at < from || at > to));
  }

  function choose(moved) {
    if (Number(ends.from.value) > Number(ends.to.value)) (moved === ends.from ? ends.to : ends.from).value = moved.value;
    say();
  }

  function take() {
    const [from, to, last] = [Number(ends.from.value), Number(ends.to.value), found.bars.length - 1];
    days.from.value = from === 0 ? '' : iso(dayOf(from));
    days.to.value = to === last ? '' : iso(dayOf(to, true));
    days.from.dispatchEvent(new Event('change', { bubbles: true }));
  }

  for (const end of Object.values(ends)) {
    end.addEventListener('input', () => choose(end));
    end.addEventListener('change', (event) => { event.stopPropagation(); take(); });
  }
  bar.querySelector('[data-timeline-all]').addEventListener('click', () => { ends.from.value = 0; ends.to.value = ends.to.max; say(); take(); });
  form.addEventListener('change', load);
  load();
}
