/** The layer "finder": the map goes where somebody asks to, to a town called so or to coordinates, and marks the spot until the next question. */
import { register } from './layers.js';
import { suggestPlaces } from './places.js';

const TOWN_ZOOM = 12;
const POINT_ZOOM = 15;
const form = document.querySelector('[data-find]');

register('finder', (map) => {
  if (!form) return;
  const input = form.querySelector('input[type=search]');
  const found = form.querySelector('[data-found]');
  let mark = null;

  const show = (lat, lon, zoom) => {
    mark?.remove();
    mark = L.circleMarker([lat, lon], { radius: 9, className: 'sought', interactive: false }).addTo(map);
    map.setView([lat, lon], Math.max(zoom, map.getZoom()), { animate: false });
  };
  const close = () => { found.replaceChildren(); mark?.remove(); };

  form.hidden = false;
  suggestPlaces(input, found, ({ lat, lon }) => show(lat, lon, POINT_ZOOM));
  found.addEventListener('change', ({ target }) => { const [lat, lon] = target.value.split(',').map(Number); show(lat, lon, TOWN_ZOOM); });
  form.addEventListener('submit', (event) => { event.preventDefault(); found.querySelector('input')?.click(); });
  form.addEventListener('keydown', (event) => { if (event.key === 'Escape') { input.value = ''; close(); input.focus(); } });
  form.addEventListener('focusout', ({ relatedTarget }) => { if (!form.contains(relatedTarget)) found.hidden = true; });
  form.addEventListener('focusin', () => { found.hidden = false; });
  input.addEventListener('input', () => { if (!input.value) close(); });
});
