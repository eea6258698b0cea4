/**
 * Areas drawn by what they hold: each outline of a class, its exact number where there is room for it, its name on hovering. One stop
 * for the keyboard: the arrows go from area to area, the fullest first, Enter opens.
 */
import { tag } from './marks.js';

const ROOM_PX = 40;

export class Shades {
  /** `open(id, properties)` is called when an area is chosen. */
  constructor(map, open) {
    this.map = map;
    this.open = open;
    this.tags = L.layerGroup().addTo(map);
    map.on('zoomend', () => this.label());
  }

  /** `look(id, properties)` says of an area what it is: `{ n, className, said }`. */
  draw(shapes, look) {
    const before = document.activeElement?.dataset?.area;
    this.clear();
    this.areas = [];
    this.layer = L.geoJSON(shapes, {
      style: ({ id, properties }) => ({ className: `area ${look(id, properties).className}` }),
      onEachFeature: ({ id, properties }, path) => {
        const { n, said } = look(id, properties);
        path.bindTooltip(Object.assign(document.createElement('bdi'), { textContent: said }), { sticky: true });
        path.on('click', () => this.open(id, properties));
        this.areas.push({ id, properties, path, n, said });
      },
    }).addTo(this.map);
    this.areas.sort((a, b) => b.n - a.n);
    this.areas.forEach((area, at) => this.reachable(area, at));
    this.label();
    if (before) this.areas.find(({ id }) => id === before)?.path.getElement()?.focus({ preventScroll: true });
  }

  clear() {
    this.layer?.remove();
    this.tags.clearLayers();
    this.layer = null;
    this.areas = [];
  }

  /** A button to who hears or types; only one of them is a stop, as in a list of options. */
  reachable({ id, properties, path, said }, at) {
    const node = path.getElement();
    if (!node) return;
    node.dataset.area = id;
    for (const [name, value] of Object.entries({ role: 'button', tabindex: at ? -1 : 0, 'aria-label': said })) node.setAttribute(name, value);
    node.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step) this.go(at, step);
      else if (event.key === 'Enter' || event.key === ' ') this.open(id, properties);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  go(at, step) {
    const to = this.areas[(at + step + this.areas.length) % this.areas.length].path.getElement();
    this.areas[at].path.getElement().setAttribute('tabindex', -1);
    to.setAttribute('tabindex', 0);
    to.focus();
  }

  /** The exact number on each area that is large enough on the screen to carry it. */
  label() {
    this.tags.clearLayers();
    for (const { path, n } of this.areas ?? []) {
      const bounds = path.getBounds();
      const [a, b] = [this.map.latLngToLayerPoint(bounds.getNorthWest()), this.map.latLngToLayerPoint(bounds.getSouthEast())];
      if (!n || b.x - a.x < ROOM_PX || b.y - a.y < ROOM_PX / 2) continue;
      const { element, radius } = tag(n);
      const icon = L.divIcon({ className: 'shade-tag tagged', html: element, iconSize: [2 * radius, 2 * radius] });
      L.marker(path.getCenter?.() ?? bounds.getCenter(), { icon, interactive: false, keyboard: false }).addTo(this.tags);
    }
  }
}

/** Up to five classes of numbers with about as many areas in each, so that areas come apart whatever the numbers: the least of each, rising. */
export function classes(numbers) {
  const rising = numbers.filter((n) => n > 0).sort((a, b) => a - b);
  const found = new Set([0, 1, 2, 3, 4].map((at) => rising[Math.floor((at * rising.length) / 5)]));
  return [...found].filter((least) => least !== undefined);
}
