/**
 * Words and screens that are needed seldom, fetched once as a page of templates (`data-parts` of the form):
 * `part('album')` is a fresh copy of the template's content, for an element of its own.
 */
const form = document.querySelector('[data-parts]');
let fetched;

export async function part(name) {
  fetched ??= load();
  try {
    return (await fetched).getElementById(name).content.cloneNode(true).firstElementChild;
  } catch (error) {
    fetched = undefined; // the line may be back at the next try
    throw error;
  }
}

async function load() {
  const answer = await fetch(form.dataset.parts);
  if (!answer.ok) throw new Error(`parts: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

export const language = document.documentElement.lang;

/** `fill('{n} of {m}', { n: 2, m: 3 })`, numbers in the digits of the page's language. */
export function fill(sentence, values) {
  return Object.entries(values).reduce((words, [name, value]) => words.replace(`{${name}}`, typeof value === 'number' ? value.toLocaleString(language) : value), sentence);
}
