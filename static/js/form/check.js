/**
 * The last step: what was said, each with a way to change it, and what the public will see of it. All is drawn from the
 * form's own words, so that nothing is said here that was not said there.
 */
import { spokenDay } from '../days.js';
import { album } from './album.js';
import { made } from './made.js';
import { fill, part } from './parts.js';
import { pointOf } from './told.js';

export async function drawCheck(form, steps) {
  const check = await part('check');
  const given = check.querySelector('[data-given]');
  for (const step of form.querySelectorAll('[data-step] > fieldset')) given.append(...row(step, given.dataset, form, steps));
  form.querySelector('[data-summary]').replaceChildren(check);
  check.querySelector('h2').focus({ preventScroll: true });
  const expected = await drawExpected(form);
  if (expected) check.append(expected);
}

function row(step, words, form, steps) {
  const title = step.querySelector('legend').firstChild.textContent.trim() || step.querySelector('legend label').textContent;
  const answers = step.id === 'photos' ? [counted(form)] : answersOf(step);
  const change = made('button', { type: 'button', className: 'quiet small', textContent: words.change, ariaLabel: `${words.change}: ${title}` });
  change.addEventListener('click', () => steps.to(step));
  const said = answers.length ? made('bdi', { textContent: answers.join(' · ') }) : made('span', { className: 'muted', textContent: words.nothing });
  return [made('dt', { textContent: title }), made('dd', {}, said, change)];
}

function counted(form) {
  return fill('{n}', { n: album(form).length });
}

/** The words beside what is ticked, chosen or written in one step, the details that stand with it included. */
function answersOf(step) {
  const inputs = step.parentElement.querySelectorAll('input:not([type=hidden], [type=file]), select, textarea');
  return [...inputs].filter((input) => !input.disabled).map(wordsOf).filter(Boolean);
}

function wordsOf(input) {
  if (input.type === 'radio' || input.type === 'checkbox') return input.checked ? labelOf(input) : '';
  if (input.tagName === 'SELECT') return input.value ? input.selectedOptions[0].textContent.trim() : '';
  if (input.type === 'date' && input.value) return spokenDay(input.value);
  return input.value.trim();
}

function labelOf(input) {
  const words = input.closest('label').querySelector('.face > span') ?? input.closest('label').querySelector('span');
  return words.firstChild.textContent.trim();
}

/** The grid cell of the public map around the place: what everybody may see of this report, at most. */
async function drawExpected(form) {
  const point = pointOf(form);
  if (!point) return null;
  const given = new FormData(form);
  const asked = new URLSearchParams({ ...point, site_type: given.get('site_type') ?? '', in_use_as: given.get('in_use_as') ?? '' });
  try {
    const answer = await fetch(`/api/v1/expected?${asked}`, { headers: { Accept: 'application/json' } });
    return answer.ok ? figure(await part('expected'), await answer.json(), point) : null;
  } catch {
    return null; // offline: the notice at the top says it in words
  }
}

function figure(drawn, { level, outline, metres }, point) {
  const kind = outline ? 'cell' : level === 'POINT' ? 'point' : level === 'NONE' ? 'nothing' : 'area';
  const words = drawn.querySelector(`[data-${kind}]`);
  words.hidden = false;
  words.textContent = fill(words.textContent, { m: new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit: metres < 2000 ? 'meter' : 'kilometer', maximumFractionDigits: 0 }).format(metres < 2000 ? metres : metres / 1000) });
  if (outline) trace(drawn.querySelector('svg'), outline.coordinates[0], point);
  else drawn.querySelector('svg').remove();
  return drawn;
}

/** Longitudes are narrower than latitudes; the drawing is 120 by 120 with a margin. */
function trace(svg, ring, { lat, lon }) {
  const narrow = Math.cos((lat * Math.PI) / 180);
  const flat = ([x, y]) => [x * narrow, -y];
  const corners = ring.map(flat);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [west, north] = [Math.min(...xs), Math.min(...ys)];
  const scale = 104 / Math.max(Math.max(...xs) - west, Math.max(...ys) - north);
  const onPaper = (place) => { const [x, y] = flat(place); return [8 + (x - west) * scale, 8 + (y - north) * scale]; };
  svg.querySelector('.cell').setAttribute('d', `M${ring.map((corner) => onPaper(corner).map((n) => n.toFixed(1)).join(' ')).join('L')}Z`);
  const [x, y] = onPaper([lon, lat]);
  svg.querySelector('.spot').setAttribute('cx', x);
  svg.querySelector('.spot').setAttribute('cy', y);
}
