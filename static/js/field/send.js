/**
 * Sends what waits: all words first, then the photos one by one, the smallest first. Runs in the page and in the worker.
 *
 * A record loses its body only after an answer that names its id and its SHA-256, a photo only after the same.
 */
import { LASTING, STOPPING, ask } from './answers.js';
import { alone } from './lock.js';
import { change, get, getAll, remove, writing } from './store.js';
import { upload } from './upload.js';

const SEALED = 'application/vnd.tessera.sealed';
const LASTING_REST_MS = 6 * 3_600_000;

const isWithin = (from, at, until) => from <= at && at < until;

/** A clock that was set back must not put a report to sleep for years: a wait counts only between its two ends. */
function isDue(record, again) {
  const at = Date.now();
  if (record.done || (record.wait && isWithin(record.wait.from, at, record.wait.until))) return false;
  return again || !LASTING.has(record.cause) || !isWithin(record.failedAt, at, record.failedAt + LASTING_REST_MS);
}

export const keyOf = (report, part) => `${report}/${part.id}/${part.part}`;

export const left = (record) => (record.media ?? []).filter((part) => !part.done);

/** What stays of a report that has wholly arrived: that it did, and when. */
const forgotten = ({ id, at, receivedAt, photos, refused = 0 }) => ({ id, at, receivedAt, photos, refused, done: true });

function failed(record, { cause, wait }) {
  const at = Date.now();
  const rest = wait ? { from: at, until: at + wait * 1000 * (1 + Math.random() / 4) } : null;
  return { ...record, cause, failedAt: at, wait: rest };
}

const mark = (record, changed) => change('queue', record.id, (kept) => (kept ? changed(kept) : null));

function receivedText(kept, receivedAt) {
  const record = { ...kept, body: null, receivedAt, cause: '', wait: null };
  return left(record).length ? record : forgotten(record);
}

const isReceipt = (answer, record) => answer.ok && answer.json?.id === record.id && answer.json?.sha256 === record.sha256;

async function noteClock(headers) {
  const theirs = Date.parse(headers.get('Date') ?? '');
  if (Number.isFinite(theirs)) await change('facts', 'clock', () => ({ name: 'clock', off: Date.now() - theirs })).catch(() => {});
}

function putText(record, proof) {
  const headers = { 'Content-Type': SEALED, Accept: 'application/json', ...(proof && { Proof: proof }) };
  return ask(`/api/v1/reports/${record.id}`, { method: 'PUT', headers, body: record.body });
}

async function sendText(record, solve) {
  let answer = await putText(record);
  if (answer.json?.challenge && solve) {
    answer = await putText(record, await solve(answer.json.challenge));
  }
  if (!isReceipt(answer, record)) {
    const wait = answer.json?.challenge && !solve ? null : answer.wait; // the worker solves nothing: a page need not wait for it
    return { ...answer, ok: false, cause: answer.cause || 'portal', wait };
  }
  await noteClock(answer.headers);
  await mark(record, (kept) => receivedText(kept, answer.json.received_at));
  return answer;
}

async function arrived(record, part, { refused }) {
  await mark(record, (kept) => {
    const media = kept.media.map((each) => (keyOf(kept.id, each) === keyOf(kept.id, part) ? { ...each, done: true } : each));
    const changed = { ...kept, media, cause: '', wait: null, refused: (kept.refused ?? 0) + Number(refused) };
    return left(changed).length ? changed : forgotten(changed);
  });
  await remove('parts', keyOf(record.id, part));
}

/** The server knows the report and takes no original with it: no consent to keep evidence was read, or the reporter is a child. */
const isUnwanted = (part, outcome) => part.part === 'original' && outcome.code === 'photo_not_found';

async function sendPart(record, part) {
  const kept = await get('parts', keyOf(record.id, part));
  const outcome = kept ? await upload(record.id, part, kept.bytes) : { ok: false, cause: 'photo_gone', wait: null };
  if (outcome.ok || isUnwanted(part, outcome)) {
    await arrived(record, part, { refused: Boolean(outcome.refused) });
    return { ok: true };
  }
  return outcome;
}

async function sendParts(record, step) {
  const parts = [...left(record)].sort((one, other) => one.bytes - other.bytes);
  for (const part of parts) {
    step(record, part);
    const outcome = await sendPart(record, part);
    if (!outcome.ok) return outcome;
  }
  return { ok: true };
}

/** Each due record in turn; what stops everything stops here. Gives the last cause that was met, or ''. */
async function each(records, send) {
  let met = '';
  for (const record of records) {
    const outcome = await send(record);
    if (!outcome.ok) {
      met = outcome.cause;
      await mark(record, (kept) => failed(kept, outcome));
      if (STOPPING.has(met)) return met;
    }
  }
  return met;
}

async function due(again, wanted) {
  const records = (await getAll('queue')).filter((record) => isDue(record, again) && wanted(record));
  return records.sort((one, other) => one.at - other.at);
}

async function pass({ solve, step, again }) {
  const words = await each(await due(again, (record) => record.body), (record) => { step(record); return sendText(record, solve); });
  if (STOPPING.has(words)) return { cause: words };
  const photos = await each(await due(again, (record) => !record.body), (record) => sendParts(record, step));
  return { cause: photos || words };
}

/**
 * One pass over the queue: {cause}, '' when nothing failed; null while another tab or the worker is at it.
 * `solve(challenge)` works a proof when the server is busy; `step(record, part)` hears what is being sent;
 * `again` takes along what was refused before.
 */
export function sendQueue({ solve = null, step = () => {}, again = false } = {}) {
  return alone(() => pass({ solve, step, again }));
}

/** Take a report out of the queue, by the will of the person. */
export function drop(record) {
  return writing(['queue', 'parts'], (all) => {
    all.objectStore('queue').delete(record.id);
    for (const part of record.media ?? []) all.objectStore('parts').delete(keyOf(record.id, part));
  });
}
