/**
 * Sealing to the server's public key: HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
 *
 * What is sealed cannot be opened again on this phone: the one key that could is made anew for each envelope and forgotten.
 * An envelope is "TSR1", the id of the key (8 bytes), the encapsulated point (65 bytes), the ciphertext with its tag.
 */
const text = (words) => new TextEncoder().encode(words);
const NOTHING = new Uint8Array(0);
const MAGIC = text('TSR1');
const INFO = 'tessera report';
const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const KEM = [0, 0x10];
const KDF = [0, 1];
const AEAD = { 128: [0, 1], 256: [0, 2] };
const KEM_SUITE = joined(text('KEM'), KEM);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

async function hmac(key, data) {
  // WebCrypto refuses an empty key; HMAC itself takes it for zeros.
  const raw = key.length ? key : new Uint8Array(32);
  const held = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', held, data));
}

const extract = (suite, salt, label, material) => hmac(salt, joined(text('HPKE-v1'), suite, text(label), material));

/** At most 32 bytes, which is all that is asked for here: one block of HKDF's expansion. */
async function expand(suite, secret, label, info, length) {
  const asked = joined([0, length], text('HPKE-v1'), suite, text(label), info, [1]);
  return (await hmac(secret, asked)).slice(0, length);
}

async function encapsulate(receiver, pair) {
  const theirs = await crypto.subtle.importKey('raw', receiver, CURVE, false, []);
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, pair.privateKey, 256);
  const secret = await extract(KEM_SUITE, NOTHING, 'eae_prk', new Uint8Array(shared));
  return { point, secret: await expand(KEM_SUITE, secret, 'shared_secret', joined(point, receiver), 32) };
}

async function schedule(secret, info, bits) {
  const suite = joined(text('HPKE'), KEM, KDF, AEAD[bits]);
  const context = joined([0], await extract(suite, NOTHING, 'psk_id_hash', NOTHING), await extract(suite, NOTHING, 'info_hash', info));
  const root = await extract(suite, secret, 'secret', NOTHING);
  return { key: await expand(suite, root, 'key', context, bits / 8), nonce: await expand(suite, root, 'base_nonce', context, 12) };
}

/** RFC 9180's single shot: {point, box}. `pair` and `bits` are given by the tests that hold it against the RFC's vectors. */
export async function hpke({ receiver, info, aad, plain, pair, bits = 256 }) {
  const mine = pair ?? await crypto.subtle.generateKey(CURVE, true, ['deriveBits']);
  const { point, secret } = await encapsulate(receiver, mine);
  const { key, nonce } = await schedule(secret, info, bits);
  const held = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: aad }, held, plain);
  return { point, box: new Uint8Array(box) };
}

/** The envelope of `plain` (bytes) under `key` {id: 16 hex digits, point: 65 bytes}, bound to the id of what it is. */
export async function seal(key, id, plain) {
  const { point, box } = await hpke({ receiver: key.point, info: text(`${INFO} ${id}`), aad: NOTHING, plain });
  return joined(MAGIC, bytesOfHex(key.id), point, box);
}

/** An object as JSON, with spaces up to 1, 2, 4, 8 … KB, so that the size of an envelope tells nothing of what is in it. */
export function padded(object) {
  const json = text(JSON.stringify(object));
  let size = 1024;
  while (size < json.length) size *= 2;
  const whole = new Uint8Array(size).fill(0x20);
  whole.set(json);
  return whole;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

export function bytesOfHex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function bytesOfBase64(words) {
  return Uint8Array.from(atob(words.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
}
