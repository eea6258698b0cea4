/**
 * Out of here at once (`<a data-exit href="…">`): the page is emptied before the next one is asked for, because a thin line
 * may take its time, and replaced, so that no way leads back to it. Who comes back all the same is sent on.
 */
const LEFT = 'left';

export function leave(address) {
  document.title = '\u200b';
  document.body.replaceChildren();
  try {
    sessionStorage.setItem(LEFT, address);
  } catch { /* then the way back shows a new, empty form */ }
  location.replace(address);
}

function stayAway() {
  try {
    const away = sessionStorage.getItem(LEFT);
    if (away && performance.getEntriesByType('navigation')[0]?.type === 'back_forward') leave(away);
  } catch { /* as above */ }
}

stayAway();
for (const exit of document.querySelectorAll('[data-exit]')) {
  exit.addEventListener('click', (event) => { event.preventDefault(); leave(exit.href); });
}
