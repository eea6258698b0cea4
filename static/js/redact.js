/** Parts of a photo to paint over: drawing on it fills the fields, and what the fields say is shown on it. */
const root = document.querySelector('[data-redact]');
const stage = root.querySelector('.redact-stage');
const SIDES = ['left', 'top', 'width', 'height'];
const SMALLEST = 0.5; // hundredths: less is a slip of the hand
const parts = [...root.querySelectorAll('[data-part]')].map((row) => {
  const box = stage.appendChild(document.createElement('span'));
  const fields = SIDES.map((side) => row.querySelector(`[name=${side}]`));
  const part = { box, fields };
  row.addEventListener('input', () => show(part));
  show(part);
  return part;
});

function show({ box, fields }) {
  const numbers = fields.map((field) => Number.parseFloat(field.value));
  box.hidden = numbers.some(Number.isNaN);
  if (!box.hidden) SIDES.forEach((side, i) => box.style.setProperty(side, `${numbers[i]}%`));
}

function write(part, numbers) {
  part.fields.forEach((field, i) => { field.value = numbers[i].toFixed(1); });
  show(part);
}

function at(event) {
  const { left, top, width, height } = stage.getBoundingClientRect();
  return [(100 * (event.clientX - left)) / width, (100 * (event.clientY - top)) / height].map((n) => Math.min(100, Math.max(0, n)));
}

stage.addEventListener('pointerdown', (event) => {
  const part = parts.find(({ fields }) => fields[2].value === '' || fields[3].value === '');
  if (!part || event.button) return;
  event.preventDefault();
  stage.setPointerCapture(event.pointerId);
  const [x, y] = at(event);
  const draw = (moved) => {
    const [u, v] = at(moved);
    write(part, [Math.min(x, u), Math.min(y, v), Math.abs(u - x), Math.abs(v - y)]);
  };
  const end = () => {
    stage.removeEventListener('pointermove', draw);
    if (part.fields.slice(2).some((field) => Number(field.value) < SMALLEST)) {
      part.fields.forEach((field) => { field.value = ''; });
      show(part);
    }
  };
  stage.addEventListener('pointermove', draw);
  stage.addEventListener('pointerup', end, { once: true });
  stage.addEventListener('pointercancel', end, { once: true });
});
