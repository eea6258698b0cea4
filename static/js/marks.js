/** What stands on the map: donuts for many damage records, symbols for one. SVG by hand, colours from tokens.css. */
const SVG = 'http://www.w3.org/2000/svg';
const GRADES = ['D0', 'D1', 'D2', 'D3', 'D4', 'DU'];
const LEVELS = ['0', '1', '1', '2', '2', 'u'];
const exact = new Intl.NumberFormat(document.documentElement.lang);
const short = new Intl.NumberFormat(document.documentElement.lang, { notation: 'compact', maximumFractionDigits: 1 });

export const number = (n) => exact.format(n);

/** The level a grade is coloured by: "0" none, "1" minor or moderate, "2" severe or destroyed, "u" unknown. */
export const levelOf = (grade) => LEVELS[GRADES.indexOf(grade)] ?? 'u';

/** "47: Severe damage 12, Destroyed 3, …" in words of the page. */
export function spoken(counts, words) {
  const parts = GRADES.flatMap((grade, i) => (counts[i] ? [`${words.damage[grade]} ${number(counts[i])}`] : []));
  return `${number(sum(counts))}: ${parts.join(', ')}`;
}

export const sum = (counts) => counts.reduce((a, b) => a + b, 0);

/** A ring of the three levels and unknown, with the exact number inside. Returns { element, radius }. */
export function donut(counts) {
  const total = sum(counts);
  const radius = Math.round(Math.min(30, 15 + 3.6 * Math.log10(total)));
  const element = svg('svg', { class: 'donut', width: 2 * radius, height: 2 * radius, viewBox: `${-radius} ${-radius} ${2 * radius} ${2 * radius}`, 'aria-hidden': 'true' });
  element.append(svg('circle', { class: 'donut-rim', r: radius }));
  ring(element, shares(counts), total, radius - 1.5);
  element.append(svg('circle', { class: 'donut-hole', r: radius * 0.66 }));
  const text = total > 99999 ? short.format(total) : number(total);
  const label = svg('text', { 'text-anchor': 'middle', dy: '.35em', 'font-size': Math.min(13, (radius * 2.1) / Math.max(2, text.length)) });
  label.textContent = text;
  element.append(label);
  return { element, radius };
}

/** The number of an area: words on its outline, and no pin, because the middle of an area is no place. */
export function tag(n) {
  const element = document.createElement('span');
  element.className = 'tag';
  element.textContent = n > 99999 ? short.format(n) : number(n);
  return { element, radius: 24 };
}

function shares(counts) {
  const byLevel = { 0: 0, 1: 0, 2: 0, u: 0 };
  counts.forEach((n, i) => { byLevel[LEVELS[i]] += n; });
  return ['2', '1', '0', 'u'].map((level) => [level, byLevel[level]]);
}

function ring(parent, parts, total, radius) {
  let from = -Math.PI / 2;
  for (const [level, n] of parts) {
    if (!n) continue;
    const to = from + (n / total) * 2 * Math.PI;
    const whole = n === total;
    parent.append(whole ? svg('circle', { class: `level-${level}`, r: radius }) : svg('path', { class: `level-${level}`, d: slice(from, to, radius) }));
    from = to;
  }
}

function slice(from, to, r) {
  const at = (angle) => `${(r * Math.cos(angle)).toFixed(2)} ${(r * Math.sin(angle)).toFixed(2)}`;
  return `M0 0L${at(from)}A${r} ${r} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}Z`;
}

const SIGNS = {
  0: 'M-5 .5-1.5 4 5-3.5',
  1: 'M0-6V1.5M0 5v.6',
  2: 'M-4-4 4 4M4-4-4 4',
  u: 'M-2.8-2.6C-2.8-6.4 3-6.2 3-2.8 3-.6 0-.4 0 2M0 5v.6',
};

/** One damage record: a disc by level with its sign; a dashed rim while it is not at least probable. */
export function symbol(grade, certainty) {
  const level = levelOf(grade);
  const doubtful = certainty !== 'PROBABLE' && certainty !== 'CONFIRMED';
  const element = svg('svg', { class: `mark level-${level}${doubtful ? ' doubtful' : ''}`, width: 26, height: 26, viewBox: '-13 -13 26 26', 'aria-hidden': 'true' });
  element.append(svg('circle', { class: 'mark-halo', r: 12.5 }), svg('circle', { class: 'mark-disc', r: 10.5 }), svg('path', { class: 'mark-sign', d: SIGNS[level] }));
  return { element, radius: 13 };
}

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
