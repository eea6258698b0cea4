/**
 * Makes the report form better where scripts run; without them the same form is sent by the same one post.
 * Position of the device with its stated accuracy, place suggestions from our own gazetteer, fields that appear when needed.
 */
import { suggestPlaces } from './places.js';

const form = document.querySelector('[data-report]');
const find = (name) => form.querySelector(`[${name}]`);
const place = find('data-place');

function offerPosition(button, said) {
  if (!navigator.geolocation) return; // plain http on a field network has none
  const say = (words) => { said.hidden = false; said.textContent = words; };
  button.hidden = false;
  button.addEventListener('click', () => {
    say(said.dataset.asking);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { takePosition(coords); say(said.dataset.found.replace('{m}', Math.ceil(coords.accuracy).toLocaleString(document.documentElement.lang))); },
      () => say(said.dataset.refused),
      { enableHighAccuracy: true, timeout: 30000, maximumAge: 0 },
    );
  });
}

function takePosition({ latitude, longitude, accuracy }) {
  place.value = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
  find('data-pin-method').value = 'DEVICE_GPS';
  find('data-device-accuracy').value = Math.ceil(accuracy);
  find('data-places').replaceChildren();
  showNearby({ lat: latitude, lon: longitude });
}

/** Only who has a place pays for the module that looks around it. */
async function showNearby(point) {
  const { offerNearby } = await import('./nearby.js');
  offerNearby(point, find('data-nearby'), form);
}

function takeChoice({ target }) {
  if (target.name !== 'place_choice') return;
  const [lat, lon] = target.value.split(',').map(Number);
  if (Number.isFinite(lat) && Number.isFinite(lon)) showNearby({ lat, lon });
}

/** A place written by hand is no longer the position of the device. */
function forgetPosition() {
  find('data-pin-method').value = '';
  find('data-device-accuracy').value = '';
  find('data-nearby').replaceChildren();
}

function askForTheDay() {
  const more = find('data-when-date');
  const show = () => { more.hidden = form.elements.when.value !== 'DATE'; };
  form.addEventListener('change', show);
  show();
}

function countPhotos(input, said, limit) {
  input.addEventListener('change', () => {
    const many = input.files.length > limit;
    if (many) dropBeyond(input, limit);
    said.hidden = !many;
    said.textContent = many ? input.dataset.tooMany : '';
  });
}

function dropBeyond(input, limit) {
  const kept = new DataTransfer();
  for (const file of [...input.files].slice(0, limit)) kept.items.add(file);
  input.files = kept.files;
}

/** Two taps on a slow line must not look like nothing happened; the number of the report makes a second post harmless. */
function showSending() {
  form.addEventListener('submit', () => {
    const button = form.querySelector('.send button');
    button.setAttribute('aria-busy', 'true');
    setTimeout(() => { button.disabled = true; });
  });
  addEventListener('pageshow', () => { form.querySelector('.send button').disabled = false; });
}

offerPosition(find('data-position'), find('data-position-said'));
place.addEventListener('input', forgetPosition);
suggestPlaces(place, find('data-places'), showNearby);
form.addEventListener('change', takeChoice);
askForTheDay();
countPhotos(find('data-photos'), find('data-photos-said'), Number(form.dataset.photoLimit));
showSending();
document.querySelector('[data-errors]')?.focus();
