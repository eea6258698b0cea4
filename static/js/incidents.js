/**
 * The layer of damage records: donuts while they are many, symbols when they are few, and always the exact numbers.
 * Looks for new ones every few seconds while the page is seen, and never moves the view by itself.
 */
import { drawAreas } from './areas.js';
import { working } from './busy.js';
import { Filters, keepView } from './filters.js';
import { fromCell, fromRecord, gather } from './gather.js';
import { register, words } from './layers.js';
import { donut, number, spoken, symbol, tag } from './marks.js';
import { fill, Panel, said } from './panel.js';
import { Tiles } from './tiles.js';

const SEEN_CIRCLE_PX = 16;
const SAME_PLACE_PX = 3;
const CELLS_ACROSS = 32; // of a tile
const MOST_CIRCLES = 150; // beyond that they only darken the map; the symbol alone says then that it is no pin
const calm = matchMedia('(prefers-reduced-motion: reduce)');

class Incidents {
  constructor(map, options) {
    this.map = map;
    this.options = options;
    this.tiles = new Tiles(options.tiles);
    this.filters = new Filters(document.querySelector('form[data-map-filters]'));
    this.panel = new Panel(document.querySelector('[data-map-panel]'), options);
    this.counter = document.querySelector('[data-map-count]');
    this.areas = L.layerGroup().addTo(map);
    this.circles = L.layerGroup().addTo(map);
    this.markers = new Map();
    this.total = null;
  }

  async start() {
    if (!keepView(this.map) && this.options.fit !== false) await this.fit();
    this.map.on('moveend', () => working(this.load()));
    this.filters.addEventListener('change', () => working(this.load({ again: true })));
    document.addEventListener('visibilitychange', () => document.hidden || this.load({ again: true }));
    setInterval(() => document.hidden || this.beat(), 1000 * (this.options.every_s ?? 15));
    this.load({ again: true });
  }

  /** Where the server has a pulse, the tiles are asked for anew only after it: a quiet desk costs one small question. */
  async beat() {
    if (this.options.pulse) {
      try {
        const answer = await fetch(this.options.pulse, { cache: 'no-cache', headers: { Accept: 'application/json' } });
        const tag = answer.ok ? answer.headers.get('ETag') : null;
        if (tag && tag === this.pulse) return;
        this.pulse = tag;
      } catch { /* offline: the tiles will say so */ }
    }
    this.load({ again: true });
  }

  /** Without a view in the address, begin where the records are: closer and closer, because from afar they are only counts. */
  async fit() {
    let answers = await this.tiles.world();
    for (let step = 0, tileZoom = 0; step < 4; step += 1) {
      const bounds = middle(answers, 180 / (CELLS_ACROSS * 2 ** tileZoom));
      if (!bounds || (step && this.map.getBoundsZoom(bounds) <= this.map.getZoom())) return;
      this.map.fitBounds(bounds, { animate: false, maxZoom: 13 });
      tileZoom = this.map.getZoom() - 1;
      ({ answers } = await this.tiles.inView(this.map));
    }
  }

  /** Fetch what the view needs and draw it; an older request still under way is dropped. */
  async load({ again = false } = {}) {
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const fresh = this.tiles.ask(this.filters.query);
    try {
      const wanted = this.tiles.inView(this.map, { again, signal });
      if (again || fresh || this.total === null) this.total = await this.tiles.total(signal);
      const { answers, changed, failed } = await wanted;
      await this.draw(answers);
      this.tell(failed);
      if (changed && again) document.dispatchEvent(new CustomEvent('tessera:changed'));
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    }
  }

  async draw(answers) {
    const project = (lat, lon) => this.map.project([lat, lon]);
    const areas = this.options.areas ? await drawAreas(answers, this.options.areas, this.areas, project) : [];
    const cells = answers.flatMap((answer) => (answer.cells ?? []).map((row) => fromCell(row, project)));
    const records = answers.flatMap((answer) => (answer.incidents ?? []).map((row) => fromRecord(row, project)));
    this.groups = gather([...areas, ...cells, ...records]);
    this.place(this.groups);
    this.circle(this.groups);
  }

  /** Keep the markers that say the same as before, so that a poll neither flickers nor takes the focus away. */
  place(groups) {
    const wanted = new Map(groups.map((group) => [`${group.lon},${group.lat},${group.counts},${group.whole},${group.area ?? ''},${this.isVague(group)}`, group]));
    for (const [key, marker] of this.markers) if (!wanted.has(key)) { marker.remove(); this.markers.delete(key); }
    for (const [key, group] of wanted) {
      const kept = this.markers.get(key);
      if (kept) kept.group = group;
      else this.markers.set(key, this.marker(group));
    }
  }

  marker(group) {
    const single = group.whole && group.n === 1;
    const { element, radius } = group.area ? tag(group.n) : single ? symbol(group.records[0][3], group.records[0][4]) : donut(group.counts);
    const vague = this.isVague(group) ? ' vague' : '';
    const icon = L.divIcon({ className: group.area ? 'stone tagged' : `stone${vague}`, html: element, iconSize: [2 * radius, 2 * radius] });
    const name = single ? said(group.records[0]) : spoken(group.counts, words);
    const marker = L.marker([group.lat, group.lon], { icon, title: name, keyboard: true, riseOnHover: true, zIndexOffset: single ? 0 : 500 });
    marker.group = group;
    marker.on('click', () => this.open(marker));
    marker.addTo(this.map);
    const node = marker.getElement();
    node.setAttribute('aria-label', name);
    node.addEventListener('keydown', (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); this.open(marker); } });
    return marker;
  }

  /** One record opens; many draw nearer until they come apart, and what never will opens as a list. */
  open(marker) {
    const { group } = marker;
    const node = marker.getElement();
    if (group.whole && (group.n === 1 || this.inseparable(group))) return this.panel.open(group.records, node);
    if (this.map.getZoom() >= this.map.getMaxZoom() || group.area) return this.panel.openCounts(group, this.listAddress(group), node);
    const bounds = group.whole && L.latLngBounds(group.records.map((row) => [row[1], row[0]]));
    if (bounds) this.map.flyToBounds(bounds, { padding: [60, 60], maxZoom: Math.min(this.map.getZoom() + 4, 18), animate: !calm.matches });
    else this.map.flyTo([group.lat, group.lon], Math.min(this.map.getZoom() + 2, this.map.getMaxZoom()), { animate: !calm.matches });
  }

  inseparable(group) {
    const nearest = this.map.getMaxZoom();
    if (this.map.getZoom() >= nearest) return true;
    const points = group.records.map((row) => this.map.project([row[1], row[0]], nearest));
    return points.every((point) => point.distanceTo(points[0]) < SAME_PLACE_PX);
  }

  listAddress(group) {
    if (!this.options.list || group.area) return null;
    const reach = 32;
    const corners = [[-reach, reach], [reach, -reach]].map(([dx, dy]) => this.map.unproject(L.point(group.x + dx, group.y + dy)));
    const query = new URLSearchParams(this.filters.query);
    query.set('bbox', corners.flatMap(({ lat, lng }) => [lng.toFixed(6), lat.toFixed(6)]).join(','));
    return `${this.options.list}?${query}`;
  }

  /** A place known to 2 km must not look like a pin: the circle it may lie in, where that is larger than its symbol. */
  circle(groups) {
    this.circles.clearLayers();
    const poor = groups.filter((group) => this.isVague(group));
    if (poor.length > MOST_CIRCLES) return;
    for (const { records, lat, lon } of poor) L.circle([lat, lon], { radius: records[0][5], className: 'doubt', interactive: false }).addTo(this.circles);
  }

  isVague({ n, whole, records, lat }) {
    return Boolean(whole && n === 1 && records[0] && this.pixels(records[0][5], lat) > SEEN_CIRCLE_PX);
  }

  pixels(metres, lat) {
    const perPixel = (40075016.686 * Math.cos((lat * Math.PI) / 180)) / (256 * 2 ** this.map.getZoom());
    return metres / perPixel;
  }

  /** "Showing N of M": both exact, N being what the groups in sight add up to. */
  tell(failed) {
    if (!this.counter) return;
    const view = this.map.getBounds();
    const shown = this.groups.filter(({ lat, lon }) => view.contains([lat, lon])).reduce((n, group) => n + group.n, 0);
    const sentence = fill(words.showing, { n: number(shown), m: this.total === null ? '?' : number(this.total) });
    if (this.counter.textContent !== sentence) this.counter.textContent = sentence;
    this.counter.classList.toggle('stale', failed);
    this.counter.title = failed ? words.stale ?? '' : '';
  }
}

/**
 * The box that holds all but the outermost hundredth on each side, so that one report from the sea hides no town. A cell
 * may hold its records anywhere within `reach` degrees of its middle.
 */
function middle(answers, reach) {
  const rows = answers.flatMap(({ cells = [], incidents = [] }) => [...cells, ...incidents.map(([lon, lat]) => [lon, lat, 1])]);
  if (!rows.length) return null;
  const [[west, east], [south, north]] = [between(rows, 0), between(rows, 1)];
  return L.latLngBounds([south - reach, west - reach], [north + reach, east + reach]);
}

function between(rows, axis) {
  const total = rows.reduce((n, row) => n + row[2], 0);
  let passed = 0;
  const kept = [...rows].sort((a, b) => a[axis] - b[axis]).filter((row) => {
    const before = passed;
    passed += row[2];
    return passed > total * 0.01 && before < total * 0.99;
  });
  return [kept[0][axis], kept.at(-1)[axis]];
}

register('incidents', (map, options) => new Incidents(map, options).start());
