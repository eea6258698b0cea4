/** The drafts' part: choose to keep them or not, unlock, go on writing, destroy. The words stand in the page. */
import { dropDraft, forget, keepNone, openDrafts, setLock, state, unlock } from './drafts.js';
import { moment } from './queue-part.js';

const LEAST_LETTERS = 8;

function complain(part, words) {
  const said = part.querySelector('[data-drafts-said]');
  said.hidden = !words;
  said.textContent = words;
}

function rowOf(draft, template, words) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.state = 'draft';
  item.querySelector('.state').textContent = words.draft;
  item.querySelector('.detail').textContent = words.draft_of.replace('{time}', moment(draft.at));
  item.querySelector('[data-open]').addEventListener('click', () => document.dispatchEvent(new CustomEvent('phone:draft', { detail: draft })));
  const removal = item.querySelector('[data-remove]');
  removal.addEventListener('click', () => {
    if (removal.dataset.sure) dropDraft(draft.id);
    removal.dataset.sure = 'yes';
    removal.textContent = words.really;
  });
  return item;
}

async function show(part, words) {
  const now = await state();
  part.querySelectorAll('[data-drafts]').forEach((section) => { section.hidden = section.dataset.drafts !== now; });
  const drafts = now === 'open' ? await openDrafts() : [];
  const template = part.querySelector('[data-draft-row]');
  part.querySelector('[data-draft-rows]').replaceChildren(...drafts.map((draft) => rowOf(draft, template, words)));
}

async function lock(part, words, input) {
  const isShort = input.value.trim().length < LEAST_LETTERS;
  complain(part, isShort ? words.short : '');
  if (isShort) return;
  await setLock(input.value);
  input.value = '';
}

async function open(part, words, input) {
  const answer = await unlock(input.value);
  input.value = '';
  const wrong = answer.left ? words.wrong.replace('{n}', answer.left.toLocaleString(document.documentElement.lang)) : words.destroyed;
  complain(part, answer.open ? '' : wrong);
}

/** Four of 1,024 words, drawn by the browser's own dice: 40 bits, behind 600,000 rounds for each guess. */
async function suggest(input) {
  const address = document.querySelector('[data-words][data-report]')?.dataset.words ?? '/static/field/words.txt';
  const list = (await (await fetch(address)).text()).split(/\s+/).filter((word) => /^[a-z]+$/.test(word));
  const drawn = crypto.getRandomValues(new Uint16Array(4));
  input.value = Array.from(drawn, (value) => list[value % list.length]).join(' '); // 65,536 is a multiple of 1,024
}

function onSubmit(form, act) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button:not([type])');
    button.disabled = true;
    await act(form.querySelector('[data-passphrase]')).finally(() => { button.disabled = false; });
  });
}

export function drawDrafts(part, words) {
  const find = (name) => part.querySelector(`[data-${name}]`);
  onSubmit(find('lock'), (input) => lock(part, words, input));
  onSubmit(find('unlock'), (input) => open(part, words, input));
  find('suggest').addEventListener('click', () => suggest(find('lock').querySelector('[data-passphrase]')));
  find('lock-now').addEventListener('click', () => forget());
  part.querySelectorAll('[data-keep-none]').forEach((button) => button.addEventListener('click', () => {
    if (button.dataset.sure) keepNone();
    button.dataset.sure = button.dataset.sure ? '' : 'yes';
    button.textContent = button.dataset.sure ? words.really : button.dataset.said ?? button.textContent;
  }));
  document.addEventListener('phone:drafts', () => show(part, words));
  show(part, words);
}
