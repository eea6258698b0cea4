/**
 * A small map to put the place on, fetched only when it is asked for: the map moves under a cross, by finger, mouse or
 * arrow keys, and each resting place is said aloud. Our own base map, its low zooms kept by the phone, so it works
 * offline; how exact the cross is follows from the zoom, and is said and sent.
 */
import { fill, language, part } from './parts.js';
import { pointOf } from './told.js';

const FINGER_PX = 24;
const ARROW_PX = 40;
const WORLD = { at: [25, 20], zoom: 2 };
const CLOSE_ZOOM = 13;
const EQUATOR_M_PER_PX = 156543;

export async function choosePlace(box, form) {
  const frame = await part('pin');
  box.replaceChildren(frame);
  await fetchLeaflet(frame.dataset);
  const element = frame.querySelector('[data-map]');
  const from = pointOf(form);
  const map = L.map(element, { zoomControl: false, attributionControl: true, minZoom: 1, maxZoom: 17, keyboardPanDelta: ARROW_PX, center: from ? [from.lat, from.lon] : WORLD.at, zoom: from ? CLOSE_ZOOM : WORLD.zoom });
  map.attributionControl.setPrefix(false);
  const { tiles, kind, deepest, ground } = frame.dataset;
  L.baseMap({ url: tiles, kind, maxData: Number(deepest), attribution: ground, language, isRightToLeft: document.documentElement.dir === 'rtl' }).addTo(map);
  const said = frame.querySelector('[data-said]');
  const tell = () => { said.textContent = fill(said.dataset.at, { place: isolated(written(map)), m: exactness(map) }); };
  map.on('moveend', tell);
  tell();
  frame.querySelector('[data-in]').addEventListener('click', () => map.zoomIn());
  frame.querySelector('[data-out]').addEventListener('click', () => map.zoomOut());
  frame.querySelector('[data-use]').addEventListener('click', () => {
    take(form, map);
    said.textContent = fill(said.dataset.taken, { place: isolated(written(map)) });
  });
  if (!from) lookUp(map, form);
  element.focus({ preventScroll: true });
}

/** Plain scripts in their order: Leaflet, the reader of tiles, the base map. */
async function fetchLeaflet({ style, scripts }) {
  for (const href of style.split(' ')) document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href }));
  for (const src of scripts.split(' ')) {
    await new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject }));
    });
  }
}

/** The words already in the place field may name a town: begin there. */
async function lookUp(map, form) {
  const words = form.querySelector('[data-place]').value.trim();
  if (words.length < 3) return;
  try {
    const answer = await fetch(`/api/v1/places?${new URLSearchParams({ q: words, lang: language })}`, { headers: { Accept: 'application/json' } });
    const { reading, places = [] } = await answer.json();
    const found = Number.isFinite(reading?.lat) ? reading : places[0];
    if (found) map.setView([found.lat, found.lon], CLOSE_ZOOM - 2, { animate: false });
  } catch { /* offline: the person finds it on the map */ }
}

function take(form, map) {
  form.querySelector('[data-place]').value = written(map);
  form.querySelector('[data-places]').replaceChildren();
  form.querySelector('[data-pin-method]').value = 'MAP_TAP';
  form.querySelector('[data-device-accuracy]').value = exactness(map);
  form.dispatchEvent(new Event('change'));
}

function written(map) {
  const { lat, lng } = map.getCenter().wrap();
  return `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
}

function isolated(words) {
  return `\u2068${words}\u2069`;
}

/** The ground under a fingertip, in metres. */
function exactness(map) {
  const metresPerPixel = (EQUATOR_M_PER_PX * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** map.getZoom();
  return Math.max(5, Math.ceil(metresPerPixel * FINGER_PX));
}
