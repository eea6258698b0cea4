/** Works the proof a busy server asks for (altcha): a number, found by trying, some hundred tries at a time, so that the page stays alive. */
import { hex, sha256 } from './seal.js';

const TRIES_AT_ONCE = 200;

const breath = () => new Promise((resolve) => { setTimeout(resolve); });

async function among(challenge, first, last) {
  const numbers = Array.from({ length: last - first + 1 }, (_, step) => first + step);
  const sums = await Promise.all(numbers.map((number) => sha256(new TextEncoder().encode(`${challenge.salt}${number}`))));
  return numbers.find((_, place) => hex(sums[place]) === challenge.challenge) ?? null;
}

/** The header `Proof` for a challenge {algorithm, challenge, maxnumber, salt, signature}; rejects for a kind that is unknown here. */
export async function solve(challenge) {
  if (challenge.algorithm !== 'SHA-256') throw new Error('unknown kind of proof');
  for (let first = 0; first <= challenge.maxnumber; first += TRIES_AT_ONCE) {
    const number = await among(challenge, first, Math.min(first + TRIES_AT_ONCE - 1, challenge.maxnumber));
    if (number !== null) {
      const { algorithm, challenge: sum, salt, signature } = challenge;
      return btoa(JSON.stringify({ algorithm, challenge: sum, number, salt, signature }));
    }
    await breath();
  }
  throw new Error('no proof found');
}
