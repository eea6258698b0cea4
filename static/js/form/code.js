/**
 * The receipt code: eight words of 1,024, 80 bits, made on this phone. Only the SHA-256 of its normal form leaves it
 * (as in server/reports/vault.py: upper case, O as 0, I and L as 1, nothing but the alphabet).
 */
const WORDS = 8;
const LIST = 1024;
const DROPPED = /[^0-9A-HJKMNP-TV-Z]/g;

/** `{ words: [eight], key: hex }`. The list is a power of two long, so that ten random bits choose a word fairly. */
export async function newCode(address) {
  const answer = await fetch(address);
  const list = (await answer.text()).split('\n').filter(Boolean);
  if (!answer.ok || list.length !== LIST) throw new Error('the list of words is not whole');
  const words = [...crypto.getRandomValues(new Uint16Array(WORDS))].map((number) => list[number % LIST]);
  return { words, list, key: await keyOf(words.join('-')) };
}

export async function keyOf(code) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(normal(code)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function normal(code) {
  return code.toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1').replace(DROPPED, '');
}
