/** Keeps a page that shows work under way up to date; without it the person presses "Look again". */
const EVERY_MS = 1500;
const SELDOM_MS = 15000;

/** The page as it is now; null when nothing could be had of it, which may pass; no page for who may not see it any more. */
async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: 'text/html' } });
    if (answer.ok) return { page: new DOMParser().parseFromString(await answer.text(), 'text/html') };
    return answer.status < 500 && answer.status !== 429 ? {} : null;
  } catch {
    return null;
  }
}

async function look(waited) {
  const shown = document.querySelector('[data-progress]');
  const asked = await ask();
  if (asked && !asked.page) return;
  const fresh = asked?.page.querySelector('[data-progress]');
  if (asked && (!fresh || fresh.dataset.progress !== shown.dataset.progress)) {
    location.reload();
    return;
  }
  const [bar, newer] = [shown, fresh].map((part) => part?.querySelector('progress'));
  if (bar && newer) [bar.max, bar.value] = [newer.max, newer.value];
  const wait = asked ? EVERY_MS : Math.min(waited * 2, SELDOM_MS);
  setTimeout(look, wait, wait);
}

setTimeout(look, EVERY_MS, EVERY_MS);
