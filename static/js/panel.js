/**
 * What opens beside the map. Everything a person wrote is set as text, never as markup; words come from the page.
 * `<aside data-map-panel hidden>` is filled; without it nothing opens and a click follows the link of the record.
 */
import { words, rightToLeft } from './layers.js';
import { levelOf, number, spoken } from './marks.js';

const LISTED = 200;

export class Panel {
  constructor(element, options) {
    this.element = element;
    this.options = options;
    element?.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.close(); });
  }

  /** One damage record, or several at one place as a list; `opener` gets the focus back. */
  open(records, opener) {
    if (!this.element) return this.#follow(records[0]);
    this.opener = opener;
    const title = records.length === 1 ? siteWord(records[0]) : fill(words.records_here, { n: number(records.length) });
    const body = records.length === 1 ? this.#one(records[0]) : this.#list(records);
    this.#show(title, body);
    if (records.length === 1) this.#peek(records[0], body);
  }

  /** A group whose members are not known by name: its numbers, and where to read on. */
  openCounts({ counts, name }, address, opener) {
    if (!this.element) return;
    this.opener = opener;
    const body = make('div');
    if (name) body.append(make('p', name, { className: 'label', dir: 'auto' }));
    body.append(make('p', spoken(counts, words)));
    if (address) body.append(link(address, words.show_list));
    this.#show(fill(words.records_here, { n: number(counts.reduce((a, b) => a + b, 0)) }), body);
  }

  /** Anything with a title; `opener` gets the focus back. */
  show(title, body, opener) {
    this.opener = opener;
    this.#show(title, body);
  }

  close() {
    this.element.hidden = true;
    this.opener?.focus?.();
  }

  #show(title, body) {
    const heading = make('h2', title, { tabIndex: -1 });
    const shut = make('button', '×', { type: 'button', className: 'quiet small panel-close' });
    shut.setAttribute('aria-label', words.close);
    shut.addEventListener('click', () => this.close());
    this.element.replaceChildren(shut, heading, body);
    this.element.hidden = false;
    heading.focus({ preventScroll: true });
  }

  #one(row) {
    const body = make('div');
    body.append(marks(row), facts(row));
    if (this.options.record) body.append(link(this.#address(this.options.record, row), words.open_record, 'button'));
    return body;
  }

  #list(records) {
    const list = make('ul', '', { className: 'rows' });
    for (const row of records.slice(0, LISTED)) {
      const item = make('li', '', { className: 'row' });
      const open = make('button', siteWord(row), { type: 'button', className: 'row-open' });
      open.addEventListener('click', () => this.open([row], this.opener));
      item.append(open, marks(row), make('span', row[2], { className: 'row-meta', dir: 'ltr' }));
      list.append(item);
    }
    return list;
  }

  /** Further facts of a record, `{ facts: [[label, value], …] }`, from the address the page gave; absent when it fails. */
  async #peek(row, body) {
    if (!this.options.peek) return;
    try {
      const answer = await fetch(this.#address(this.options.peek, row), { headers: { Accept: 'application/json' } });
      if (answer.ok && body.isConnected) body.querySelector('dl').append(...definitions((await answer.json()).facts ?? []));
    } catch { /* the link to the record remains */ }
  }

  #address(pattern, row) {
    return pattern.replace('{id}', encodeURIComponent(row[2]));
  }

  #follow(row) {
    if (this.options.record) location.assign(this.#address(this.options.record, row));
  }
}

export const siteWord = (row) => words.sites?.[row[6]] ?? words.sites?.UNK ?? '';

/** "House, Severe damage, Probable": what a symbol says to someone who cannot see it. */
export const said = (row) => [siteWord(row), words.damage[row[3]], words.certainty?.[row[4]]].filter(Boolean).join(', ');

function marks(row) {
  const line = make('p', '', { className: 'chips' });
  const grade = make('span', '', { className: 'badge' });
  grade.append(make('span', '', { className: `dot level-${levelOf(row[3])}` }), words.damage[row[3]]);
  line.append(grade);
  if (words.certainty?.[row[4]]) line.append(make('span', words.certainty[row[4]], { className: 'badge' }));
  return line;
}

function facts(row) {
  const list = make('dl', '', { className: 'facts' });
  const exactness = row[5] ? [[words.exact_to, fill(words.metres, { m: number(Math.round(row[5])) })]] : [];
  list.append(...definitions([[words.number, row[2]], ...exactness]));
  return list;
}

const definitions = (pairs) => pairs.flatMap(([label, value]) => [make('dt', label), make('dd', value, { dir: 'auto' })]);

function link(address, text, className = '') {
  return make('a', text, { href: address, className });
}

const fill = (sentence, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), sentence ?? '');

function make(tag, text = '', properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

export { fill, make, rightToLeft };
