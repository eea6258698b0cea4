/** The layer "pick": a place is chosen by a click, or by moving with the keys and Enter. It follows what is typed (event "place"). */
import { register } from './layers.js';

register('pick', (map) => {
  let mark = null;
  const put = (lat, lon, radius = 0) => {
    mark?.remove();
    mark = L.layerGroup([
      L.circleMarker([lat, lon], { radius: 7, className: 'picked', interactive: false }),
      ...(radius ? [L.circle([lat, lon], { radius, className: 'doubt', interactive: false })] : []),
    ]).addTo(map);
  };
  const choose = ({ lat, lng }) => {
    const reach = Math.round((8 * 40075016.686 * Math.cos((lat * Math.PI) / 180)) / (256 * 2 ** map.getZoom()));
    put(lat, lng);
    document.dispatchEvent(new CustomEvent('picked', { detail: { lat, lon: lng, reach: Math.max(5, reach) } }));
  };
  map.on('click', ({ latlng }) => choose(latlng));
  map.getContainer().addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target !== map.getContainer()) return;
    event.preventDefault();
    choose(map.getCenter());
  });
  document.addEventListener('place', ({ detail: { lat, lon } }) => {
    put(lat, lon);
    map.setView([lat, lon], Math.max(map.getZoom(), 14), { animate: false });
  });
});
