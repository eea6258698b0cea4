/**
 * Keeps the desk's list true: fetched anew when the filters change or the map saw something new. The list is a fragment
 * of the page, written by the server; who reads on keeps the place and the focus.
 */
const list = document.querySelector('[data-desk-list]');
let query = location.search.slice(1);
let tag = '';

async function refresh() {
  if (!list) return;
  try {
    const answer = await fetch(`${list.dataset.deskList}?${query}`, { headers: { Accept: 'text/html', ...(tag && { 'If-None-Match': tag }) } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    tag = answer.headers.get('ETag') ?? '';
    replace(await answer.text());
  } catch { /* offline: the list stays as it was, the map says that it could not be refreshed */ }
}

function replace(html) {
  const { href } = document.activeElement ?? {};
  const top = list.scrollTop;
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  list.replaceChildren(...fresh.body.childNodes);
  list.scrollTop = top;
  if (href) [...list.querySelectorAll('a')].find((link) => link.href === href)?.focus({ preventScroll: true });
}

document.addEventListener('tessera:filters', ({ detail }) => { query = detail; tag = ''; refresh(); });
document.addEventListener('tessera:changed', refresh);
