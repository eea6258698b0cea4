/** Public records that are known only by area: the outline, the fuller the more records it stands for, and their number. */
const outlines = new Map();
const STEPS = [100, 20, 5, 2, 1]; // as the key of the page says

/** How full an area is drawn, 1 to 5. */
const step = (n) => STEPS.length - STEPS.findIndex((least) => n >= least);

/** The GeoJSON outline of an area, asked for once; null where there is none. */
function outline(address, level, code) {
  const url = address.replace('{level}', encodeURIComponent(level)).replace('{code}', encodeURIComponent(code));
  if (!outlines.has(url)) outlines.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null));
  return outlines.get(url);
}

/** Draw the areas of all answers into `layer`; gives a group (see gather.js) for each, at the middle of its outline. */
export async function drawAreas(answers, address, layer, project) {
  const rows = answers.flatMap((answer) => answer.areas ?? []);
  const shapes = await Promise.all(rows.map(([level, code]) => outline(address, level, code)));
  const known = rows.map((row, i) => [row, shapes[i]]).filter(([, shape]) => shape);
  const names = known.map(([[level, code]]) => `${level}/${code}`);
  redraw(layer, names, known.map(([[, , n], shape]) => [shape, step(n)]));
  return known.map(([row, shape], i) => ({ ...groupOf(row, layer.middles.get(names[i]), project), area: names[i], name: shape.properties?.name ?? '' }));
}

/** Only when other areas are in sight than before: a poll must not flicker. */
function redraw(layer, names, shapes) {
  const drawnNow = names.map((name, i) => `${name} ${shapes[i][1]}`).join();
  if (layer.drawnNow === drawnNow) return;
  layer.drawnNow = drawnNow;
  layer.clearLayers();
  layer.middles = new Map(shapes.map(([shape, full], i) => {
    const drawn = L.geoJSON(shape, { interactive: false, style: { className: `area area-${full}` } }).addTo(layer);
    return [names[i], drawn.getBounds().getCenter()];
  }));
}

function groupOf([, , n, ...counts], { lat, lng: lon }, project) {
  const { x, y } = project(lat, lon);
  const known = counts.length >= 6 ? counts.slice(0, 6) : [0, 0, 0, 0, 0, n];
  return { x, y, lon, lat, n, counts: known, records: [], whole: false };
}
