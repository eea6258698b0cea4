/** A call while it is typed: places offered, the map in step with the words, what is known nearby beside, Ctrl+Enter keeps it. */
import { words as mapWords } from './layers.js';
import { suggestPlaces } from './places.js';

const form = document.querySelector('[data-call]');
const field = (name) => form.elements[name];
const words = form.querySelector('#place_text');
const places = form.querySelector('[data-places]');
const known = form.querySelector('[data-known]');
const list = known.querySelector('[data-known-list]');
const said = known.querySelector('[data-known-said]');

suggestPlaces(words, places, ({ lat, lon }) => place(lat, lon));
words.addEventListener('input', () => { field('pin_method').value = ''; field('device_accuracy_m').value = ''; });
form.addEventListener('change', ({ target }) => {
  if (target.name !== 'place_choice' || target.value === 'none') return;
  const [lat, lon] = target.value.split(',').map(Number);
  place(lat, lon);
});
form.addEventListener('keydown', (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); } });
document.addEventListener('picked', ({ detail: { lat, lon, reach } }) => {
  words.value = `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  places.replaceChildren();
  field('pin_method').value = 'MAP_TAP';
  field('device_accuracy_m').value = reach;
  look(lat, lon);
});

function place(lat, lon) {
  document.dispatchEvent(new CustomEvent('place', { detail: { lat, lon } }));
  look(lat, lon);
}

let running = null;
async function look(lat, lon) {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(`/api/v1/nearby?${new URLSearchParams({ lat: lat.toFixed(6), lon: lon.toFixed(6) })}`, { signal: running.signal, headers: { Accept: 'application/json' } });
    if (!answer.ok) return;
    const { items } = await answer.json();
    said.textContent = items.length ? '' : known.dataset.nothing;
    list.replaceChildren(...items.map(drawn));
  } catch { /* offline, or another place was typed meanwhile */ }
}

function drawn(item) {
  const row = make('label', 'choice framed');
  const box = Object.assign(document.createElement('input'), { type: 'radio', name: 'same_damage_as', value: item.about });
  const told = make('span', '');
  const facts = [mapWords.sites?.[item.site_type], mapWords.damage?.[item.damage], item.day, fill(known.dataset.metres, { m: item.metres }), fill(known.dataset.reports, { n: item.reports })];
  const link = Object.assign(make('a', 'code', item.about), { href: `/desk/incidents/${encodeURIComponent(item.about)}`, target: '_blank', rel: 'noopener' });
  told.append(make('span', '', known.dataset.same), ' ', link, make('small', 'muted', ` ${facts.filter(Boolean).join(' · ')}`));
  if (item.photo) told.append(Object.assign(document.createElement('img'), { src: item.photo, alt: '', width: 80 }));
  row.append(box, ' ', told);
  return row;
}

const fill = (sentence, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), sentence);
const make = (tag, className, textContent = '') => Object.assign(document.createElement(tag), { className, textContent });
document.querySelector('[data-errors]')?.focus();
