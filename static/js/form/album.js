/**
 * The photos of the form: taken or chosen, made small at once, shown, taken out again; at most eight. The file itself is
 * kept in memory only, and only so that it can follow sealed when the person wants that (`consents` KEEP_EVIDENCE).
 */
import { spokenDay } from '../days.js';
import { readExif } from './exif.js';
import { made } from './made.js';
import { fill, part } from './parts.js';
import { shrink } from './shrink.js';

const photos = [];
let limit;
let list;
let said;
let changed = () => {};

/** Draw the album in place of the plain file field, which stays for the post without scripts. */
export async function startAlbum(form) {
  const plain = form.querySelector('[data-photos]');
  const album = await part('album');
  limit = Number(form.dataset.photoLimit);
  list = album.querySelector('[data-pictures]');
  said = album.querySelector('[data-said]');
  changed = () => form.dispatchEvent(new Event('change'));
  for (const input of album.querySelectorAll('[data-take]')) {
    input.addEventListener('change', async () => {
      const files = [...input.files];
      input.value = '';
      await take(files, form);
    });
  }
  form.querySelector('[data-album]').replaceChildren(album);
  await take([...plain.files], form); // chosen before the album was there
  plain.value = '';
  plain.hidden = true;
  plain.disabled = true;
}

/** `[{ id, blob, original? }]` as the phone keeps them; the original only where the person wants it kept as evidence. */
export function album(form) {
  const withOriginals = form.querySelector('[name=consents][value=KEEP_EVIDENCE]').checked && !form.elements.is_minor.checked;
  return photos.map(({ id, blob, original, isBlind }) => ({ id, blob, ...(withOriginals && original && !isBlind ? { original } : {}) }));
}

/** Photos of a draft that was opened again. */
export async function putBack(kept, form) {
  photos.splice(0);
  for (const { blob, original } of kept.slice(0, limit)) photos.push({ id: crypto.randomUUID(), blob, original });
  draw(form);
}

/** Photos in the plain file field, because the album never came over this line: only a post carries them. */
export function hasPlainPhotos(form) {
  const plain = form.querySelector('[data-photos]');
  return !plain.disabled && plain.files.length > 0;
}

/** For the post without the phone's queue: the small photos in the plain file field. */
export function fillPlainField(form) {
  const plain = form.querySelector('[data-photos]');
  const transfer = new DataTransfer();
  photos.forEach(({ blob }, place) => transfer.items.add(new File([blob], `photo-${place + 1}`, { type: blob.type })));
  plain.disabled = false;
  if (photos.length) plain.files = transfer.files;
}

async function take(files, form) {
  if (!files.length) return;
  const fitting = files.slice(0, limit - photos.length);
  said.textContent = said.dataset.busy;
  let refused = '';
  for (const file of fitting) {
    const found = await readExif(file);
    const small = await shrink(file);
    if (small) photos.push({ id: number(), blob: small, original: file });
    else if (isPhoto(file)) photos.push({ id: number(), blob: file, original: file, isBlind: true });
    else refused = said.dataset.unusable;
    await offer(found, form);
  }
  draw(form);
  const many = files.length > fitting.length ? said.dataset.tooMany : '';
  said.textContent = [fill(said.dataset.count, { n: photos.length }), many, refused].filter(Boolean).join(' ');
  changed();
}

/** Plain http has no randomUUID; such a page posts without the queue, where the number is not used. */
function number() {
  return crypto.randomUUID?.() ?? String(Math.random());
}

/** HEIC on a phone whose browser cannot read it: it goes as it is, sealed like all else, and is cleaned on arrival. */
function isPhoto(file) {
  return /^image\/(jpeg|png|webp|hei[cf])$/.test(file.type) || /\.hei[cf]$/i.test(file.name);
}

function draw(form) {
  list.replaceChildren(...photos.map((photo, place) => tile(photo, place, form)));
  for (const input of form.querySelectorAll('[data-take]')) input.disabled = photos.length >= limit;
}

function tile(photo, place, form) {
  const name = fill(said.dataset.number, { n: place + 1 });
  const remove = made('button', { type: 'button', className: 'quiet remove', textContent: '×', ariaLabel: fill(said.dataset.remove, { n: place + 1 }) });
  remove.addEventListener('click', () => {
    photos.splice(place, 1);
    draw(form);
    said.textContent = fill(said.dataset.count, { n: photos.length });
    (list.querySelectorAll('button')[place] ?? form.querySelector('[data-take]')).focus();
    changed();
  });
  if (photo.isBlind) return made('li', {}, made('span', { className: 'blind', textContent: `${name}. ${said.dataset.blind}` }), remove);
  const picture = made('img', { alt: name, src: URL.createObjectURL(photo.blob), onload: () => URL.revokeObjectURL(picture.src) });
  return made('li', {}, picture, remove);
}

/** What the camera wrote down is offered, never taken by itself; the person knows whether it is the damage's. */
async function offer({ place, taken }, form) {
  const box = form.querySelector('[data-album]');
  const where = form.querySelector('[data-place]');
  if (place && !where.value) {
    const at = `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;
    await ask(box, 'offer-place', { place: `\u2068${at}\u2069` }, () => {
      where.value = at;
      form.querySelector('[data-pin-method]').value = 'PHOTO_EXIF';
      form.querySelector('[data-device-accuracy]').value = '';
    });
  }
  if (taken && !form.elements.when.value) {
    await ask(box, 'offer-time', { time: spokenDay(taken.date) }, () => {
      form.elements.when.value = 'DATE';
      form.elements.when_date.value = taken.date;
      form.elements.day_part.value = ['NIGHT', 'MORNING', 'AFTERNOON', 'EVENING'][Math.floor(taken.hour / 6)] ?? '';
    });
  }
}

async function ask(box, kind, values, accept) {
  if (box.querySelector(`[data-offer="${kind}"]`)) return;
  const notice = await part('offer');
  notice.dataset.offer = kind;
  const words = fill((await part(kind)).textContent, values);
  notice.querySelector('[data-what]').textContent = words;
  notice.setAttribute('aria-label', words);
  const answer = (isYes) => () => { if (isYes) { accept(); changed(); } notice.remove(); };
  notice.querySelector('[data-yes]').addEventListener('click', answer(true));
  notice.querySelector('[data-no]').addEventListener('click', answer(false));
  box.append(notice);
}
