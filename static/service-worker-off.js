/** The worker that takes itself away: served instead of the other when an operator switches the offline form off. Touches no report. */
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(leave()));

async function leave() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('shell-') || name === 'ground').map((name) => caches.delete(name)));
  await registration.unregister();
}
