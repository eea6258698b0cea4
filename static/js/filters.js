/**
 * Filters live in the address of the page: a view can be sent to a colleague, and back goes back. The form works without
 * scripts as a plain GET; here a change is taken at once. The view of the map is the part after "#": zoom/lat/lon.
 */
export class Filters extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    form?.addEventListener('change', () => this.#took());
    form?.addEventListener('submit', (event) => { event.preventDefault(); this.#took(); });
    form?.addEventListener('reset', () => setTimeout(() => this.#took()));
    addEventListener('popstate', () => this.dispatchEvent(new Event('change')));
  }

  /** The filters that say something, as a query; the same for the page, the tiles, the list and a download. */
  get query() {
    if (!this.form) return '';
    const chosen = [...new FormData(this.form)].filter(([, value]) => typeof value === 'string' && value.trim() !== '');
    return new URLSearchParams(chosen).toString();
  }

  #took() {
    history.replaceState(null, '', `${location.pathname}${this.query ? `?${this.query}` : ''}${location.hash}`);
    this.dispatchEvent(new Event('change'));
    document.dispatchEvent(new CustomEvent('tessera:filters', { detail: this.query }));
  }
}

/** Start where the address says (and tell whether it did), and keep the address true while the map moves. */
export function keepView(map) {
  const [zoom, lat, lon] = location.hash.slice(1).split('/').map(Number);
  const isGiven = location.hash.length > 1 && [zoom, lat, lon].every(Number.isFinite);
  if (isGiven) map.setView([lat, lon], zoom, { animate: false });
  const tell = () => document.dispatchEvent(new CustomEvent('tessera:view', { detail: map.getBounds().toBBoxString() }));
  map.on('moveend', () => {
    const { lat: y, lng: x } = map.getCenter();
    history.replaceState(history.state, '', `${location.pathname}${location.search}#${map.getZoom()}/${y.toFixed(4)}/${x.toFixed(4)}`);
    tell();
  });
  tell();
  return isGiven;
}
