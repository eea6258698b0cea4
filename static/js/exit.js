/** Out of here at once (`<a data-exit href="…">`): the page is replaced, so that no way leads back to it. */
for (const exit of document.querySelectorAll('[data-exit]')) {
  exit.addEventListener('click', (event) => { event.preventDefault(); location.replace(exit.href); });
}
