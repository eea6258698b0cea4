/**
 * Shows that something is under way once it takes longer than a tenth of a second (the stylesheet waits that long), so that no click
 * is met by silence: `await working(promise)` for what a page does by itself; following a link and sending a form are noticed here.
 */
const root = document.documentElement;
let underWay = 0;

export async function working(promise) {
  underWay += 1;
  root.dataset.busy = '';
  try {
    return await promise;
  } finally {
    underWay -= 1;
    if (!underWay) done();
  }
}

function done() {
  delete root.dataset.busy;
}

/** The page is about to be left. A file that is only saved leaves it in place: the next thing somebody does ends the sign then. */
function leaving() {
  root.dataset.busy = '';
  for (const act of ['pointerdown', 'keydown']) addEventListener(act, () => underWay || done(), { once: true });
}

function isLeftBy(event, link) {
  const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  const isElsewhere = link.pathname !== location.pathname || link.search !== location.search || !link.hash;
  return isPlain && isElsewhere && !event.defaultPrevented && !link.target && !link.hasAttribute('download');
}

addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (link && isLeftBy(event, link)) leaving();
});
addEventListener('submit', (event) => { if (!event.defaultPrevented) leaving(); });
addEventListener('pageshow', done);
