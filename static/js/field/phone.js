/**
 * The phone's part of the report page, loaded when the form is already usable: says what this browser can keep, shows the
 * queue and the drafts, and wipes. The form goes on without it.
 */
import { capability } from './capable.js';
import { drawDrafts } from './drafts-part.js';
import * as outbox from './outbox.js';
import { drawQueue } from './queue-part.js';
import { get } from './store.js';
import { wipe } from './wipe.js';

const CLOCK_OFF_MS = 10 * 60_000;
const language = document.documentElement.lang;
const KEPT = ['/report', '/report/parts', '/measures'];
const address = `/report/phone?lang=${language}`;

async function fetchedPart() {
  const response = await fetch(address);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const part = page.querySelector('.phone');
  if (!part) throw new Error('no part');
  return document.importNode(part, true);
}

/** The part's own style is loaded with it, not with the form; a line that does not give it delays nothing for long. */
function styled({ style }) {
  const link = document.createElement('link');
  const loaded = new Promise((resolve) => { link.onload = link.onerror = resolve; setTimeout(resolve, 3000); });
  link.rel = 'stylesheet';
  link.href = style;
  document.head.append(link);
  return loaded;
}

/** Show why nothing is kept here, before anybody has typed. */
function showCapability(part, able) {
  part.querySelectorAll('[data-why]').forEach((notice) => { notice.hidden = notice.dataset.why !== able.why; });
  part.querySelector('[data-phone-more]').hidden = !able.kept;
}

const spoken = (ms) => {
  const hours = ms / 3_600_000;
  const [value, unit] = hours >= 36 ? [hours / 24, 'day'] : hours >= 1 ? [hours, 'hour'] : [hours * 60, 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(value);
};

function notice(part, name, words) {
  const place = part.querySelector(`[data-${name}]`);
  place.hidden = !words;
  (place.querySelector('span') ?? place).textContent = words;
}

async function showTruths(part, words) {
  const gone = await outbox.gone();
  notice(part, 'gone', gone ? words.gone.replace('{n}', gone.toLocaleString(language)) : '');
  const off = Math.abs((await get('facts', 'clock'))?.off ?? 0);
  notice(part, 'clock', off > CLOCK_OFF_MS ? words.clock.replace('{time}', spoken(off)) : '');
  notice(part, 'background', 'SyncManager' in globalThis ? '' : words.no_background);
}

export async function showPersistence(part, words) {
  const kept = await navigator.storage?.persisted?.().catch(() => false);
  notice(part, 'persist', kept ? words.persisted : words.not_persisted);
}

// the worker

function registered() {
  const modular = navigator.serviceWorker.register('/service-worker.js?module', { type: 'module' });
  return modular.catch(() => navigator.serviceWorker.register('/service-worker.js'));
}

/** Ask the worker to keep this page and its parts in this language: true when it has all of it. */
async function keptOffline() {
  await registered();
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  const answer = new Promise((resolve) => { channel.port1.onmessage = ({ data }) => resolve(data.kept); });
  active.postMessage({ keep: [address, ...KEPT.map((path) => `${path}?lang=${language}`)] }, [channel.port2]);
  return answer;
}

async function readyOffline(part, words) {
  if (navigator.serviceWorker && await keptOffline().catch(() => false)) notice(part, 'offline-ready', words.offline_ready);
}

// leaving

function wireWipe(part, words) {
  const sure = part.querySelector('[data-wipe-sure]');
  const ask = (open) => { sure.hidden = !open; if (open) sure.querySelector('[data-wipe-no]').focus(); };
  document.querySelectorAll('[data-wipe]').forEach((button) => button.addEventListener('click', () => ask(true)));
  part.querySelector('[data-wipe-no]').addEventListener('click', () => ask(false));
  part.querySelector('[data-wipe-yes]').addEventListener('click', async () => {
    if (!await wipe()) notice(part, 'gone', words.not_wiped);
  });
}

async function live(part, words) {
  drawQueue(part, words, () => showPersistence(part, words));
  drawDrafts(part, words);
  wireWipe(part, words);
  await showTruths(part, words);
  await showPersistence(part, words);
  await outbox.start();
  readyOffline(part, words);
}

/** Fill `place` and start. Resolves with {kept, why}: what this browser can do for a report (see capable.js). */
export async function begin(place) {
  const able = await capability();
  const part = await fetchedPart().catch(() => null);
  if (!part) {
    if (able.kept) await outbox.start();
    return able;
  }
  const words = JSON.parse(part.querySelector('[data-words]').textContent);
  showCapability(part, able);
  await styled(part.dataset);
  place.hidden = true;
  place.replaceChildren(part);
  if (able.kept) await live(part, words);
  place.hidden = false;
  return able;
}
