/**
 * L.baseMap({ url, attribution, language }): our own base map for Leaflet, drawn from vector tiles of our own server.
 *
 * A plain script that needs Leaflet's global L and vector-tile.js before it. Land, coast and borders are drawn on
 * canvas, beyond the deepest tiles by enlarging them; names are elements of their own, in the language asked for, none
 * over another.
 * Colours are the page's custom properties --sea --land --border --label --halo, so dark mode follows by itself.
 * A raster archive (kind: 'raster') becomes an ordinary tile layer.
 */
(() => {
  const EXTENT = 4096;
  const TILES_KEPT = 120;
  const MOST_LABELS = 120;
  const COUNTRY_ZOOMS = 4;
  const { decode } = window.vectorTile;

  // ── fetching ─────────────────────────────────────────────────────────────────────────────────────────────────────

  const kept = new Map();

  /** The tile z/x/y as { tile, z, x, y }, or while it cannot be had the one above it. */
  function fetched(url, z, x, y) {
    const address = url.replace('{z}', z).replace('{x}', x).replace('{y}', y);
    if (!kept.has(address)) {
      if (kept.size >= TILES_KEPT) kept.delete(kept.keys().next().value);
      kept.set(address, download(address).then((tile) => ({ tile, z, x, y })));
    }
    return kept.get(address).catch(() => {
      kept.delete(address);
      return z > 0 ? fetched(url, z - 1, x >> 1, y >> 1) : { tile: decode(new ArrayBuffer(0)), z, x, y };
    });
  }

  async function download(address) {
    const response = await fetch(address);
    if (response.status !== 200 && response.status !== 204) throw new Error(`base map: ${response.status}`);
    return decode(await response.arrayBuffer());
  }

  // ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────

  function colours(element) {
    const style = getComputedStyle(element);
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
    return { sea: read('--sea', '#d6e3ea'), land: read('--land', '#f7f4ec'), border: read('--border', '#a8977c') };
  }

  /** Draws `source` into the canvas of the tile z/x/y, which may lie deep inside it. */
  function draw(canvas, { tile, z, x, y }, coords, colour) {
    const pen = canvas.getContext('2d');
    const ratio = canvas.width / parseFloat(canvas.style.width);
    const enlarged = 2 ** (coords.z - z);
    const scale = (canvas.width * enlarged) / EXTENT;
    const left = (coords.x - x * enlarged) * canvas.width;
    const top = (coords.y - y * enlarged) * canvas.width;
    const margin = 4 * ratio;
    const isNear = (shape) =>
      shape.west * scale - left < canvas.width + margin && shape.east * scale - left > -margin &&
      shape.north * scale - top < canvas.width + margin && shape.south * scale - top > -margin;
    const trace = (shapes, skipsEdge) => {
      pen.beginPath();
      for (const { path } of shapes) {
        for (let i = 0; i < path.length; i += 2) {
          const starts = i === 0 || (skipsEdge && isWorldEdge(path[i], path[i - 2], x, 2 ** z));
          pen[starts ? 'moveTo' : 'lineTo'](path[i] * scale - left, path[i + 1] * scale - top);
        }
      }
    };
    const land = tile.land.filter(isNear);
    pen.fillStyle = colour.sea;
    pen.fillRect(0, 0, canvas.width, canvas.width);
    pen.fillStyle = colour.land;
    trace(land, false);
    pen.fill('evenodd');
    pen.strokeStyle = colour.border;
    pen.lineJoin = 'round';
    pen.lineWidth = ratio * 0.6;
    pen.globalAlpha = 0.7;
    trace(land, true);
    pen.stroke();
    pen.globalAlpha = 1;
    pen.lineWidth = ratio;
    pen.setLineDash([4 * ratio, 3 * ratio]);
    trace(tile.border.filter(isNear), false);
    pen.stroke();
    pen.setLineDash([]);
  }

  /** True between two points on the antimeridian, where land was cut and there is no coast. */
  function isWorldEdge(x, before, column, columns) {
    return x === before && ((column === 0 && x <= 0) || (column === columns - 1 && x >= EXTENT));
  }

  // ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

  const measure = document.createElement('canvas').getContext('2d');
  const widths = new Map();

  function width(text, font) {
    const key = `${font}|${text}`;
    if (!widths.has(key)) {
      if (widths.size > 4000) widths.clear();
      measure.font = font;
      widths.set(key, measure.measureText(text).width);
    }
    return widths.get(key);
  }

  function looks(label, family) {
    if (label.isCountry) return { size: 12, weight: 650, font: `650 12px ${family}`, spread: 1.12, opacity: 0.72 };
    const size = label.pop >= 1_000_000 ? 13.5 : label.pop >= 100_000 ? 12.5 : 11.5;
    const weight = label.pop >= 1_000_000 ? 650 : label.pop >= 100_000 ? 550 : 450;
    return { size, weight, font: `${weight} ${size}px ${family}`, spread: 1.03, opacity: 1 };
  }

  function isShown(label, zoom) {
    return label.z <= zoom && (!label.isCountry || zoom < label.z + COUNTRY_ZOOMS);
  }

  function labelElement(label, text, look, isRightToLeft) {
    const element = document.createElement('span');
    const name = document.createElement('span');
    name.textContent = text;
    name.dir = 'auto';
    Object.assign(name.style, {
      position: 'absolute', whiteSpace: 'nowrap', font: look.font, lineHeight: '16px', color: 'var(--label, #3d4a55)',
      opacity: look.opacity, transform: label.isCountry ? 'translate(-50%, -50%)' : 'translateY(-50%)',
      textShadow: '0 0 2px var(--halo, #fff), 0 0 2px var(--halo, #fff), 0 0 3px var(--halo, #fff), 0 0 4px var(--halo, #fff)',
      [label.isCountry ? 'left' : isRightToLeft ? 'right' : 'left']: label.isCountry ? '0' : '5px',
    });
    element.append(name);
    if (!label.isCountry) element.append(dot());
    return element;
  }

  function dot() {
    const spot = document.createElement('span');
    Object.assign(spot.style, {
      position: 'absolute', width: '4px', height: '4px', left: '-2px', top: '-2px', borderRadius: '50%',
      background: 'var(--label, #3d4a55)', boxShadow: '0 0 0 1px var(--halo, #fff)',
    });
    return spot;
  }

  const BaseMap = L.GridLayer.extend({
    options: { maxData: 6, keepBuffer: 2, updateWhenZooming: false, language: 'en', isRightToLeft: false, minZoom: 1 },

    initialize(options) {
      const safe = document.createElement('span');
      safe.textContent = options.attribution ?? '';
      L.setOptions(this, { ...options, attribution: safe.innerHTML });
    },

    onAdd(map) {
      map.attributionControl?.setPrefix(false);
      this._names = map.getPane('basemap-names') ?? map.createPane('basemap-names');
      Object.assign(this._names.style, { pointerEvents: 'none', zIndex: 350 });
      this._names.setAttribute('aria-hidden', 'true');
      this._family = getComputedStyle(map.getContainer()).fontFamily;
      this._colours = colours(map.getContainer());
      this._scheme = matchMedia('(prefers-color-scheme: dark)');
      this._recolour = () => {
        this._colours = colours(map.getContainer());
        this.redraw();
      };
      this._scheme.addEventListener('change', this._recolour);
      this.on('load', this._writeNames, this);
      map.on('moveend', this._writeNames, this).on('zoomstart', this._hideNames, this);
      L.GridLayer.prototype.onAdd.call(this, map);
    },

    onRemove(map) {
      this._scheme.removeEventListener('change', this._recolour);
      this.off('load', this._writeNames, this);
      map.off('moveend', this._writeNames, this).off('zoomstart', this._hideNames, this);
      this._names.replaceChildren();
      L.GridLayer.prototype.onRemove.call(this, map);
    },

    createTile(coords, done) {
      const canvas = document.createElement('canvas');
      const side = this.getTileSize().x;
      canvas.width = canvas.height = side * Math.min(2, Math.max(1, Math.round(devicePixelRatio || 1)));
      canvas.style.width = canvas.style.height = `${side}px`;
      const columns = 2 ** coords.z;
      if (coords.y < 0 || coords.y >= columns) {
        setTimeout(() => done(null, canvas));
        return canvas;
      }
      const up = Math.max(0, coords.z - this.options.maxData);
      const column = ((coords.x % columns) + columns) % columns;
      fetched(this.options.url, coords.z - up, column >> up, coords.y >> up).then((source) => {
        draw(canvas, source, { x: column, y: coords.y, z: coords.z }, this._colours);
        canvas.source = { ...source, world: (coords.x - column) / columns };
        done(null, canvas);
      });
      return canvas;
    },

    _hideNames() {
      this._names.replaceChildren();
    },

    /** Every label in view, the most important first, with its place on the globe (in whichever copy of the world). */
    _labelsInView() {
      const zoom = Math.round(this._map.getZoom());
      const bounds = this._map.getBounds().pad(0.1);
      const found = new Map();
      const seen = new Set();
      for (const { current, el } of Object.values(this._tiles)) {
        const source = el.source;
        const key = source && [source.z, source.x, source.y, source.world].join();
        if (!current || !source || seen.has(key)) continue;
        seen.add(key);
        for (const label of source.tile.labels) {
          if (!isShown(label, zoom)) continue;
          const at = this._latLng(label, source);
          if (bounds.contains(at)) found.set([label.name, at.lat.toFixed(2), at.lng.toFixed(1)].join(), { label, at });
        }
      }
      const rank = ({ isCountry, z }) => (isCountry ? (zoom < 5 ? 0 : 4.5) : z);
      return [...found.values()].sort((a, b) => rank(a.label) - rank(b.label) || b.label.pop - a.label.pop);
    },

    _latLng(label, { z, x, y, world }) {
      const column = (x + label.x / EXTENT) / 2 ** z + world;
      const row = (y + label.y / EXTENT) / 2 ** z;
      return L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * row))) * 180) / Math.PI, column * 360 - 180);
    },

    _writeNames() {
      if (!this._map || this._map._animatingZoom) return;
      const taken = [];
      const written = [];
      for (const { label, at } of this._labelsInView()) {
        if (written.length >= MOST_LABELS) break;
        const text = label[`name_${this.options.language}`] ?? label.name;
        const look = looks(label, this._family);
        const point = this._map.latLngToLayerPoint(at);
        const box = this._box(point, width(text, look.font) * look.spread, label.isCountry);
        if (taken.some((other) => overlap(other, box))) continue;
        taken.push(box);
        const element = labelElement(label, text, look, this.options.isRightToLeft);
        L.DomUtil.setPosition(element, point);
        element.style.position = 'absolute';
        written.push(element);
      }
      this._names.replaceChildren(...written);
    },

    _box({ x, y }, wide, isCountry) {
      if (isCountry) return [x - wide / 2 - 4, y - 11, x + wide / 2 + 4, y + 11];
      return this.options.isRightToLeft ? [x - wide - 9, y - 9, x + 6, y + 9] : [x - 6, y - 9, x + wide + 9, y + 9];
    },
  });

  function overlap(a, b) {
    return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  }

  function rasterLayer({ url, attribution, maxData }) {
    const safe = document.createElement('span');
    safe.textContent = attribution ?? '';
    return L.tileLayer(url, { attribution: safe.innerHTML, maxNativeZoom: maxData, maxZoom: 20 });
  }

  L.BaseMap = BaseMap;
  L.baseMap = (options) => (options.kind === 'raster' ? rasterLayer(options) : new BaseMap(options));
})();
