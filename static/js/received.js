/** After a post: the code may be kept and then goes from the page, as it does in the phone's own queue. */
import './exit.js';
import { keeping } from './form/keeping.js';

const section = document.querySelector('[data-keep]');
if (section) {
  const list = await fetch(section.dataset.words).then((answer) => answer.text()).catch(() => '');
  const words = list.split('\n').filter(Boolean);
  const others = words.length ? [...crypto.getRandomValues(new Uint16Array(8))].map((number) => words[number % words.length]) : [];
  keeping(section, { others, done: () => { document.querySelector('[data-end]').hidden = false; } });
}
