/**
 * Doubtful pairs by keyboard. A control that has data-key is pressed by that key, unless somebody is writing. On the page of pairs
 * the next one is fetched beforehand: an answer shows it at once and is sent behind, in order; U takes the last answer back.
 */
import { working } from './busy.js';

const KEEP_EVERY = 60_000;

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest('input:not([type=radio], [type=checkbox]), textarea, select')) return;
  const control = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!control || control.closest('[hidden]')) return;
  event.preventDefault();
  control.click();
});

const duel = document.querySelector('[data-duel]');
if (duel) start();

function start() {
  const place = duel.querySelector('[data-place]');
  const find = (name) => document.querySelector(`[data-${name}]`);
  const [done, undo, nothing, wrong, waiting] = ['done', 'undo', 'nothing', 'wrong', 'waiting'].map(find);
  const answered = []; // { pair, undo }, the last at the end
  let sending = Promise.resolve();
  let next = null; // a promise of the element of the next pair, or null when none waits

  const shown = () => place.querySelector('[data-pair]');
  const fetchPair = async (query) => {
    const answer = await fetch(`${duel.dataset.more}?${new URLSearchParams(query)}`, { headers: { Accept: 'text/html' } });
    if (!answer.ok) throw answer;
    if (answer.status === 204) return null;
    const part = document.createRange().createContextualFragment(await answer.text());
    return part.querySelector('[data-pair]');
  };
  const past = () => [shown(), ...answered.slice(-5)].filter(Boolean).map((one) => ['past', one.dataset?.pair ?? one.pair]);
  const prefetch = () => { next = fetchPair(past()).catch(() => null); };

  function show(pair) {
    place.replaceChildren(...(pair ? [pair] : []));
    duel.querySelector('.between').hidden = !pair;
    nothing.hidden = Boolean(pair);
    document.dispatchEvent(new Event('pair'));
    if (pair) prefetch();
  }

  async function send(address, body) {
    const answer = await fetch(address, { method: 'POST', body, headers: { Accept: 'application/json' } });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.errors?.[0]?.message ?? told.detail ?? told.title ?? wrong.dataset.lost);
    return told;
  }

  function tell(told) {
    done.textContent = told.said ?? '';
    waiting.textContent = told.waiting ?? waiting.textContent;
    undo.hidden = !answered.at(-1)?.undo;
    undo.action = answered.at(-1)?.undo ?? '';
  }

  const complain = (error) => { wrong.textContent = error instanceof TypeError ? wrong.dataset.lost : error.message; wrong.hidden = false; };

  async function answer(form, word) {
    const pair = form.closest('[data-pair]').dataset.pair;
    const body = new URLSearchParams([...new FormData(form), ['answer', word]]);
    wrong.hidden = true;
    const entry = { pair, undo: '' };
    answered.push(entry);
    sending = sending.then(() => send(form.action, body)).then((told) => { entry.undo = told.undo; tell(told); }, complain);
    const coming = next;
    let following = await coming;
    if (!following) { await sending; following = await fetchPair([]).catch(() => null); }
    if (following?.dataset.pair === pair && word !== 'skip') following = null;
    show(following);
  }

  async function takeBack() {
    await sending;
    while (answered.length && !answered.at(-1).undo) answered.pop();
    const last = answered.pop();
    if (!last && !undo.getAttribute('action')) return;
    sending = sending.then(() => send(last?.undo ?? undo.action)).then(tell, complain);
    await sending;
    show(await fetchPair(last ? [['pair', last.pair]] : []).catch(() => null));
  }

  duel.addEventListener('submit', (event) => {
    if (!event.target.matches('[data-ask]')) return;
    event.preventDefault();
    if ('answered' in event.target.dataset) return; // the next pair is on its way: a second key is not meant for this one
    event.target.dataset.answered = '';
    working(answer(event.target, event.submitter?.value ?? 'skip'));
  });
  undo.addEventListener('submit', (event) => { event.preventDefault(); working(takeBack()); });
  setInterval(() => { if (shown() && !document.hidden) fetch(shown().dataset.keep, { method: 'POST' }).catch(() => {}); }, KEEP_EVERY);
  if (shown()) prefetch();
}
