/**
 * Keeps the desk's list true without moving it: what came in since is told in one calm line, and taken in when the reader is
 * ready. Other filters are another list, fetched at once. The list is a fragment of the page, written by the server.
 */
import { working } from './busy.js';
import './timeline.js';

const LOOK_EVERY_MS = 10_000;
const list = document.querySelector('[data-desk-list]');
const fresh = document.querySelector('[data-fresh]');
let query = location.search.slice(1);

async function refresh() {
  if (!list) return;
  try {
    const answer = await fetch(`${list.dataset.deskList}?${query}`, { headers: { Accept: 'text/html' } });
    if (answer.status === 401) return location.reload();
    if (answer.ok) replace(await answer.text());
  } catch { /* offline: the list stays as it was, the map says that it could not be refreshed */ }
}

function replace(html) {
  const { href } = document.activeElement ?? {};
  const page = new DOMParser().parseFromString(html, 'text/html');
  list.replaceChildren(...page.body.childNodes);
  hide();
  if (href) [...list.querySelectorAll('a')].find((link) => link.href === href)?.focus({ preventScroll: true });
}

function hide() {
  if (!fresh) return;
  fresh.hidden = true;
  fresh.querySelector('[data-fresh-said]').textContent = '';
}

/** Ask what is new under the filters since this list was made; the same answer costs headers alone. */
async function look() {
  const head = list?.querySelector('[data-after]');
  if (!head || !fresh || document.hidden) return;
  const asked = new URLSearchParams(query);
  asked.delete('cursor');
  asked.set('after', head.dataset.after);
  asked.set('known', head.dataset.known);
  try {
    const answer = await fetch(`${fresh.dataset.fresh}?${asked}`, { cache: 'no-cache', headers: { Accept: 'application/json' } });
    if (!answer.ok || !head.isConnected) return;
    const { said } = await answer.json();
    const line = fresh.querySelector('[data-fresh-said]');
    if (line.textContent !== said) line.textContent = said;
    fresh.hidden = !said;
  } catch { /* offline: the map says so */ }
}

/** "Only what the map shows": the box in sight becomes a filter, and as such stands in the address; pressed again it goes. */
const box = document.querySelector('[data-box]');
const boxed = document.querySelector('[data-view-box]');
let view = '';
document.addEventListener('tessera:view', ({ detail }) => { view = detail; });
boxed?.addEventListener('click', () => {
  box.value = box.value ? '' : view.split(',').map((side) => Number(side).toFixed(5)).join(',');
  boxed.setAttribute('aria-pressed', String(Boolean(box.value)));
  box.dispatchEvent(new Event('change', { bubbles: true }));
});

fresh?.addEventListener('click', async () => {
  await working(refresh());
  list.closest('.desk-list')?.scrollTo({ top: 0 });
  list.querySelector('a.row-title')?.focus({ preventScroll: true });
});
document.addEventListener('tessera:filters', ({ detail }) => { query = detail; working(refresh()); });
document.addEventListener('tessera:changed', look);
document.addEventListener('visibilitychange', look);
setInterval(look, LOOK_EVERY_MS);
