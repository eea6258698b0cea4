/** Links that lead to the same choice elsewhere (`data-follows-filters="/map/table"`) keep up with the filters of the map. */
document.addEventListener('tessera:filters', ({ detail }) => {
  for (const link of document.querySelectorAll('[data-follows-filters]')) {
    link.setAttribute('href', link.dataset.followsFilters + (detail ? `?${detail}` : ''));
  }
});
