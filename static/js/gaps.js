/**
 * Where help is short and where it is doubled: each area by how it stands, with the number of needs nobody took on. What is asked is
 * the form beside the map, a plain page of its own; the table under it says the same in words.
 */
import { keepView } from './filters.js';
import { register, words } from './layers.js';
import { number } from './marks.js';
import { make, Panel } from './panel.js';
import { Shades } from './shades.js';

const EVERY_S = 15;
const own = JSON.parse(document.getElementById('gaps-words')?.textContent ?? '{}');
const language = document.documentElement.lang;

class Gaps {
  constructor(map, options) {
    this.map = map;
    this.options = options;
    this.form = document.querySelector('form[data-gaps]');
    this.panel = new Panel(document.querySelector('[data-map-panel]'), {});
    this.shades = new Shades(map, (id, properties) => this.open(id, properties));
  }

  async start() {
    const isGiven = keepView(this.map);
    this.form.addEventListener('change', () => { this.form.action += location.hash; this.form.requestSubmit(); });
    this.shapes = await this.ask(this.options.outlines.replace('{level}', this.form.dataset.gaps));
    await this.show();
    if (!isGiven && this.shades.layer?.getBounds().isValid()) this.map.fitBounds(this.shades.layer.getBounds(), { animate: false });
    setInterval(() => document.hidden || this.show(), 1000 * EVERY_S);
  }

  async ask(address) {
    const answer = await fetch(address, { headers: { Accept: 'application/json' } }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  async show() {
    const found = await this.ask(`${this.options.counts}?${this.query}`);
    const told = JSON.stringify(found);
    if (!found || !this.shapes || told === this.told) return;
    this.told = told;
    this.rows = new Map(found.areas.map((row) => [row[0], row]));
    this.shades.draw(this.shapes, (id, properties) => this.look(id, properties));
  }

  get query() {
    return new URLSearchParams([...new FormData(this.form)].filter(([, value]) => value)).toString();
  }

  look(id, properties) {
    const [, mark, untaken] = this.rows.get(id) ?? [id, 'quiet', 0];
    return { n: untaken, className: `mark-${mark}`, said: [`${this.name(properties)}: ${number(untaken)}`, own.marks[mark]].filter(Boolean).join(' · ') };
  }

  name = ({ name, names }) => names?.[language] ?? name;

  open(id, properties) {
    const [, mark, untaken, live, pressing, organisations] = this.rows.get(id) ?? [id, 'quiet', 0, 0, 0, 0];
    const list = make('dl', '', { className: 'facts' });
    const facts = [[own.untaken, untaken], [own.live, live], [own.pressing, pressing], [own.organisations, organisations]];
    list.append(...facts.flatMap(([label, value]) => [make('dt', label), make('dd', number(value))]));
    const body = make('div');
    if (own.marks[mark]) body.append(make('p', own.marks[mark], { className: 'label' }));
    body.append(list);
    const query = new URLSearchParams(this.query);
    query.delete('areas');
    query.set('adm', id);
    if (live) body.append(make('a', words.show_list, { href: `${this.options.list}?${query}`, className: 'button' }));
    this.panel.show(this.name(properties), body, document.querySelector(`[data-area="${CSS.escape(id)}"]`));
  }
}

register('gaps', (map, options) => new Gaps(map, options).start());
