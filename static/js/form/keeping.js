/**
 * The step of keeping the code: look at it, say that you have it, find one word again, and it is gone. `keeping(section,
 * { done, others })` drives one `[data-keep]`; `others` are words to choose among.
 */
import { made } from './made.js';

const number = new Intl.NumberFormat(document.documentElement.lang);

export function keeping(section, { done, others }) {
  const find = (name) => section.querySelector(`[${name}]`);
  const words = [...section.querySelectorAll('[data-code] li')].map(({ textContent }) => textContent);
  const ask = find('data-ask');
  const showCode = (isShown) => {
    find('data-show-code').hidden = !isShown;
    ask.hidden = isShown;
    section.querySelector(isShown ? '#code-title' : '[data-ask-title]').focus();
  };
  const end = () => { section.remove(); words.fill(''); done(); };
  find('data-keep-buttons').hidden = false;
  find('data-have').addEventListener('click', () => { question(ask, words, others, { right: end, wrong: () => { find('data-wrong').hidden = false; } }); showCode(false); });
  find('data-without').addEventListener('click', end);
  find('data-again').addEventListener('click', () => showCode(true));
}

function question(ask, words, others, { right, wrong }) {
  const place = crypto.getRandomValues(new Uint8Array(1))[0] % words.length;
  const title = ask.querySelector('[data-ask-title]');
  title.textContent = title.dataset.words.replace('{n}', number.format(place + 1));
  ask.querySelector('[data-wrong]').hidden = true;
  const choices = [words[place], ...others.filter((word) => !words.includes(word)).slice(0, 2)].sort();
  ask.querySelector('[data-choices]').replaceChildren(...choices.map((word) => {
    const button = made('button', { type: 'button', className: 'quiet', textContent: word });
    button.addEventListener('click', word === words[place] ? right : wrong);
    return button;
  }));
}
