/**
 * Half-written reports, as the person chose in the phone's part of the page: encrypted under a passphrase, or not kept
 * at all. While drafts are open the form is saved a second after each change; a draft that is opened fills the form.
 */
import { album, putBack } from './album.js';
import { told } from './told.js';

const PAUSE_MS = 1000;
let draftId;
let waiting;
let phoneDrafts;

export async function followDrafts(form) {
  phoneDrafts = await import('../field/drafts.js');
  const later = () => { clearTimeout(waiting); waiting = setTimeout(() => save(form), PAUSE_MS); };
  form.addEventListener('input', later);
  form.addEventListener('change', later);
  document.addEventListener('phone:draft', ({ detail }) => { draftId = detail.id; fillFrom(detail, form); });
  document.addEventListener('phone:drafts', ({ detail }) => { if (detail.state === 'open' && !draftId) later(); });
}

async function save(form) {
  if (await phoneDrafts.state() !== 'open') return;
  const fields = told(form).filter(([name]) => name !== 'website');
  if (!fields.length && !album(form).length) return;
  draftId = await phoneDrafts.saveDraft(fields, album(form), draftId).catch(() => draftId);
}

/** After the report is in the queue nothing half-written stays behind. */
export function forgetDraft() {
  clearTimeout(waiting);
  if (draftId) phoneDrafts.dropDraft(draftId).catch(() => {});
  draftId = undefined;
}

async function fillFrom({ fields, photos }, form) {
  form.reset();
  for (const [name, value] of fields) {
    const inputs = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const choice = inputs.find((input) => input.value === value && /radio|checkbox/.test(input.type));
    if (choice) choice.checked = true;
    else if (inputs.length && !/radio|checkbox/.test(inputs[0].type)) inputs[0].value = value;
  }
  await putBack(photos ?? [], form);
  form.dispatchEvent(new Event('change'));
  form.scrollIntoView();
}
