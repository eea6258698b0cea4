/**
 * Place and time that a camera wrote into a photo: `readExif(file)` → { place: { lat, lon } | null, taken: { date:
 * '2026-11-21', hour: 18 } | null }. JPEG, WebP, PNG and HEIC alike: wherever the file holds it, EXIF is a TIFF block.
 */
const SEARCHED_BYTES = 4_000_000;
const [GPS, CAMERA, TAKEN] = [0x8825, 0x8769, 0x9003];

export async function readExif(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, SEARCHED_BYTES).arrayBuffer());
    const start = findTiff(bytes);
    if (start < 0) return { place: null, taken: null };
    return read(new DataView(bytes.buffer, start));
  } catch {
    return { place: null, taken: null }; // a broken block tells nothing
  }
}

/** After "Exif", two zeros (JPEG, HEIC), or a chunk's length (WebP, PNG): "II*" or "MM" and 42. */
function findTiff(bytes) {
  for (let i = 0; i < bytes.length - 16; i++) {
    const isExif = bytes[i] === 0x45 || bytes[i] === 0x65; // E of Exif and EXIF, e of eXIf
    if (!isExif || String.fromCharCode(...bytes.subarray(i, i + 4)).toLowerCase() !== 'exif') continue;
    for (let at = i + 4; at < i + 20; at++) if (isTiff(bytes, at)) return at;
  }
  return -1;
}

function isTiff(bytes, at) {
  const [a, b, c, d] = bytes.subarray(at, at + 4);
  return (a === 0x49 && b === 0x49 && c === 42 && d === 0) || (a === 0x4d && b === 0x4d && c === 0 && d === 42);
}

function read(view) {
  const little = view.getUint8(0) === 0x49;
  const first = directory(view, view.getUint32(4, little), little);
  const inside = (tag) => (first.has(tag) ? directory(view, first.get(tag).number, little) : new Map());
  return { place: placeOf(inside(GPS)), taken: timeOf(inside(CAMERA).get(TAKEN)?.text) };
}

/** The entries of one directory by tag, each as { number, text, numbers }. */
function directory(view, at, little) {
  const found = new Map();
  const count = Math.min(view.getUint16(at, little), 200);
  for (let i = 0; i < count; i++) {
    const entry = at + 2 + 12 * i;
    found.set(view.getUint16(entry, little), value(view, entry, little));
  }
  return found;
}

function value(view, entry, little) {
  const [type, count] = [view.getUint16(entry + 2, little), view.getUint32(entry + 4, little)];
  const number = type === 3 ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
  const at = count > 4 || type === 5 ? number : entry + 8;
  const text = type === 2 ? String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, Math.min(count, 40))).replace(/\0.*$/s, '') : '';
  const numbers = type === 5 && count <= 3 ? Array.from({ length: count }, (_, i) => view.getUint32(at + 8 * i, little) / view.getUint32(at + 8 * i + 4, little)) : [];
  return { number, text, numbers };
}

function placeOf(gps) {
  const [lat, lon] = [degrees(gps.get(2), gps.get(1), 'S'), degrees(gps.get(4), gps.get(3), 'W')];
  const isPlace = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return isPlace ? { lat, lon } : null;
}

function degrees(angle, side, negative) {
  if (!angle) return NaN;
  const [whole, minutes = 0, seconds = 0] = angle.numbers;
  return (whole + minutes / 60 + seconds / 3600) * (side?.text === negative ? -1 : 1);
}

function timeOf(text = '') {
  const [, year, month, day, hour] = /^(\d{4}):(\d\d):(\d\d) (\d\d):/.exec(text) ?? [];
  const date = `${year}-${month}-${day}`;
  return year && !Number.isNaN(Date.parse(date)) && Date.parse(date) <= Date.now() + 86_400_000 ? { date, hour: Number(hour) } : null;
}
