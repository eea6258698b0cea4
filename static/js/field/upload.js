/**
 * One sealed photo by tus 1.0, piece by piece: what arrived stays arrived, and after a break the server says where to go on.
 * The address is made of ids this phone chose, so that asking twice for a place to put it is harmless.
 */
import { ask } from './answers.js';
import { base64, sha256 } from './seal.js';

const TUS = { 'Tus-Resumable': '1.0.0' };
const PIECE = { first: 32_768, least: 8_192, most: 524_288, quick: 3_000, slow: 20_000 };
const PATIENCE = 6;
const SECONDS = 120;

const addressOf = (report, part) => `/api/v1/reports/${report}/media/${part.id}/upload${part.part === 'original' ? '?part=original' : ''}`;

/** The state the server gives the photo, once it has all of it; null before, and for an answer about anything else. */
function stateOf(answer, part) {
  try {
    const { id, sha256: sum, state } = JSON.parse(answer.headers.get('Tessera-Media'));
    return id === part.id && sum === part.sha256 ? state : null;
  } catch {
    return null;
  }
}

/** {state, at} of an answer, or null when it is none of ours. */
function placeOf(answer, part) {
  const at = Number(answer.headers.get('Upload-Offset') ?? NaN);
  if (!answer.ok || !Number.isInteger(at) || at < 0 || at > part.bytes) return null;
  return { at, state: stateOf(answer, part) };
}

const look = (address) => ask(address, { method: 'HEAD', headers: TUS });

function begin(address, part) {
  const headers = { ...TUS, 'Upload-Length': String(part.bytes), 'Upload-Metadata': `part ${btoa(part.part)}` };
  return ask(address, { method: 'POST', headers });
}

async function patch(address, bytes, at) {
  const headers = { ...TUS, 'Upload-Offset': String(at), 'Content-Type': 'application/offset+octet-stream', 'Upload-Checksum': `sha256 ${base64(await sha256(bytes))}` };
  return ask(address, { method: 'PATCH', headers, body: bytes }, SECONDS);
}

/** Where to go on: {at, state} or the refusal. A HEAD has no body to explain itself, so a POST asks again. */
async function whereabouts(address, part) {
  const seen = await look(address);
  const known = placeOf(seen, part);
  if (known) return known;
  if (seen.cause === 'offline') return { refusal: seen };
  const made = await begin(address, part);
  return placeOf(made, part) ?? { refusal: made.ok ? { ...made, cause: 'portal' } : made };
}

/** A thin line gets small pieces, so that little is lost with a break; a good one is not slowed down by them. */
function nextSize(size, took) {
  if (took < PIECE.quick) return Math.min(size * 2, PIECE.most);
  return took > PIECE.slow ? Math.max(size / 2, PIECE.least) : size;
}

const MENDABLE = new Set([404, 409, 410, 422, 460]);

/** Send `part` {id, part, bytes, sha256} of a report: {ok, refused} only when the server named its id and SHA-256; else {cause, wait, code}. */
export async function upload(report, part, bytes) {
  const address = addressOf(report, part);
  let size = PIECE.first;
  let place = await whereabouts(address, part);
  for (let patience = PATIENCE; patience > 0;) {
    if (place.refusal) return { ok: false, cause: place.refusal.cause, wait: place.refusal.wait, code: place.refusal.json?.code };
    if (place.state) return { ok: true, cause: '', wait: null, refused: place.state === 'REFUSED' };
    const began = performance.now();
    const answer = await patch(address, bytes.slice(place.at, place.at + size), place.at);
    const next = placeOf(answer, part);
    if (next && next.at > place.at) patience = PATIENCE; else patience -= 1;
    if (!next && !answer.ok && (answer.cause === 'unknown_key' || !MENDABLE.has(answer.status))) return { ok: false, cause: answer.cause, wait: answer.wait };
    size = nextSize(size, performance.now() - began);
    place = next ?? await whereabouts(address, part);
  }
  return { ok: false, cause: 'photo_refused', wait: null };
}
