/** Before and after, laid over each other: a slider (mouse, finger, arrow keys) says how much of the earlier picture is shown, up to where its thumb stands. */
for (const figure of document.querySelectorAll('[data-before-after]')) {
  const slide = figure.querySelector('input[type=range]');
  const split = () => figure.style.setProperty('--split', `${slide.value}%`);
  figure.classList.add('is-sliding');
  slide.closest('label').hidden = false;
  slide.addEventListener('input', split);
  split();
}
