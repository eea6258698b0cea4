/** Keeps a page that shows work under way up to date; without it the person presses "Look again". */
const EVERY_MS = 1500;

async function look() {
  const shown = document.querySelector('[data-progress]');
  const answer = await fetch(location.pathname, { headers: { Accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('[data-progress]');
  if (!fresh || fresh.dataset.progress !== shown.dataset.progress) {
    location.reload();
    return;
  }
  const [bar, newer] = [shown, fresh].map((part) => part.querySelector('progress'));
  if (bar && newer) [bar.max, bar.value] = [newer.max, newer.value];
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
