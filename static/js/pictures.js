/**
 * Streets and satellite pictures under the map, where the operator has some: one choice in a corner, kept by this browser. Our own map
 * stays below, so that a tile that does not come leaves no hole; its names stay above pictures and give way to streets.
 */
import { register, rightToLeft } from './layers.js';

const KEPT = 'tessera-ground';
const own = JSON.parse(document.getElementById('pictures-words')?.textContent ?? 'null');

function remembered() {
  try { return localStorage.getItem(KEPT) ?? ''; } catch { return ''; }
}

function remember(name) {
  try { localStorage.setItem(KEPT, name); } catch { /* a browser that keeps nothing begins with the plain map */ }
}

function chooser(map, show) {
  const Choice = L.Control.extend({
    onAdd() {
      const frame = L.DomUtil.create('div', 'leaflet-bar ground-choice');
      const list = frame.appendChild(document.createElement('select'));
      list.setAttribute('aria-label', own.choose);
      list.append(new Option(own.plain, ''), ...own.layers.map(({ name, label }) => new Option(label, name)));
      list.value = own.layers.some(({ name }) => name === remembered()) ? remembered() : '';
      list.addEventListener('change', () => { remember(list.value); show(list.value); });
      L.DomEvent.disableClickPropagation(frame);
      show(list.value);
      return frame;
    },
  });
  new Choice({ position: rightToLeft ? 'topleft' : 'topright' }).addTo(map);
}

register('pictures', (map, { tiles, max_zoom: maxNativeZoom }) => {
  if (!own) return;
  let layer = null;
  chooser(map, (chosen) => {
    layer?.remove();
    layer = null;
    for (const { name } of own.layers) map.getContainer().classList.toggle(`has-${name}`, chosen === name);
    const found = own.layers.find(({ name }) => name === chosen);
    if (!found) return;
    const attribution = Object.assign(document.createElement('span'), { textContent: found.credit }).innerHTML;
    layer = L.tileLayer(tiles.replace('{name}', chosen), { maxNativeZoom, maxZoom: 20, zIndex: 2, attribution }).addTo(map);
  });
});
