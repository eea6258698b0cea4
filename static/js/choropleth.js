/**
 * Areas instead of single records: each drawn the fuller the more damage records lie in it, under the filters of the page.
 * The choice is a field of the filters, so it lives in the address. The table under "areas as a table" says the same.
 */
import { step } from './areas.js';
import { register } from './layers.js';
import { number } from './marks.js';
import { fill, Panel } from './panel.js';

const own = JSON.parse(document.getElementById('areas-words')?.textContent ?? '{}');
const language = document.documentElement.lang;
const said = ({ name, names }) => names[language] ?? name;

class Choropleth {
  constructor(map, options) {
    this.map = map;
    this.options = options;
    this.level = document.querySelector('[data-areas-level]');
    this.table = document.querySelector('[data-areas-table]');
    this.panel = new Panel(document.querySelector('[data-map-panel]'), options);
    this.note = document.querySelector('.map-frame')?.appendChild(Object.assign(document.createElement('p'), { className: 'area-note', hidden: true }));
    this.shapes = new Map();
  }

  start() {
    if (!this.level) return;
    document.addEventListener('tessera:filters', () => this.show());
    document.addEventListener('tessera:changed', () => this.show());
    this.show();
  }

  get query() {
    const form = this.level.form;
    const chosen = [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && value.trim() && name !== 'areas');
    return new URLSearchParams(chosen).toString();
  }

  async show() {
    const level = this.level.value;
    const { query } = this;
    if (this.table) this.table.href = `${this.table.dataset.areasTable}?${new URLSearchParams(`${query}${level ? `&areas=${level}` : ''}`)}`;
    this.map.getContainer().classList.toggle('shows-areas', Boolean(level));
    this.running?.abort();
    if (!level) return this.clear();
    const { signal } = (this.running = new AbortController());
    try {
      const [shapes, counts] = await Promise.all([this.outlines(level), this.ask(`${this.options.counts.replace('{level}', level)}?${query}`, signal)]);
      if (!signal.aborted && shapes && counts) this.draw(shapes, counts);
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    }
  }

  outlines(level) {
    if (!this.shapes.has(level)) this.shapes.set(level, this.ask(this.options.outlines.replace('{level}', level)));
    return this.shapes.get(level);
  }

  async ask(address, signal) {
    const answer = await fetch(address, { signal, headers: { Accept: 'application/json' } });
    return answer.ok ? answer.json() : null;
  }

  clear() {
    this.layer?.remove();
    this.layer = null;
    this.note.hidden = true;
  }

  draw(shapes, { areas, elsewhere, total }) {
    const rows = new Map(areas.map((row) => [row[0], row]));
    this.layer?.remove();
    this.layer = L.geoJSON(shapes, {
      style: ({ id }) => ({ className: `area ${rows.has(id) ? `area-${step(rows.get(id)[1])}` : 'area-0'}` }),
      onEachFeature: (feature, path) => {
        const n = rows.get(feature.id)?.[1] ?? 0;
        path.bindTooltip(Object.assign(document.createElement('bdi'), { textContent: `${said(feature.properties)}: ${number(n)}` }), { sticky: true });
        path.on('click', () => this.open(feature, rows.get(feature.id)));
      },
    }).addTo(this.map);
    this.note.hidden = false;
    this.note.textContent = [fill(own.total, { n: number(total) }), elsewhere ? fill(own.elsewhere, { n: number(elsewhere) }) : ''].filter(Boolean).join(' · ');
  }

  open({ id, properties }, row) {
    const counts = row ? row.slice(2, 8) : [0, 0, 0, 0, 0, 0];
    const query = new URLSearchParams(this.query);
    query.set('adm', id);
    this.panel.openCounts({ counts, name: said(properties) }, row ? `${this.options.list}?${query}` : null, this.level);
  }
}

register('choropleth', (map, options) => new Choropleth(map, options).start());
