/**
 * The queue of this phone: reports are sealed and kept here before anything else happens, then sent by themselves.
 *
 * They go when the line comes back, when the page is seen again, at start, after a rest, by Background Sync where the
 * browser has it, and by hand.
 */
import { LASTING } from './answers.js';
import { sealingKey } from './key.js';
import { padded, seal, sha256, hex } from './seal.js';
import { drop, keyOf, left, sendQueue } from './send.js';
import { hear, tell } from './signals.js';
import { get, getAll, remove, writing } from './store.js';

export { exportFile, importFile } from './rescue.js';

const FORM_VERSION = 'web-2';
const SHORTEST_MS = 1_000;
const LONGEST_MS = 300_000;
const ELSEWHERE_MS = 5_000;
const SHOWN_MS = 24 * 3_600_000;
const REMEMBERED = 'waiting';

const sending = new Map();
let rest = SHORTEST_MS;
let timer = 0;

// keeping

async function measured(blob) {
  const plain = new Uint8Array(await blob.arrayBuffer());
  return { plain, bytes: plain.length, sha256: hex(await sha256(plain)) };
}

async function sealedPart(key, id, part, plain) {
  const bytes = await seal(key, id, plain);
  return { id, part, bytes: bytes.length, sha256: hex(await sha256(bytes)), done: false, sealed: bytes.buffer };
}

/** A photo ready to be kept: what the report says of it (`said`), and its sealed `parts`. */
async function prepared(key, { id, blob, original }) {
  const photo = await measured(blob);
  const said = { id, bytes: photo.bytes, sha256: photo.sha256 };
  const parts = [await sealedPart(key, id, 'photo', photo.plain)];
  if (original) {
    const whole = await measured(original);
    said.original = { bytes: whole.bytes, sha256: whole.sha256 };
    parts.push(await sealedPart(key, id, 'original', whole.plain));
  }
  return { said, parts };
}

const withoutOriginal = ({ said: { original, ...said }, parts }) => ({ said, parts: parts.filter((part) => part.part === 'photo') });

/** What to try when the phone is full: the originals go first, then one photo after another; the words go last of all. */
function* attempts(photos) {
  yield photos;
  const small = photos.map(withoutOriginal);
  for (let count = photos.length; count >= 0; count -= 1) yield small.slice(0, count);
}

function contentOf(report, photos) {
  return {
    form_version: FORM_VERSION, lang: report.lang, written_at: (report.writtenAt ?? new Date()).toISOString(),
    fields: report.fields, media: photos.map(({ said }) => said), receipt_key: report.receiptKey, hint_seen: Boolean(report.hintSeen),
    ...(report.answer && { answer: report.answer }),
  };
}

async function store(key, report, photos) {
  const body = await seal(key, report.id, padded(contentOf(report, photos)));
  const parts = photos.flatMap((photo) => photo.parts);
  const record = {
    id: report.id, at: Date.now(), body: body.buffer, sha256: hex(await sha256(body)), photos: photos.length,
    media: parts.map(({ sealed, ...part }) => part), receivedAt: null, cause: '', failedAt: 0, wait: null,
  };
  await writing(['queue', 'parts'], (all) => {
    all.objectStore('queue').get(report.id).onsuccess = ({ target }) => {
      if (target.result) return; // a second tap on the same page: the first is kept
      parts.forEach((part) => all.objectStore('parts').put({ key: keyOf(report.id, part), bytes: part.sealed }));
      all.objectStore('queue').put(record);
    };
  });
}

/**
 * Seal a report and keep it: durable when this resolves, with {photosLeftOut} where the phone had no room for all.
 * Rejects before anything is kept; then the form is to be sent the plain way.
 */
export async function keep(report) {
  const key = await sealingKey();
  const photos = [];
  for (const photo of report.media ?? []) photos.push(await prepared(key, photo));
  for (const some of attempts(photos)) {
    try {
      await store(key, report, some);
      await kept();
      return { photosLeftOut: photos.length - some.length };
    } catch (error) {
      if (error?.name !== 'QuotaExceededError') throw error;
    }
  }
  throw new DOMException('no room for the words either', 'QuotaExceededError');
}

async function kept() {
  navigator.storage?.persist?.().catch(() => {});
  askForSync();
  await changed();
  sendNow();
}

// showing

function rowOf(record) {
  const got = record.photos - new Set(left(record).filter((part) => part.part === 'photo').map((part) => part.id)).size;
  const step = sending.get(record.id) ?? null;
  const wait = record.wait && record.wait.until > Date.now() ? record.wait.until : null;
  return { id: record.id, at: record.at, state: stateOf(record, step), step, cause: record.cause ?? '', wait, receivedAt: record.receivedAt, got: record.done ? record.photos : got, photos: record.photos, refused: record.refused ?? 0 };
}

function stateOf(record, step) {
  if (record.done) return 'received';
  if (step) return 'sending';
  return LASTING.has(record.cause) ? 'attention' : 'waiting';
}

/** Every report of this phone, the oldest first: {id, at, state, step: {n, all}, cause, wait, receivedAt, got, photos, refused}. */
export async function rows() {
  return (await getAll('queue')).sort((one, other) => one.at - other.at).map(rowOf);
}

/** `listener(rows)` now and after each change. Gives the function that ends it. */
export function watch(listener) {
  const show = () => rows().then(listener, () => {});
  show();
  return hear(({ step }) => {
    if (step) sending.set(step.id, step); else sending.clear();
    show();
  });
}

/** {draft, waiting, attention, received}. */
export async function counts() {
  const all = await rows();
  const of = (...states) => all.filter((row) => states.includes(row.state)).length;
  return { draft: (await getAll('drafts')).length, waiting: of('waiting', 'sending'), attention: of('attention'), received: of('received') };
}

/** After every change: this phone remembers how many it holds, so that it can say so if the browser throws them away. */
async function changed() {
  remember((await getAll('queue')).length);
  tell();
}

function remember(count) {
  try {
    localStorage.setItem(REMEMBERED, count);
  } catch { /* no such place in this browser: then it cannot be told */ }
}

function remembered() {
  try {
    return Number(localStorage.getItem(REMEMBERED) ?? 0);
  } catch {
    return 0;
  }
}

/** How many reports the browser has thrown away since they were kept here; told once. */
export async function gone() {
  const held = (await getAll('queue')).length;
  const missing = remembered() - held;
  remember(held);
  return Math.max(missing, 0);
}

/** Take one report off this phone. */
export async function discard(id) {
  const record = await get('queue', id);
  if (record) await drop(record);
  await changed();
}

/** Take the received ones off the list: all, or those that have been shown long enough. */
export async function clearReceived(olderMs = 0) {
  const at = Date.now();
  for (const record of await getAll('queue')) {
    if (record.done && !(record.at <= at && at < record.at + olderMs)) await remove('queue', record.id);
  }
  await changed();
}

// sending

const jittered = (ms) => ms * (0.75 + Math.random() / 2);

function sendAfter(ms) {
  clearTimeout(timer);
  timer = setTimeout(sendNow, ms);
}

/** The page solves proofs; its module is fetched only when a busy server asks for one. */
async function solve(challenge) {
  const proof = await import('./proof.js');
  return proof.solve(challenge);
}

function step(record, part) {
  const all = 1 + record.media.length;
  const n = part ? 2 + record.media.filter((each) => each.done).length : 1;
  tell({ step: { id: record.id, n: Math.min(n, all), all } });
}

async function nextWait() {
  const at = Date.now();
  const ends = (await getAll('queue')).map((record) => record.wait?.until ?? 0).filter((until) => until > at);
  return ends.length ? Math.min(...ends) - at : null;
}

/** What was kept while the pass before was under way. */
async function isAnyNew() {
  return (await getAll('queue')).some((record) => !record.done && !record.cause);
}

async function plan(outcome) {
  if (!outcome) return sendAfter(ELSEWHERE_MS);
  const wait = await nextWait();
  if (wait !== null) return sendAfter(Math.min(wait + 50, LONGEST_MS));
  if (!outcome.cause || LASTING.has(outcome.cause)) {
    rest = SHORTEST_MS;
    return await isAnyNew() ? sendAfter(SHORTEST_MS) : undefined;
  }
  sendAfter(jittered(rest));
  rest = Math.min(rest * 2, LONGEST_MS);
  return undefined;
}

/** One attempt now; `again` takes along what was refused before. Never rejects. */
export async function sendNow({ again = false } = {}) {
  clearTimeout(timer);
  let outcome = { cause: 'closed' };
  try {
    outcome = await sendQueue({ solve, step, again });
    if (outcome) await changed();
    await plan(outcome);
  } catch {
    await plan(outcome).catch(() => sendAfter(LONGEST_MS));
  }
  return outcome;
}

function askForSync() {
  navigator.serviceWorker?.ready.then((registration) => registration.sync?.register('send')).catch(() => {});
}

function atOnce() {
  rest = SHORTEST_MS;
  sendNow();
}

/** Set the triggers and make a first attempt; what was refused before is tried once more with every start. */
export async function start() {
  addEventListener('online', atOnce);
  addEventListener('pageshow', atOnce);
  document.addEventListener('visibilitychange', () => document.hidden || atOnce());
  await clearReceived(SHOWN_MS);
  sendNow({ again: true });
}
