/** Suggestions for a place while it is typed: radio buttons named `place_choice`, the same the server draws without scripts. */
const PAUSE_MS = 350;
const SHORTEST = 3;

export function suggestPlaces(input, list, address = '/api/v1/places') {
  let waiting;
  let running;
  input.addEventListener('input', () => {
    clearTimeout(waiting);
    running?.abort();
    const words = input.value.trim();
    if (words.length < SHORTEST || !/\p{L}/u.test(words)) return list.replaceChildren();
    waiting = setTimeout(async () => {
      running = new AbortController();
      const found = await ask(`${address}?q=${encodeURIComponent(words)}`, running.signal);
      if (found) draw(list, found);
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

function draw(list, found) {
  const places = Array.isArray(found) ? found : found.places ?? [];
  const title = Object.assign(document.createElement('p'), { className: 'label', textContent: list.dataset.words });
  list.replaceChildren(...(places.length ? [title, ...places.slice(0, 6).map(choice)] : []));
}

function choice(place) {
  const label = Object.assign(document.createElement('label'), { className: 'choice framed' });
  const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'place_choice', value: place.value ?? place.id });
  const words = document.createElement('span');
  words.append(isolated('bdi', place.name));
  if (place.detail) words.append(' ', isolated('small', place.detail, 'muted'));
  label.append(input, ' ', words);
  return label;
}

function isolated(tag, text, className = '') {
  return Object.assign(document.createElement(tag), { textContent: text, className, dir: 'auto' });
}
