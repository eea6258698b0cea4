/**
 * The map inside the one-file situation report: draws what the server counted, from numbers alone, without any request.
 *
 * A plain script that needs Leaflet's global L. folium's script calls tessera.layer(map, { kind, … }) for each layer.
 */
(() => {
  const LEVELS = [['2', [3, 4]], ['1', [1, 2]], ['0', [0]], ['u', [5]]];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const sum = (counts) => counts.reduce((a, b) => a + b, 0);
  const said = new Intl.NumberFormat(document.documentElement.lang);
  const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i + 1], flat[2 * i]]);

  const draw = {
    ground(map, { land, border }) {
      map.attributionControl.setPrefix(false);
      const still = { interactive: false, renderer: L.canvas({ padding: 0.5 }) };
      L.polygon(land.map(pairs), { ...still, stroke: false, fillRule: 'nonzero', fillColor: colour('land'), fillOpacity: 1 }).addTo(map);
      L.polyline(border.map(pairs), { ...still, color: colour('border'), weight: 1, dashArray: '4 3' }).addTo(map);
      L.control.zoom({ position: document.dir === 'rtl' ? 'topright' : 'topleft' }).addTo(map);
    },
    areas(map, { areas }) {
      for (const [lon, lat, ...rest] of areas) {
        L.polygon(rest[6].map((ring) => [pairs(ring)]), { interactive: false, color: colour('area'), weight: 1, fillOpacity: 0.12 }).addTo(map);
        mark(map, lat, lon, square(rest.slice(0, 6)));
      }
    },
    counts(map, { cells }) {
      for (const [lon, lat, ...counts] of cells) mark(map, lat, lon, donut(counts));
    },
    view(map, { box: [west, south, east, north] }) {
      map.fitBounds([[south, west], [north, east]]);
      L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
      towns(map);
    },
  };

  /** Names of towns, which the page itself holds: the largest first, none over another. */
  function towns(map) {
    const all = [...document.querySelectorAll('[data-town]')].map((named) => {
      const [lon, lat] = named.dataset.town.split(' ').map(Number);
      const icon = L.divIcon({ className: 'paper-town', iconSize: null, html: Object.assign(document.createElement('bdi'), { textContent: named.textContent }) });
      return { at: L.latLng(lat, lon), marker: L.marker([lat, lon], { interactive: false, keyboard: false, zIndexOffset: -10000, icon }) };
    });
    const sift = () => {
      const taken = [];
      for (const { at, marker } of all) {
        const here = map.latLngToLayerPoint(at);
        const isFree = taken.every((other) => Math.abs(other.x - here.x) > 110 || Math.abs(other.y - here.y) > 22);
        if (isFree) taken.push(here);
        isFree ? marker.addTo(map) : marker.remove();
      }
    };
    map.on('zoomend', sift);
    sift();
  }

  function mark(map, lat, lon, [side, svg]) {
    L.marker([lat, lon], { interactive: false, keyboard: false, icon: L.divIcon({ className: 'paper-mark', iconSize: [side, side], html: svg }) }).addTo(map);
  }

  function shares(counts) {
    const total = sum(counts);
    let from = 0;
    return LEVELS.flatMap(([name, grades]) => {
      const share = sum(grades.map((grade) => counts[grade])) / total;
      from += share;
      return share ? [{ name, share, from: from - share }] : [];
    });
  }

  function donut(counts) {
    const total = sum(counts);
    const r = Math.min(28, 12 + 4.5 * Math.log10(total));
    const at = (turn) => `${(r * Math.sin(turn * 2 * Math.PI)).toFixed(1)} ${(-r * Math.cos(turn * 2 * Math.PI)).toFixed(1)}`;
    const ring = shares(counts).map(({ name, share, from }) => (share > 0.999
      ? `<circle class="level-${name}" r="${r}"/>`
      : `<path class="level-${name}" d="M0 0L${at(from)}A${r} ${r} 0 ${share > 0.5 ? 1 : 0} 1 ${at(from + share)}Z"/>`));
    return [2 * r, frame(2 * r, `<circle class="map-rim" r="${r + 1}"/>${ring.join('')}<circle class="map-hole" r="${r * 0.64}"/>${number(total)}`)];
  }

  function square(counts) {
    const parts = shares(counts).map(({ name, share, from }) => `<rect class="level-${name}" x="${-15 + 30 * from}" y="9" width="${30 * share}" height="6"/>`);
    return [32, frame(32, `<rect class="map-hole framed" x="-15" y="-15" width="30" height="30"/>${parts.join('')}${number(sum(counts), -1)}`)];
  }

  const number = (n, y = 4) => `<text class="map-number" text-anchor="middle" y="${y}" font-size="${n > 999 ? 9 : 11}">${said.format(n)}</text>`;
  const frame = (side, inside) => `<svg width="${side}" height="${side}" viewBox="${-side / 2 - 2} ${-side / 2 - 2} ${side + 4} ${side + 4}" aria-hidden="true">${inside}</svg>`;

  window.tessera = { layer: (map, options) => draw[options.kind](map, options) };
})();
