/**
 * The one word a composed map says: `tessera.layer(map, { kind, … })`. Each kind is drawn by the module that registered it:
 *   import { register } from layers.js
 *   register('basemap', (map, options) => { … });
 */
const kinds = new Map();
const prepared = new WeakSet();

export function register(kind, draw) {
  kinds.set(kind, draw);
}

/** The words of the page, written by the server in the person's language (macro map_words). */
export const words = JSON.parse(document.getElementById('map-words')?.textContent ?? '{}');
export const rightToLeft = document.documentElement.dir === 'rtl';

function layer(map, { kind, ...options }) {
  if (!prepared.has(map)) prepare(map);
  const draw = kinds.get(kind);
  if (!draw) throw new Error(`No module draws the layer "${kind}"`);
  return draw(map, options);
}

/** Leaflet shows a national flag before its attribution; a neutral map credits it on the page about the programme instead. */
function prepare(map) {
  prepared.add(map);
  map.attributionControl.setPrefix(false);
  const [end, start] = rightToLeft ? ['left', 'right'] : ['right', 'left'];
  map.attributionControl.setPosition(`bottom${end}`);
  L.control.scale({ position: `bottom${end}`, imperial: false }).addTo(map);
  L.control.zoom({ position: `top${start}`, zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  map.getContainer().setAttribute('role', 'region');
  map.getContainer().setAttribute('aria-label', words.map ?? '');
}

window.tessera = { ...window.tessera, layer, register, words };
