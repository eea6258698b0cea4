/** One sender at a time among all tabs and the service worker: by the browser's locks, or by a lease where it has none. */
import { change } from './store.js';

const NAME = 'tessera-send';
const LEASE_MS = 90_000;

const taken = (lease, at) => lease && lease.until > at && lease.until - at <= LEASE_MS;

function claim(owner) {
  const at = Date.now();
  const mine = { name: 'lease', owner, until: at + LEASE_MS };
  return change('facts', 'lease', (lease) => (taken(lease, at) && lease.owner !== owner ? null : mine));
}

async function leased(work) {
  const owner = String(crypto.getRandomValues(new Uint32Array(2)));
  if (!await claim(owner)) return null;
  const renewal = setInterval(() => claim(owner).catch(() => {}), LEASE_MS / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await change('facts', 'lease', (lease) => (lease?.owner === owner ? { ...lease, until: 0 } : null));
  }
}

/** What `work()` gives, or null at once while somebody else is at it. */
export function alone(work) {
  if (!navigator.locks) return leased(work);
  return navigator.locks.request(NAME, { ifAvailable: true }, (lock) => (lock ? work() : null));
}
