/** Draws the queue in plain words, and does what its buttons say. */
import { spokenDayHere } from '../days.js';
import { clearReceived, discard, exportFile, importFile, sendNow, watch } from './outbox.js';

const language = document.documentElement.lang;
const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const hour = new Intl.DateTimeFormat(language, CLOCK);
const number = (value) => value.toLocaleString(language);

const isToday = (date) => new Date().toDateString() === date.toDateString();

export function moment(when) {
  const date = new Date(when);
  return isToday(date) ? hour.format(date) : `${spokenDayHere(date)}, ${hour.format(date)}`;
}

const filled = (sentence, values) => Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), sentence);

function stateOf(row, words) {
  if (row.state === 'sending') return filled(words.sending, { n: number(row.step.n), all: number(row.step.all) });
  if (row.state !== 'received') return words[row.state];
  const date = new Date(row.receivedAt);
  return filled(isToday(date) ? words.received : words.received_day, { time: moment(date) });
}

function detailOf(row, words) {
  const lines = [filled(words.written, { time: moment(row.at) })];
  if (row.photos && row.receivedAt) lines.push(filled(words.photos, { n: number(row.got), all: number(row.photos) }));
  if (row.refused) lines.push(filled(words.refused_photos, { n: number(row.refused) }));
  if (row.state === 'waiting' || row.state === 'attention') lines.push(row.wait ? filled(words.wait, { time: moment(row.wait) }) : words[row.cause] ?? '');
  return lines.filter(Boolean).join('\n');
}

/** Two presses to remove what the server does not have. */
function wireRemoval(button, row, words) {
  button.addEventListener('click', () => {
    if (button.dataset.sure) discard(row.id);
    button.dataset.sure = 'yes';
    button.textContent = words.really;
  });
}

function drawn(row, template, words) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.state = row.state;
  item.dataset.id = row.id;
  item.querySelector('.state').textContent = stateOf(row, words);
  item.querySelector('.detail').textContent = detailOf(row, words);
  const again = item.querySelector('[data-again]');
  const removal = item.querySelector('[data-remove]');
  again.hidden = removal.hidden = row.state !== 'attention';
  again.addEventListener('click', () => sendNow({ again: true }));
  wireRemoval(removal, row, words);
  return item;
}

/** Rows are drawn anew only when they say something new, so that a button does not vanish under a finger. */
function sameAs(item, row, words) {
  return item && item.dataset.id === row.id && item.dataset.state === row.state
    && item.querySelector('.state').textContent === stateOf(row, words)
    && item.querySelector('.detail').textContent === detailOf(row, words);
}

function redraw(list, rows, template, words) {
  const old = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = rows.map((row) => (sameAs(old.get(row.id), row, words) ? old.get(row.id) : drawn(row, template, words)));
  const isSame = items.length === list.children.length && items.every((item, place) => item === list.children[place]);
  if (!isSame) list.replaceChildren(...items);
}

function say(part, words) {
  part.querySelector('[data-said]').textContent = words;
}

function show(part, words, rows) {
  const find = (name) => part.querySelector(`[data-${name}]`);
  const has = (...states) => rows.some((row) => states.includes(row.state));
  const waiting = rows.filter((row) => row.state !== 'received').length;
  redraw(find('rows'), rows, find('row'), words);
  find('rows').hidden = !rows.length;
  find('queue-tools').hidden = !rows.length;
  find('send').hidden = !has('waiting', 'sending');
  find('clear').hidden = !has('received');
  find('export').disabled = !waiting;
  find('summary').textContent = waiting ? filled(words.some, { n: number(waiting) }) : words.nothing;
  const said = rows.map((row) => stateOf(row, words)).join('. ');
  if (find('said').dataset.last !== said) say(part, said);
  find('said').dataset.last = said;
}

async function save(part, words) {
  const file = await exportFile();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  tellResult(part, words.saved);
}

function tellResult(part, sentence) {
  const place = part.querySelector('[data-persist]');
  say(part, sentence);
  place.hidden = false;
  place.textContent = sentence;
}

async function take(part, words, input) {
  const taken = await importFile(input.files[0]).catch(() => null);
  input.value = '';
  tellResult(part, taken === null ? words.not_taken : filled(words.taken, { n: number(taken) }));
  if (taken) sendNow();
}

/** Draw the rows now and after every change. `kept()` is called after each, because the browser's promise may have changed. */
export function drawQueue(part, words, kept) {
  const find = (name) => part.querySelector(`[data-${name}]`);
  let many = -1;
  watch((rows) => {
    show(part, words, rows);
    if (many >= 0 && rows.length > many) kept();
    many = rows.length;
  });
  find('send').addEventListener('click', () => sendNow());
  find('clear').addEventListener('click', () => clearReceived());
  find('export').addEventListener('click', () => save(part, words));
  find('import').addEventListener('change', ({ target }) => target.files.length && take(part, words, target));
}
