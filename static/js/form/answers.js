/**
 * What the questions do while they are answered: the position of the device with its stated accuracy, place suggestions
 * from our own gazetteer, advice and fields that appear when they are needed. Without scripts all of it is simply there.
 */
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
}

/** A place written by hand is no longer the position of the device. Only who writes pays for the suggestions. */
place.addEventListener('input', () => {
  find('data-pin-method').value = '';
  find('data-device-accuracy').value = '';
});
place.addEventListener('input', async () => {
  const { suggestPlaces } = await import('../places.js');
  suggestPlaces(place, find('data-places'), () => {});
  place.dispatchEvent(new Event('input'));
}, { once: true });

/** Parts that are there for some answers only; without scripts they are all there. */
function show() {
  const ticked = [...form.querySelectorAll('[name=hazards]:checked')].map(({ value }) => value);
  for (const advice of form.querySelectorAll('[data-advice]')) advice.hidden = !advice.dataset.advice.split(' ').some((code) => ticked.includes(code));
  find('data-trapped').hidden = !form.elements.people_trapped.checked;
  const isMinor = form.elements.is_minor.checked;
  find('data-minor').hidden = !isMinor;
  for (const about of form.querySelectorAll('[name=contact], [name=consents]')) about.disabled = isMinor;
  find('data-when-date').hidden = form.elements.when.value !== 'DATE';
}
form.addEventListener('change', show);
show();

offerPosition(find('data-position'), find('data-position-said'));
