/**
 * Opens the form without a connection. Touches GET only: what is sent goes past it, because a worker that sends it again
 * can lose its body. Never throws away what a page in use still needs: the new worker waits until the old pages are closed.
 *
 * The server puts two lines before this: `SHELL` {tag, files, pages, neutral}, and, where the browser can load it, the sender.
 */
const { tag, files, pages, neutral } = SHELL;
const CACHE = `shell-${tag}`;
const GROUND = 'ground';
const GROUND_MOST = 400;
const PATIENCE_MS = 4000;
const LANGUAGE = /[?&]lang=([a-z]+)/;
const ANY_VARY = { ignoreVary: true };

addEventListener('install', (event) => event.waitUntil(keepAll()));
addEventListener('activate', (event) => event.waitUntil(dropOld()));
addEventListener('message', (event) => event.waitUntil(heard(event)));
addEventListener('sync', (event) => event.waitUntil(sent(event.tag)));
addEventListener('fetch', (event) => {
  const answer = answerTo(event.request);
  if (answer) event.respondWith(answer);
});

/** All or nothing: when one file cannot be had, this worker is not installed and the one before it stays. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files);
}

/**
 * Runs when no page uses the old worker any more. The very first worker takes the page that brought it at once: a page that
 * no worker knows of would not hold back the next release, nor find its own files offline.
 */
async function dropOld() {
  await clients.claim();
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('shell-') && name !== CACHE).map((name) => caches.delete(name)));
}

function answerTo(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return null;
  if (url.pathname === neutral) return neutralFirst(request, keyOf(url));
  if (pages.includes(url.pathname)) return networkFirst(request, keyOf(url));
  if (files.includes(url.pathname + url.search)) return keptFirst(request);
  if (url.searchParams.has('v') || url.pathname.startsWith('/vendor/')) return keptElse(request);
  return url.pathname.startsWith('/basemap/') ? ground(request, url) : null;
}

/** One page is kept per language, and under its bare address the one seen last. */
function keyOf(url) {
  const [, language] = LANGUAGE.exec(url.search) ?? [];
  return url.pathname + (language ? `?lang=${language}` : '');
}

// pages

const isOurs = (response) => response.ok && response.headers.get('Tessera-Shell') === tag;

async function keepPage(key, response) {
  const cache = await caches.open(CACHE);
  const language = response.headers.get('Content-Language');
  const [path] = key.split('?');
  await Promise.all([path, `${path}?lang=${language}`].map((name) => cache.put(name, response.clone())));
}

async function fetchedPage(request, key) {
  const response = await fetch(request);
  // Only what goes with the files kept here: a page of another release would open without its scripts.
  if (isOurs(response)) await keepPage(key, response.clone());
  return response;
}

async function keptPage(key) {
  return await caches.match(key, ANY_VARY) ?? caches.match(key.split('?')[0], ANY_VARY);
}

/** The network for four seconds (2G may never answer), or while it gives nothing but errors; then the page kept here. */
async function networkFirst(request, key) {
  const kept = await keptPage(key);
  const asked = fetchedPage(request, key);
  if (!kept) return asked;
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
  const response = await Promise.race([asked.catch(() => null), late]);
  return response && response.status < 500 ? response : renumbered(kept);
}

/** A kept form with a number of its own each time it opens: under the same one the second report would pass for the first. */
async function renumbered(kept) {
  const words = (await kept.text()).replace(/(name="id" value=")[^"]*/, `$1${newNumber()}`);
  const headers = new Headers(kept.headers);
  for (const name of ['Content-Encoding', 'Content-Length']) headers.delete(name);
  return new Response(words, { status: kept.status, headers });
}

/** A random UUID, also where a browser is too old for crypto.randomUUID. */
function newNumber() {
  const random = (digit) => (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16);
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, random);
}

/** Where somebody goes who must leave at once: nobody waits for a network then. */
async function neutralFirst(request, key) {
  return await keptPage(key) ?? fetch(request);
}

// files

async function keptFirst(request) {
  return await caches.match(request, ANY_VARY) ?? fetch(request);
}

/** A module of the release before, asked for by a page that is still open. */
const keptElse = keptFirst;

async function ground(request, { pathname }) {
  const kept = await caches.match(request, ANY_VARY);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && Number(pathname.split('/')[2]) <= 4) {
    const cache = await caches.open(GROUND);
    if ((await cache.keys()).length < GROUND_MOST) await cache.put(request, response.clone());
  }
  return response;
}

// messages and sending

/** {keep: [addresses]}: pages to have at hand in the language of whoever asks. Answers {kept: true|false}. */
async function heard({ data, ports }) {
  if (!data?.keep) return;
  const asked = data.keep.map((address) => new URL(address, location.origin)).filter((url) => pages.includes(url.pathname));
  const answers = await Promise.all(asked.map((url) => fetchedPage(url.href, keyOf(url)).then(isOurs, () => false)));
  ports[0]?.postMessage({ kept: answers.every(Boolean) });
}

/** Background Sync. A rejection asks the browser to try again later. */
async function sent(name) {
  if (name !== 'send' || !self.sendQueue) return;
  const outcome = await self.sendQueue({});
  self.tellPages?.();
  if (outcome?.cause) throw new Error(outcome.cause);
}
