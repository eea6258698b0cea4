/** Public records that are known only by area: the outline, softly filled by number, with a donut of its own. */
const outlines = new Map();

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
  redraw(layer, names, known.map(([, shape]) => shape));
  return known.map(([row, shape], i) => ({ ...groupOf(row, layer.middles.get(names[i]), project), area: names[i], name: shape.properties?.name ?? '' }));
}

/** Only when other areas are in sight than before: a poll must not flicker. */
function redraw(layer, names, shapes) {
  if (layer.middles && names.join() === [...layer.middles.keys()].join()) return;
  layer.clearLayers();
  layer.middles = new Map(shapes.map((shape, i) => {
    const drawn = L.geoJSON(shape, { interactive: false, style: { className: 'area' } }).addTo(layer);
    return [names[i], drawn.getBounds().getCenter()];
  }));
}

function groupOf([, , n, ...counts], { lat, lng: lon }, project) {
  const { x, y } = project(lat, lon);
  const known = counts.length >= 6 ? counts.slice(0, 6) : [0, 0, 0, 0, 0, n];
  return { x, y, lon, lat, n, counts: known, records: [], whole: false };
}
