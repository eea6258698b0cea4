/**
 * Drafts under a passphrase, or none at all: as the person chooses. Without a passphrase nothing half-written is stored.
 *
 * A random key (AES-256-GCM) encrypts the drafts; PBKDF2 of the passphrase wraps that key. The key lives in this page's
 * memory only and is dropped after five minutes out of sight. The tenth wrong passphrase destroys what is stored of it.
 */
import { change, get, getAll, put, remove, writing } from './store.js';

const ROUNDS = 600_000;
const WRONG_LIMIT = 10;
const UNSEEN_MS = 5 * 60_000;

let dataKey = null;
let unseenSince = null;

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const encode = (words) => new TextEncoder().encode(words);

async function announce() {
  document.dispatchEvent(new CustomEvent('phone:drafts', { detail: { state: await state() } }));
}

/** 'off' (none are kept), 'locked', or 'open'. */
export async function state() {
  if (dataKey) return 'open';
  return await get('facts', 'lock') ? 'locked' : 'off';
}

// the lock

async function wrapping({ salt, rounds }, passphrase) {
  const given = encode(passphrase.normalize('NFKC').trim().replace(/\s+/g, ' '));
  const held = await crypto.subtle.importKey('raw', given, 'PBKDF2', false, ['deriveKey']);
  const kind = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  return crypto.subtle.deriveKey(kind, held, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

const imported = (raw) => crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);

/** Keep drafts from now on, under this passphrase. */
export async function setLock(passphrase) {
  const raw = random(32);
  const lock = { name: 'lock', salt: random(16), iv: random(12), rounds: ROUNDS, tries: 0 };
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: lock.iv }, await wrapping(lock, passphrase), raw);
  await put('facts', { ...lock, box });
  dataKey = await imported(raw);
  raw.fill(0);
  await announce();
}

/** The count goes up before the passphrase is tried: pulling the plug gives no free guess. */
const counted = () => change('facts', 'lock', (lock) => (lock ? { ...lock, tries: lock.tries + 1 } : null));

async function opened(lock, passphrase) {
  if (lock.tries > WRONG_LIMIT) return null;
  try {
    return await crypto.subtle.decrypt({ name: 'AES-GCM', iv: lock.iv }, await wrapping(lock, passphrase), lock.box);
  } catch {
    return null;
  }
}

/** {open: true}, or {open: false, left}: how many tries are left; at 0 the drafts can never be read again. */
export async function unlock(passphrase) {
  const lock = await counted();
  if (!lock) return { open: false, left: 0 };
  const raw = await opened(lock, passphrase);
  if (raw) {
    dataKey = await imported(raw);
    await change('facts', 'lock', (kept) => kept && { ...kept, tries: 0 });
    await announce();
    return { open: true };
  }
  const left = Math.max(WRONG_LIMIT - lock.tries, 0);
  if (!left) await keepNone();
  return { open: false, left };
}

/** Forget the key that is in memory; what is stored stays, and needs the passphrase. */
export async function forget() {
  dataKey = null;
  await announce();
}

/** Destroy the wrapped key: overwritten first, then removed. After this no passphrase opens anything. */
export async function destroyLock() {
  dataKey = null;
  if (!await get('facts', 'lock')) return;
  await put('facts', { name: 'lock', salt: random(16), iv: random(12), box: random(48).buffer, rounds: ROUNDS, tries: WRONG_LIMIT });
  await remove('facts', 'lock');
}

/** No drafts any more: the key is destroyed and they are deleted. */
export async function keepNone() {
  await destroyLock();
  await writing(['drafts'], (all) => all.objectStore('drafts').clear());
  await announce();
}

// drafts: a length, JSON {at, fields, photos}, then the photos' bytes

async function packed(fields, photos) {
  const blobs = photos.flatMap(({ blob, original }) => (original ? [blob, original] : [blob]));
  const said = photos.map(({ blob, original }) => [blob, original].map((each) => each && { type: each.type, size: each.size }));
  const head = encode(JSON.stringify({ at: Date.now(), fields, photos: said }));
  const whole = new Blob([new Uint32Array([head.length]), head, ...blobs]);
  return whole.arrayBuffer();
}

function unpacked(id, buffer) {
  const [length] = new Uint32Array(buffer.slice(0, 4));
  const { at, fields, photos } = JSON.parse(new TextDecoder().decode(buffer.slice(4, 4 + length)));
  let place = 4 + length;
  const cut = (said) => {
    if (!said) return undefined;
    place += said.size;
    return new Blob([buffer.slice(place - said.size, place)], { type: said.type });
  };
  return { id, at, fields, photos: photos.map(([blob, original]) => ({ blob: cut(blob), original: cut(original) })) };
}

/** Keep a half-written report, encrypted; gives its id. Rejects unless the drafts are open. */
export async function saveDraft(fields, photos = [], id = crypto.randomUUID()) {
  if (!dataKey) throw new Error('drafts are not open');
  const iv = random(12);
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encode(id) }, dataKey, await packed(fields, photos));
  await put('drafts', { id, iv, box });
  await announce();
  return id;
}

async function read({ id, iv, box }) {
  return unpacked(id, await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: encode(id) }, dataKey, box));
}

/** All drafts, the newest first: [{id, at, fields, photos: [{blob, original}]}]. A passphrase opens them first. */
export async function openDrafts(passphrase) {
  if (passphrase !== undefined && !dataKey) await unlock(passphrase);
  if (!dataKey) throw new Error('drafts are not open');
  const drafts = await Promise.all((await getAll('drafts')).map(read));
  return drafts.sort((one, other) => other.at - one.at);
}

export async function dropDraft(id) {
  await remove('drafts', id);
  await announce();
}

// out of sight

/** Timers sleep with a page that is out of sight, so the time is looked at again when it is back. */
function overdue() {
  return unseenSince !== null && Math.abs(Date.now() - unseenSince) >= UNSEEN_MS;
}

function watchSight() {
  unseenSince = document.hidden ? Date.now() : unseenSince;
  if (document.hidden) setTimeout(() => { if (document.hidden && overdue()) forget(); }, UNSEEN_MS);
  else if (overdue()) forget();
  if (!document.hidden) unseenSince = null;
}

if (globalThis.document) {
  document.addEventListener('visibilitychange', watchSight);
  document.addEventListener('freeze', () => { dataKey = null; });
}
