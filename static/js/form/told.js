/** What the form says, as a post would carry it: `told(form)` → [[name, value], …]; photos and the number go apart. */
const APART = new Set(['id', 'lang', 'photos', 'answer_kind', 'answer_about', 'hint_seen']);

export function told(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && value !== '' && !APART.has(name));
}

/** The point that the place field names, or null: "48.4647, 35.0462", or the place that was chosen among several. */
export function pointOf(form) {
  const chosen = new FormData(form).get('place_choice');
  const words = chosen && chosen !== 'none' ? chosen : form.querySelector('[data-place]').value;
  const [, lat, lon] = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(words) ?? [];
  const isPoint = lat !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return isPoint ? { lat: Number(lat), lon: Number(lon) } : null;
}

/** What is still needed: 'what', 'where' or ''. Words of one's own are enough for both. */
export function missing(form) {
  const answers = new Map(told(form));
  if (answers.get('text')?.trim()) return '';
  if (!answers.has('site_type') && !answers.has('damage')) return 'what';
  return answers.get('place_text')?.trim() || answers.has('place_choice') ? '' : 'where';
}
