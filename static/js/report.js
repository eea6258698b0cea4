/**
 * Makes the report form better where scripts run; without them the same form is sent by the same one post. This is all
 * that the first load carries: one question at a time, a quick way out, and the sending. The rest (position, advice,
 * photos, map, the check, the queue of the phone) comes when the page is usable: form/answers.js, form/later.js.
 */
import './exit.js';

const form = document.querySelector('[data-report]');
const steps = 'whole' in form.dataset ? null : stepThrough(form);

/** The phone keeps the report and sends it; whatever fails before that, the browser posts the form as it always did. */
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (steps && !steps.atEnd()) { steps.next(); return; }
  const button = form.querySelector('.send button');
  button.disabled = true;
  button.setAttribute('aria-busy', 'true');
  try {
    const { send } = await import('./form/send.js');
    if (await send(form) === 'post') form.submit();
  } catch {
    form.submit();
  }
  button.disabled = false;
  button.removeAttribute('aria-busy');
});

document.querySelector('[data-errors]')?.focus();
const later = async () => {
  await import('./form/answers.js');
  const { makeReady } = await import('./form/later.js');
  await makeReady(form, steps);
};
addEventListener('load', () => (window.requestIdleCallback ?? setTimeout)(() => later().catch(() => {})));

/**
 * One question at a time: hides all `[data-step]` but one and gives { next, to, atEnd, onShow }. No step is put into the
 * browser's history: whoever leaves quickly must leave no way back.
 */
function stepThrough(form) {
  const steps = [...form.querySelectorAll('[data-step]')];
  const find = (name) => form.querySelector(`[${name}]`);
  const progress = find('data-progress');
  const [back, next, finish] = ['data-back', 'data-next', 'data-finish'].map(find);
  const onward = next.textContent;
  const last = steps.length - 1;
  const send = form.querySelector('.send');
  const notice = document.querySelector('[data-first]');
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const hearers = [];
  let at = Math.max(0, steps.findIndex((step) => step.getBoundingClientRect().bottom > 80));

  function show(step, { isFirst = false } = {}) {
    at = Math.min(Math.max(step, 0), last);
    steps.forEach((each, place) => { each.hidden = place !== at; });
    progress.lastElementChild.value = at;
    progress.firstElementChild.textContent = at < last ? progress.dataset.words.replace('{n}', number.format(at + 1)).replace('{m}', number.format(last)) : '';
    notice.hidden = at > 0;
    back.hidden = at === 0;
    next.hidden = at === last;
    send.hidden = at < last;
    next.textContent = at === last - 1 ? next.dataset.last : onward;
    finish.hidden = at < 2 || at > last - 2;
    hearers.forEach((hear) => hear(at === last));
    if (isFirst) return;
    progress.scrollIntoView({ block: 'start' });
    (steps[at].querySelector('fieldset, h2') ?? steps[at]).focus({ preventScroll: true });
  }

  back.addEventListener('click', () => show(at - 1));
  next.addEventListener('click', () => show(at + 1));
  finish.addEventListener('click', () => show(last));
  find('data-steps').append(send); // in reach of the thumb like every other way on
  progress.hidden = find('data-steps').hidden = false;
  progress.lastElementChild.max = last;
  form.classList.add('is-stepped');
  show(at, { isFirst: true });
  return {
    next: () => show(at + 1),
    to: (inside) => show(steps.findIndex((step) => step.contains(inside))),
    atEnd: () => at === last,
    onShow: (hear) => { hearers.push(hear); hear(at === last); },
  };
}
