/** Keeps the clocks of a page going: a desk stays open for hours. Without scripts they show when the page was made. */
const TICK_MS = 5_000;
const clock = document.querySelector('[data-clock]');

/** A browser that does not know the zone shows no clock rather than a wrong one. */
function faces() {
  try {
    return [...clock.querySelectorAll('[data-zone]')].map((face) => [face, new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: face.dataset.zone })]);
  } catch {
    clock.hidden = true;
    return [];
  }
}

function tick(shown) {
  for (const [face, format] of shown) {
    const time = format.format(new Date());
    if (face.textContent !== time) face.textContent = time;
  }
}

if (clock) {
  const shown = faces();
  tick(shown);
  setInterval(tick, TICK_MS, shown);
}
