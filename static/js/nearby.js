/**
 * What the public map already shows close by, asked of the public interface as any stranger could: "is it one of these?"
 * The answer fills the field `same_damage_as`; kinds and grades are said in the words of the form's own tiles.
 */
const AROUND_M = 300;
const METRES_PER_DEGREE = 111320;
const language = document.documentElement.lang;
const metres = new Intl.NumberFormat(language, { style: 'unit', unit: 'meter', maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' });

export async function offerNearby({ lat, lon }, box, form) {
  const found = (await around(lat, lon)).map((row) => ({ ...row, away: distance(lat, lon, row) }));
  const near = found.filter(({ away }) => away <= AROUND_M).sort((a, b) => a.away - b.away).slice(0, 4);
  box.replaceChildren(...(near.length ? drawn(near, box.dataset, form) : []));
}

/** Public records that are shown as points in the box around; nothing when it cannot be asked. */
async function around(lat, lon) {
  const dy = AROUND_M / METRES_PER_DEGREE;
  const dx = dy / Math.max(0.1, Math.cos((lat * Math.PI) / 180));
  const query = new URLSearchParams({ bbox: [lon - dx, lat - dy, lon + dx, lat + dy].map((n) => n.toFixed(5)).join(), limit: 20 });
  try {
    const answer = await fetch(`/api/v1/public/incidents?${query}`, { headers: { Accept: 'application/json' } });
    return answer.ok ? (await answer.json()).items.filter((row) => Number.isFinite(row.lat) && Number.isFinite(row.lon)) : [];
  } catch {
    return [];
  }
}

function distance(lat, lon, row) {
  const x = (row.lon - lon) * Math.cos((lat * Math.PI) / 180);
  return Math.hypot(x, row.lat - lat) * METRES_PER_DEGREE;
}

function drawn(rows, said, form) {
  const title = Object.assign(document.createElement('p'), { className: 'label', textContent: said.words });
  const answers = rows.map((row) => choice(row.incident_id, described(row, form), form));
  return [title, ...answers, choice('', said.none, form)];
}

/** "School, Severe damage · 38 m · 4 Mar 2026" */
function described(row, form) {
  const word = (name, code) => form.querySelector(`input[name="${name}"][value="${CSS.escape(code)}"]`)?.closest('label').querySelector('.face > span').firstChild.textContent.trim();
  const grade = row.damage_best === null ? 'DU' : `D${row.damage_best}`;
  const what = [word('site_type', row.site_type ?? 'UNK'), word('damage', grade)].filter(Boolean).join(', ');
  return [what, metres.format(row.away), row.date_start && day.format(new Date(row.date_start))].filter(Boolean).join(' · ');
}

function choice(number, words, form) {
  const label = Object.assign(document.createElement('label'), { className: 'choice framed' });
  const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'nearby', value: number });
  input.addEventListener('change', () => { form.elements.same_damage_as.value = number; });
  label.append(input, ' ', Object.assign(document.createElement('span'), { textContent: words, dir: 'auto' }));
  return label;
}
