/** What the page gets once it is usable: the phone's queue, all kinds of places, the album, the map, the check. */
import { startAlbum } from './album.js';
import { followDrafts } from './drafts.js';
import { part } from './parts.js';

export async function makeReady(form, steps) {
  phone(form);
  document.head.append(await part('style'));
  const find = (name) => form.querySelector(`[${name}]`);
  find('data-kinds')?.replaceWith(await part('kinds'));
  await startAlbum(form);
  await offerMap(find('data-pin'), form);
  steps?.onShow(async (isEnd) => {
    if (!isEnd) return;
    const { drawCheck } = await import('./check.js');
    drawCheck(form, steps);
  });
}

/** The queue, the drafts and what this browser can keep: all of it is the phone's own. */
async function phone(form) {
  const { begin } = await import('../field/phone.js');
  const section = document.querySelector('[data-phone]');
  const { kept } = await begin(section);
  form.dataset.kept = kept ? 'yes' : 'no';
  if (!kept || await isBusy()) form.before(section); // before anybody types; else the quiet list stands below
  if (kept) followDrafts(form);
}

async function isBusy() {
  const { counts } = await import('../field/outbox.js');
  return Object.values(await counts()).some(Boolean);
}

async function offerMap(box, form) {
  const open = await part('pin-open');
  box.replaceChildren(open);
  box.hidden = false;
  open.addEventListener('click', async () => {
    open.disabled = true;
    const { choosePlace } = await import('./pin.js');
    await choosePlace(box, form).catch(() => { open.disabled = false; });
  });
}
