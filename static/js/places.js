/**
 * What the server makes of a place while it is typed: the point that coordinates name, or places so called, as the same
 * radio buttons (`place_choice`) that the page without scripts shows after sending. `pointed` hears of a point.
 */
const PAUSE_MS = 350;
const SHORTEST = 3;
const LONGEST_LIST = 6;

export function suggestPlaces(input, list, pointed, address = '/api/v1/places') {
  let waiting;
  let running;
  input.addEventListener('input', () => {
    clearTimeout(waiting);
    running?.abort();
    const words = input.value.trim();
    list.replaceChildren();
    if (words.length < SHORTEST) return;
    waiting = setTimeout(async () => {
      running = new AbortController();
      const query = new URLSearchParams({ q: words, lang: document.documentElement.lang });
      const found = await ask(`${address}?${query}`, running.signal);
      if (!found) return;
      list.replaceChildren(...drawn(found, list.dataset.words));
      if (Number.isFinite(found.reading?.lat)) pointed(found.reading);
    }, PAUSE_MS);
  });
}

/** The answer, or nothing: a suggestion that fails must not disturb the form. */
async function ask(url, signal) {
  try {
    const answer = await fetch(url, { signal, headers: { Accept: 'application/json' } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function drawn({ reading, places = [] }, title) {
  if (Number.isFinite(reading?.lat)) return understood(reading);
  if (!places.length) return [];
  return [element('p', 'label', title), ...places.slice(0, LONGEST_LIST).map(choice)];
}

function understood({ lat, lon, doubts = [] }) {
  const point = element('p', 'hint', `${lat.toFixed(5)}, ${lon.toFixed(5)}`);
  return [point, ...doubts.map(({ message }) => element('p', 'hint', message))];
}

function choice(place) {
  const label = element('label', 'choice framed');
  const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'place_choice', value: `${place.lat}, ${place.lon}` });
  const words = document.createElement('span');
  const where = [place.region, place.country, place.beside].filter(Boolean).join(' · ');
  words.append(element('bdi', '', place.name), ' ', element('small', 'muted', where));
  label.append(input, ' ', words);
  return label;
}

function element(tag, className, text = '') {
  return Object.assign(document.createElement(tag), { className, textContent: text, dir: 'auto' });
}
