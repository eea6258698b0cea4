/** Lets “Save this view” and the link to the situation report follow the filters of the desk. */
const bar = document.querySelector('[data-views]');

document.addEventListener('tessera:filters', ({ detail }) => {
  if (!bar) return;
  bar.querySelector('[data-views-query]').value = detail;
  const link = bar.querySelector('[data-views-report]');
  link.href = detail ? `${link.dataset.viewsReport}?${detail}` : link.dataset.viewsReport;
});
