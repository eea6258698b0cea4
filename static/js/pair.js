/** The layer "pair": the two places of the pair on the page, as inexact as they are. It follows the page: event "pair" on document. */
import { register } from './layers.js';

const WIDEST_ZOOM = 4, CLOSEST_ZOOM = 17;

register('pair', (map) => {
  map.scrollWheelZoom.disable();
  const drawn = L.layerGroup().addTo(map);
  const follow = () => show(map, drawn, [...document.querySelectorAll('[data-side][data-lat]')]);
  document.addEventListener('pair', follow);
  follow();
});

function show(map, drawn, sides) {
  drawn.clearLayers();
  const bounds = L.latLngBounds([]);
  for (const side of sides) {
    const at = L.latLng(Number(side.dataset.lat), Number(side.dataset.lon));
    const letter = document.createElement('span');
    letter.className = 'pair-letter';
    letter.textContent = side.querySelector('.letter').textContent;
    L.marker(at, { icon: L.divIcon({ className: 'stone', html: letter, iconSize: [22, 22] }), interactive: false, keyboard: false }).addTo(drawn);
    const around = L.circle(at, { radius: Number(side.dataset.accuracy ?? 0), className: 'doubt', interactive: false }).addTo(drawn);
    bounds.extend(at).extend(around.getBounds());
  }
  if (!bounds.isValid()) return;
  map.invalidateSize({ pan: false });
  const zoom = Math.min(CLOSEST_ZOOM, Math.max(WIDEST_ZOOM, map.getBoundsZoom(bounds.pad(0.25))));
  map.setView(bounds.getCenter(), zoom, { animate: false });
}
