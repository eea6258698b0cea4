/**
 * The queue as a file: sealed as it lies here, so that whoever finds the file reads nothing. Another phone or a desk sends it.
 *
 * One line of JSON says what follows: {format, records: [{id, sha256, bytes, media: [{id, part, bytes, sha256}]}]}; then the
 * sealed bytes in that order, each report before its photos. A report whose words arrived already has bytes 0.
 */
import { hex, sha256 } from './seal.js';
import { keyOf, left } from './send.js';
import { tell } from './signals.js';
import { get, getAll, writing } from './store.js';

const FORMAT = 'tessera-rescue-1';
const HEAD_BYTES = 4_000_000;

async function partsOf(record) {
  const found = [];
  for (const part of left(record)) {
    const kept = await get('parts', keyOf(record.id, part));
    if (kept) found.push({ said: { id: part.id, part: part.part, bytes: part.bytes, sha256: part.sha256 }, bytes: kept.bytes });
  }
  return found;
}

/** A File of everything that waits. What it holds stays in the queue: sent twice, it is received once. */
export async function exportFile() {
  const records = [];
  const contents = [];
  for (const record of (await getAll('queue')).filter((each) => !each.done)) {
    const parts = await partsOf(record);
    records.push({ id: record.id, sha256: record.sha256, bytes: record.body?.byteLength ?? 0, media: parts.map(({ said }) => said) });
    contents.push(record.body ?? new ArrayBuffer(0), ...parts.map(({ bytes }) => bytes));
  }
  const head = `${JSON.stringify({ format: FORMAT, records })}\n`;
  return new File([head, ...contents], `backup-${new Date().toISOString().slice(0, 10)}.tsr`, { type: 'application/octet-stream' });
}

async function headOf(file) {
  const start = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const end = start.indexOf(10);
  const head = end < 0 ? null : JSON.parse(new TextDecoder().decode(start.slice(0, end)));
  if (head?.format !== FORMAT) throw new Error('no rescue file');
  return { records: head.records, at: end + 1 };
}

/** Cuts the next piece off the file; rejects when it is not what the first line says. */
function cutter(file, at) {
  let place = at;
  return async ({ bytes, sha256: sum }) => {
    const piece = await file.slice(place, place + bytes).arrayBuffer();
    place += bytes;
    if (piece.byteLength !== bytes || hex(await sha256(piece)) !== sum) throw new Error('damaged file');
    return piece;
  };
}

async function readRecord(said, cut) {
  const body = said.bytes ? await cut(said) : null;
  const parts = [];
  for (const part of said.media) parts.push({ ...part, done: false, sealed: await cut(part) });
  return { said, body, parts };
}

function recordOf({ said, body, parts }) {
  return {
    id: said.id, at: Date.now(), body, sha256: said.sha256, photos: parts.filter((part) => part.part === 'photo').length,
    media: parts.map(({ sealed, ...part }) => part), receivedAt: body ? null : new Date().toISOString(), cause: '', failedAt: 0, wait: null,
  };
}

async function take(read) {
  if (await get('queue', read.said.id)) return 0;
  await writing(['queue', 'parts'], (all) => {
    read.parts.forEach((part) => all.objectStore('parts').put({ key: keyOf(read.said.id, part), bytes: part.sealed }));
    all.objectStore('queue').put(recordOf(read));
  });
  return 1;
}

/** Put the reports of a file into this phone's queue: how many were new. Rejects at the first damage; what came before stays. */
export async function importFile(file) {
  const { records, at } = await headOf(file);
  const cut = cutter(file, at);
  let taken = 0;
  for (const said of records) taken += await take(await readRecord(said, cut));
  tell();
  return taken;
}
