/**
 * The queue by keyboard. A control with data-key is pressed by that key, one with data-focus is entered by it, unless somebody
 * is writing; Escape leaves a field. The next record is fetched beforehand: a step shows it at once and is sent behind, in order.
 */
import { working } from './busy.js';

const KEEP_EVERY = 60_000, COUNT_EVERY = 15_000;
const writing = (target) => target.closest('input:not([type=radio], [type=checkbox]), textarea, select');

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && writing(event.target)) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || writing(event.target)) return;
  const key = CSS.escape(event.key.toLowerCase());
  const control = document.querySelector(`[data-key="${key}"], [data-focus="${key}"]`);
  if (!control || control.disabled || control.closest('[hidden]')) return;
  event.preventDefault();
  if (control.dataset.focus) control.focus();
  else control.click();
});

const bench = document.querySelector('[data-bench]');
if (bench) start();

function start() {
  const place = bench.querySelector('[data-place]');
  const find = (name) => document.querySelector(`[data-${name}]`);
  const [done, undo, nothing, wrong] = ['done', 'undo', 'nothing', 'wrong'].map(find);
  const steps = []; // { item, number, undo }, the last at the end
  const skipped = [];
  const unsent = new Set(); // numbers of records whose step the server has not answered: until then they still wait there
  let sending = Promise.resolve();
  let next = null; // a promise of the element of the next record, or null when none waits
  let ready = null; // that element once it came

  const shown = () => place.querySelector('[data-item]');
  const fetchItem = async (query) => {
    const more = new URL(bench.dataset.more, location.href);
    for (const [name, value] of query) more.searchParams.append(name, value);
    const answer = await fetch(more, { headers: { Accept: 'text/html' } });
    if (!answer.ok) throw answer;
    if (answer.status === 204) return null;
    return document.createRange().createContextualFragment(await answer.text()).querySelector('[data-item]');
  };
  const past = () => [...skipped.slice(-100), ...unsent, ...steps.slice(-5).map(({ number }) => number), shown()?.dataset.number].filter(Boolean).map((number) => ['past', number]);
  const prefetch = () => { ready = null; next = fetchItem(past()).catch(() => null).then((item) => (ready = item)); };

  function show(item) {
    place.replaceChildren(...(item ? [item] : []));
    bench.querySelector('.between').hidden = !item;
    nothing.hidden = Boolean(item);
    document.dispatchEvent(new Event('pair'));
    item?.querySelector('h2')?.focus({ preventScroll: true });
    if (item) prefetch();
    else next = null;
  }

  async function send(address, body) {
    const answer = await fetch(address, { method: 'POST', body, headers: { Accept: 'application/json' } });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(told.errors?.[0]?.message || told.title || wrong.dataset.lost), { status: answer.status });
    return told;
  }

  function count(counts = {}) {
    for (const [name, number] of Object.entries(counts)) {
      const shownCount = document.querySelector(`[data-count="${name}"]`);
      if (shownCount && shownCount.textContent !== String(number)) shownCount.textContent = number;
    }
  }

  function tell(told) {
    if (told.said !== undefined) done.textContent = told.said;
    count(told.counts);
    undo.hidden = !steps.at(-1)?.undo;
    undo.action = steps.at(-1)?.undo ?? '';
  }

  /** Whoever was not quick enough is shown both versions by the server: the same form, sent as a page would send it. */
  function complain(error, form, word) {
    if (error.status === 412 && form) {
      form.hidden = true;
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'step', value: word }));
      document.body.append(form);
      leave = false;
      form.submit();
      return;
    }
    wrong.textContent = error instanceof TypeError ? wrong.dataset.lost : error.message;
    wrong.hidden = false;
  }

  async function step(form, word) {
    const item = form.closest('[data-item]');
    const body = new URLSearchParams([...new FormData(form), ['step', word]]);
    wrong.hidden = true;
    const entry = { item: item.dataset.item, number: item.dataset.number, undo: '' };
    if (word === 'skip') skipped.push(entry.number);
    else steps.push(entry);
    unsent.add(entry.number);
    sending = sending.then(() => send(form.action, body)).then((told) => { entry.undo = told.undo; tell(told); }, (error) => complain(error, form, word)).finally(() => unsent.delete(entry.number));
    let following = await next;
    if (!following) { await sending; following = await fetchItem(past()).catch(() => null); }
    if (!following && skipped.length) { skipped.length = 0; following = await fetchItem([]).catch(() => null); }
    show(following);
  }

  async function takeBack() {
    await sending;
    while (steps.length && !steps.at(-1).undo) steps.pop();
    const last = steps.pop();
    const address = last?.undo ?? undo.getAttribute('action');
    if (!address) return;
    const letGo = shown();
    sending = sending.then(() => send(address)).then(async (told) => {
      tell(told);
      if (letGo) navigator.sendBeacon(letGo.dataset.release);
      show(await fetchItem([['record', told.record ?? last.item]]).catch(() => null));
    }, complain);
    await sending;
  }

  place.addEventListener('submit', (event) => {
    if (!event.target.matches('[data-step]')) return;
    event.preventDefault();
    working(step(event.target, event.submitter?.value ?? 'skip'));
  });
  undo.addEventListener('submit', (event) => { event.preventDefault(); working(takeBack()); });

  let leave = true;
  addEventListener('pagehide', () => {
    if (!leave) return;
    for (const item of [shown(), ready]) if (item) navigator.sendBeacon(item.dataset.release);
  });
  setInterval(() => { if (!document.hidden) for (const item of [shown(), ready]) if (item) fetch(item.dataset.keep, { method: 'POST' }).catch(() => {}); }, KEEP_EVERY);
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(bench.dataset.counts, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (answer?.ok) count(await answer.json());
    if (!shown() && !nothing.hidden) show(await fetchItem([]).catch(() => null));
  }, COUNT_EVERY);
  if (shown()) prefetch();
}
