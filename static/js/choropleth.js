/**
 * Areas instead of single records: each drawn the fuller the more damage records lie in it, under the filters of the page.
 * The choice is a field of the filters, so it lives in the address. The table under "areas as a table" says the same.
 */
import { working } from './busy.js';
import { register } from './layers.js';
import { number } from './marks.js';
import { fill, make, Panel } from './panel.js';
import { classes, Shades } from './shades.js';

const own = JSON.parse(document.getElementById('areas-words')?.textContent ?? '{}');
const STEPS = 5; // as drawn by the stylesheet
const language = document.documentElement.lang;
const said = ({ name, names }) => names[language] ?? name;

class Choropleth {
  constructor(map, options) {
    this.map = map;
    this.options = options;
    this.level = document.querySelector('[data-areas-level]');
    this.table = document.querySelector('[data-areas-table]');
    this.panel = new Panel(document.querySelector('[data-map-panel]'), options);
    const frame = document.querySelector('.map-frame');
    this.note = frame.appendChild(make('p', '', { className: 'area-note', hidden: true }));
    this.note.setAttribute('role', 'status');
    this.key = frame.appendChild(make('ul', '', { className: 'map-key shade-key', hidden: true }));
    this.key.setAttribute('aria-label', own.key ?? '');
    this.shades = new Shades(map, (id, properties) => this.open({ id, properties }));
    this.shapes = new Map();
  }

  start() {
    if (!this.level) return;
    document.addEventListener('tessera:filters', () => working(this.show()));
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
    this.shades.clear();
    this.note.hidden = true;
    this.key.hidden = true;
  }

  draw(shapes, { areas, elsewhere, total }) {
    this.rows = new Map(areas.map((row) => [row[0], row]));
    const least = classes(areas.map((row) => row[1]));
    const full = (n) => Math.ceil((STEPS * (least.findLastIndex((from) => n >= from) + 1)) / least.length) || 0;
    this.shades.draw(shapes, (id, properties) => {
      const n = this.rows.get(id)?.[1] ?? 0;
      return { n, className: `area-${full(n)}`, said: `${said(properties)}: ${number(n)}` };
    });
    this.note.hidden = false;
    this.note.textContent = [fill(own.total, { n: number(total) }), elsewhere ? fill(own.elsewhere, { n: number(elsewhere) }) : ''].filter(Boolean).join(' · ');
    this.explain(least, Math.max(...areas.map((row) => row[1]), 0), full);
  }

  /** The key: how full stands for how many. */
  explain(least, most, full) {
    const bounds = least.map((from, at) => [from, at + 1 < least.length ? least[at + 1] - 1 : most]);
    const spans = [[0, 0], ...bounds].map(([from, to]) => (to > from ? `${number(from)}–${number(to)}` : number(from)));
    this.key.replaceChildren(...spans.map((span, at) => {
      const row = make('li');
      row.append(make('span', '', { className: `swatch area-${at && full(least[at - 1])}` }), make('span', span, { dir: 'ltr' }));
      return row;
    }).reverse());
    this.key.hidden = false;
  }

  open({ id, properties }) {
    const row = this.rows.get(id);
    const counts = row ? row.slice(2, 8) : [0, 0, 0, 0, 0, 0];
    const query = new URLSearchParams(this.query);
    query.set('adm', id);
    this.panel.openCounts({ counts, name: said(properties) }, row ? `${this.options.list}?${query}` : null, this.level);
  }
}

register('choropleth', (map, options) => new Choropleth(map, options).start());
