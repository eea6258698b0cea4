/** Ticks of a change of many: how many, all at once; and its progress, without a reload until something else is to be said. */
const form = document.querySelector('[data-bulk]');
const boxes = [...(form?.querySelectorAll('[name=ids]') ?? [])];
const count = () => { form.querySelector('[data-ticked]').textContent = boxes.filter((box) => box.checked).length; };
form?.addEventListener('change', (event) => {
  if (event.target.matches('[data-tick-all]')) for (const box of boxes) box.checked = event.target.checked;
  count();
});
if (form) count();

const progress = document.querySelector('[data-progress]');
const look = async () => {
  const answer = await fetch(progress.dataset.progress, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok) return;
  const { state, total, left } = await answer.json();
  if (!['RUNNING', 'UNDOING'].includes(state)) location.reload();
  if (total) progress.querySelector('progress').value = total - left;
  progress.querySelector('[data-left]').textContent = left;
};
if (progress) setInterval(look, 1500);
