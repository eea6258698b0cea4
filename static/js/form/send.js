/**
 * From the filled form to the phone's queue: check that it says something, fix it, ask what is known nearby, make the
 * receipt code, seal and keep, show the code. `send(form)` resolves to 'kept', 'stay' (something is missing) or 'post':
 * nothing is kept here, so the browser posts the form itself.
 */
import { album, fillPlainField, hasPlainPhotos } from './album.js';
import { newCode } from './code.js';
import { forgetDraft } from './drafts.js';
import { askAround } from './help.js';
import { keeping } from './keeping.js';
import { made } from './made.js';
import { part } from './parts.js';
import { missing, told } from './told.js';

/** What was said of safety while answering stays in sight with the code. */
const SAFETY = ['trapped', 'advice', 'minor'].map((name) => `[data-${name}]:not([hidden])`).join();

export async function send(form) {
  const lack = missing(form);
  if (lack) return tellMissing(form, lack);
  const account = { id: form.elements.id.value, fields: told(form), media: album(form), lang: form.elements.lang.value, writtenAt: new Date() };
  const hint = await askAround(form);
  carry(form, hint);
  if (form.dataset.kept === 'no' || hasPlainPhotos(form)) return post(form);
  let screen;
  let code;
  let photosLeftOut;
  try {
    [screen, code] = [await part('kept'), await newCode(form.dataset.words)]; // all that is shown later is here before anything is kept
    const { keep } = await import('../field/outbox.js');
    ({ photosLeftOut } = await keep({ ...account, ...hint, receiptKey: code.key }));
  } catch {
    return post(form);
  }
  forgetDraft();
  showKept(form, screen, code, photosLeftOut);
  return 'kept';
}

function post(form) {
  fillPlainField(form);
  return 'post';
}

/** For the post: the answer to the hint as fields of the form. */
function carry(form, { hintSeen, answer }) {
  const fields = { hint_seen: hintSeen ? '1' : '', answer_kind: answer?.kind ?? '', answer_about: answer?.about ?? '' };
  for (const [name, value] of Object.entries(fields)) if (value) form.append(made('input', { type: 'hidden', name, value }));
}

async function tellMissing(form, lack) {
  const notice = await part('missing');
  notice.querySelector('[data-what]').textContent = (await part(`missing-${lack}`)).textContent;
  for (const before of form.querySelectorAll('.missing')) before.remove();
  form.querySelector('[data-summary]').prepend(notice);
  notice.scrollIntoView({ block: 'center' });
  return 'stay';
}

function showKept(form, kept, { words, list }, photosLeftOut) {
  kept.querySelector('[data-code]').replaceChildren(...words.map((word) => made('li', { textContent: word })));
  kept.querySelector('[data-left-out]').hidden = !photosLeftOut;
  kept.querySelector('[data-advices]').append(...[...form.querySelectorAll(SAFETY)].map((advice) => advice.cloneNode(true)));
  const after = document.querySelector('[data-after]');
  after.replaceChildren(kept);
  after.hidden = false;
  after.after(document.querySelector('[data-phone]')); // the queue below the code
  for (const old of document.querySelectorAll('main > h1, main > .notice')) old.remove();
  form.remove();
  scrollTo(0, 0);
  kept.querySelector('h1').focus({ preventScroll: true });
  const others = [...crypto.getRandomValues(new Uint16Array(8))].map((number) => list[number % list.length]);
  keeping(kept.querySelector('[data-keep]'), { others, done: () => end(kept) });
}

function end(kept) {
  for (const last of kept.querySelectorAll('[data-end]')) last.hidden = false;
  kept.querySelector('h1').focus();
}
