/**
 * One question at a time: `stepThrough(form)` hides all `[data-step]` but one and gives { next, to, atEnd, onShow }.
 * No step is put into the browser's history: whoever leaves quickly must leave no way back.
 */
export function stepThrough(form) {
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
