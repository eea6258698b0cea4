/** The layer "spot": where one damage record lies, on a small map that stays still; as large as its place is inexact. */
import { register } from './layers.js';
import { symbol } from './marks.js';

const WIDEST_ZOOM = 5;

register('spot', (map, { lon, lat, accuracy_m: accuracy, grade, certainty }) => {
  for (const move of ['scrollWheelZoom', 'dragging', 'touchZoom']) map[move].disable();
  const { element, radius } = symbol(grade, certainty);
  const icon = L.divIcon({ className: 'stone', html: element, iconSize: [2 * radius, 2 * radius] });
  L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(map);
  if (!accuracy) return;
  const around = L.circle([lat, lon], { radius: accuracy, className: 'doubt', interactive: false }).addTo(map);
  const whole = map.getBoundsZoom(around.getBounds().pad(0.2));
  if (whole < map.getZoom()) map.setView([lat, lon], Math.max(WIDEST_ZOOM, whole), { animate: false });
});
