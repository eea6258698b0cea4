/**
 * What is already known near the place, asked only after the person's own account is fixed: `askAround(form)` shows it
 * and resolves to { hintSeen, answer: { kind, about } | null } when the person goes on. Nothing known, no line, no
 * answer within a few seconds: nobody waits.
 */
import { spokenDay } from '../days.js';
import { made } from './made.js';
import { fill, language, part } from './parts.js';
import { pointOf } from './told.js';

const PATIENCE_MS = 4000;
const MOST = 4;
const UNSEEN = { hintSeen: false, answer: null };
const RANK = ['SAME_DAMAGE', 'NEW_STRIKE', 'OTHER'];
const metres = new Intl.NumberFormat(language, { style: 'unit', unit: 'meter', maximumFractionDigits: 0 });

export async function askAround(form) {
  const point = pointOf(form);
  const known = point && navigator.onLine ? await around(point, form) : [];
  if (!known.length) return UNSEEN;
  const screen = await part('hint');
  const box = screen.querySelector('[data-known]');
  for (const [number, row] of known.entries()) box.append(await drawn(row, number, form, box.dataset));
  const after = document.querySelector('[data-after]');
  after.replaceChildren(screen);
  after.hidden = false;
  form.hidden = true;
  screen.scrollIntoView();
  screen.querySelector('h2').focus({ preventScroll: true });
  await new Promise((resolve) => { screen.querySelector('[data-go]').addEventListener('click', resolve, { once: true }); });
  return { hintSeen: true, answer: answerOf(box) };
}

/** A worker who is signed in hears of the private map as far as their role goes; anybody else of the public one only. */
async function around(point, form) {
  try {
    const found = 'worker' in form.dataset ? await asked('/api/v1/nearby', point) : null;
    return found?.items ?? publicRows(await asked('/api/v1/public/nearby', point));
  } catch {
    return [];
  }
}

async function asked(address, point) {
  const answer = await fetch(`${address}?${new URLSearchParams(point)}`, { headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE_MS) });
  return answer.ok ? answer.json() : null;
}

/** Where people fight a stranger gets no hint at all. */
function publicRows(found) {
  if (!found || found.off) return [];
  return found.items.slice(0, MOST).map((row) => ({
    about: row.incident_id, site_type: row.site_type, damage: Number.isInteger(row.damage_best) ? `D${row.damage_best}` : null, day: row.date_end, metres: row.metres,
  }));
}

async function drawn(row, number, form, said) {
  const known = await part('known');
  known.querySelector('[data-legend]').textContent = described(row, form, said);
  if (row.photo) known.querySelector('[data-picture]').append(made('img', { src: row.photo, alt: said.photo, loading: 'lazy' }));
  for (const input of known.querySelectorAll('input')) Object.assign(input, { name: `known-${number}` }).dataset.about = row.about;
  return known;
}

/** "School, Severe damage · about 38 m away · 20 Nov 2026" in the words of the form's own tiles. */
function described(row, form, said) {
  const word = (name, code) => form.querySelector(`input[name="${name}"][value="${CSS.escape(code ?? '')}"]`)?.closest('label').querySelector('.face > span').firstChild.textContent.trim();
  const what = [word('site_type', row.site_type), word('damage', row.damage)].filter(Boolean).join(', ');
  const where = Number.isFinite(row.metres) ? fill(said.away, { m: metres.format(row.metres) }) : said.cell;
  return [what, where, row.day && spokenDay(row.day)].filter(Boolean).join(' · ');
}

/** A report speaks of one damage: "the same" counts before "hit again", and that before "something else". */
function answerOf(box) {
  const given = [...box.querySelectorAll('input:checked')].sort((a, b) => RANK.indexOf(a.value) - RANK.indexOf(b.value));
  return given.length ? { kind: given[0].value, about: given[0].dataset.about } : null;
}
