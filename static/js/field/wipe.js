/**
 * Wiping works without a connection: the key first, because without it what is left on the disk cannot be read.
 */
import { leave } from '../exit.js';
import { destroyLock } from './drafts.js';
import { destroy } from './store.js';

const NEUTRAL = '/measures';
const STEP_MS = 3_000;

/** Gone before anybody can look over a shoulder. */
export const quickExit = () => leave(NEUTRAL);

async function attempt(step) {
  const late = new Promise((_, reject) => { setTimeout(() => reject(new Error('late')), STEP_MS); });
  try {
    await Promise.race([step(), late]);
    return true;
  } catch {
    return false;
  }
}

async function dropCaches() {
  if (!globalThis.caches) return;
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
}

async function dropWorkers() {
  const registrations = await navigator.serviceWorker?.getRegistrations() ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

async function dropSmall() {
  localStorage.clear();
  sessionStorage.clear();
}

/** With a connection the server also asks the browser to clear what scripts cannot reach; without one nothing is missed but that. */
async function askToClear() {
  await fetch(`${NEUTRAL}/clean`, { method: 'POST', redirect: 'manual' });
}

async function neutralWords() {
  const page = await globalThis.caches?.match(NEUTRAL, { ignoreVary: true });
  return page ? new DOMParser().parseFromString(await page.text(), 'text/html') : null;
}

/** Without a connection the neutral page stands in this one's place, under its own address. */
function stand(page) {
  history.replaceState(null, '', NEUTRAL);
  document.title = page?.title ?? '\u200b';
  document.querySelectorAll('link[rel=manifest], link[rel=icon]').forEach((link) => link.remove());
  document.body.className = '';
  document.body.replaceChildren(...(page ? [...page.body.childNodes].map((node) => document.importNode(node, true)) : []));
}

/** Everything this site keeps on this phone. False when what matters could not be emptied: then the page stays and says so. */
export async function wipe() {
  const page = await neutralWords().catch(() => null);
  const lock = await attempt(destroyLock);
  const stores = await attempt(destroy);
  await attempt(dropCaches);
  await attempt(dropSmall);
  await attempt(dropWorkers);
  if (!lock || !stores) return false;
  const online = await attempt(askToClear);
  if (online) location.replace(NEUTRAL); else stand(page);
  return true;
}
