/** Keeps the list of papers true while one is being made: asked for anew every two seconds, and no more when all are ready. */
const list = document.querySelector('[data-papers]');

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    list.replaceChildren(...page.querySelector('[data-papers]').childNodes);
  } catch { /* offline: the list stays as it was */ }
  wait();
}

function wait() {
  if (list.querySelector('[data-unfinished]')) setTimeout(refresh, 2000);
}

if (list) wait();
