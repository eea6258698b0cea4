/** The layer "area": the operating area on its map; the four numbers draw it, and what the map shows can fill them. */
import { register } from './layers.js';

const SIDES = ['west', 'south', 'east', 'north'];
const form = document.querySelector('[data-area]');
const inputs = SIDES.map((side) => form.elements[side]);

function bounds() {
  const [west, south, east, north] = inputs.map((input) => Number.parseFloat(input.value.replace(',', '.')));
  return west < east && south < north ? [[south, west], [north, east]] : null;
}

register('area', (map, { box }) => {
  const drawn = L.rectangle([[0, 0], [0, 0]], { className: 'area-box', interactive: false });
  const draw = () => (bounds() ? drawn.setBounds(bounds()).addTo(map) : drawn.remove());
  if (box) map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { animate: false });
  draw();
  for (const input of inputs) input.addEventListener('input', draw);
  const take = form.querySelector('[data-take]');
  take.hidden = false;
  take.querySelector('button').addEventListener('click', () => {
    const seen = map.getBounds().pad(-0.02);
    const limits = [Math.max(-180, seen.getWest()), Math.max(-90, seen.getSouth()), Math.min(180, seen.getEast()), Math.min(90, seen.getNorth())];
    inputs.forEach((input, at) => { input.value = limits[at].toFixed(3); });
    draw();
  });
});
