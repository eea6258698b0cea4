/** Papers: a new row when the last one is left behind, and on asking; a copy of an empty row of the page. */
const form = document.querySelector('[data-papers]');
const body = form?.querySelector('tbody');
const rows = () => [...body.querySelectorAll('tr:not(.why)')];
const add = () => {
  const row = rows().at(-1).cloneNode(true);
  row.classList.remove('wrong');
  for (const field of row.querySelectorAll('input, select, textarea')) field.value = '';
  body.append(row);
  return row;
};
const more = form?.querySelector('[data-more]');
if (form) {
  more.hidden = false;
  more.addEventListener('click', () => add().querySelector('input').focus());
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab' || event.shiftKey || event.target !== rows().at(-1).querySelector('textarea') || !event.target.value) return;
    event.preventDefault();
    add().querySelector('input').focus();
  });
  (form.querySelector('.wrong input') ?? [...form.querySelectorAll('tbody input')].find((field) => !field.value)).focus();
}
