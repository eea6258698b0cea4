/** The server's public key: from the page, which an offline phone has too; else as remembered; else asked for. */
import { get, put } from './store.js';
import { bytesOfBase64 } from './seal.js';

const ADDRESS = '/api/v1/reporting-key';

const read = (id, point) => ({ id, point: bytesOfBase64(point) });

function usable(key) {
  return /^[0-9a-f]{16}$/.test(key.id ?? '') && key.point.length === 65 && key.point[0] === 4;
}

function ofPage() {
  const { keyId, publicKey } = document.querySelector('[data-key-id]')?.dataset ?? {};
  return keyId && publicKey ? read(keyId, publicKey) : null;
}

async function asked() {
  const response = await fetch(ADDRESS, { headers: { Accept: 'application/json' } });
  const { key_id: id, public_key: point } = await response.json();
  return read(id, point);
}

async function remembered() {
  return (await get('facts', 'key'))?.key ?? null;
}

/** {id, point} to seal to; rejects when there is none yet and nobody can be asked. A key of the page is remembered. */
export async function sealingKey() {
  const key = ofPage() ?? await remembered() ?? await asked();
  if (!usable(key)) throw new Error('no key to seal to');
  await put('facts', { name: 'key', key });
  return key;
}
