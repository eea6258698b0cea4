/**
 * What this phone keeps: one record is one key, one transaction is one connection, and a promise that resolves is durable.
 *
 * `queue` {id, at, sha256, body, media, …}: reports on their way, sealed. `parts` {key, bytes}: their sealed photos.
 * `drafts` {id, iv, box}: encrypted. `facts` {name, …}: what is known about this phone itself (its lock, the server's key).
 */
const NAME = 'tessera';
const VERSION = 1;
const STORES = { queue: 'id', parts: 'key', drafts: 'id', facts: 'name' };
const TRIES = 4;

/** The connection dies under memory pressure (iOS) or when a wipe in another tab wants it: then it is opened again. */
const CLOSED = new Set(['InvalidStateError', 'AbortError', 'UnknownError', 'TransactionInactiveError']);

function grow(database) {
  for (const [name, keyPath] of Object.entries(STORES)) {
    if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
  }
}

function open(version) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, version);
    request.onupgradeneeded = () => grow(request.result);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** A database that a newer release has grown is used as it is: stores are only ever added. */
async function opened() {
  try {
    return await open(VERSION);
  } catch (error) {
    if (error?.name !== 'VersionError') throw error;
    return open(undefined);
  }
}

function settled(transaction, work) {
  return new Promise((resolve, reject) => {
    const given = work(transaction);
    transaction.oncomplete = () => resolve(given instanceof IDBRequest ? given.result : given);
    transaction.onabort = () => reject(transaction.error ?? new DOMException('closed', 'AbortError'));
  });
}

async function once(mode, names, work) {
  const database = await opened();
  try {
    return await settled(database.transaction(names, mode, { durability: 'strict' }), work);
  } finally {
    database.close();
  }
}

/** Run `work(transaction)`; resolves with the result of the request it returns, once that is durable. It may run again. */
async function within(mode, names, work) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await once(mode, names, work);
    } catch (error) {
      if (left <= 1 || !CLOSED.has(error?.name)) throw error;
    }
  }
}

export const writing = (names, work) => within('readwrite', names, work);
export const get = (store, key) => within('readonly', [store], (all) => all.objectStore(store).get(key));
export const getAll = (store) => within('readonly', [store], (all) => all.objectStore(store).getAll());
export const put = (store, record) => writing([store], (all) => all.objectStore(store).put(record));
export const remove = (store, key) => writing([store], (all) => all.objectStore(store).delete(key));

/** Read one record, change it and write it, with nobody in between. `change(record)` gives the new one, or null for none. */
export function change(store, key, changed) {
  return writing([store], (all) => {
    const records = all.objectStore(store);
    const answer = { value: null };
    records.get(key).onsuccess = ({ target }) => {
      answer.value = changed(target.result ?? null);
      if (answer.value) records.put(answer.value);
    };
    return answer;
  }).then((answer) => answer.value);
}

/** Rejects where nothing can be kept: private windows, blocked storage, a full phone. Tried before anybody types. */
export async function probe() {
  await put('facts', { name: 'probe' });
  await remove('facts', 'probe');
}

/** Everything at once: emptied first, because a database in use elsewhere is deleted only later. */
export async function destroy() {
  await writing(Object.keys(STORES), (all) => Object.keys(STORES).forEach((name) => all.objectStore(name).clear()));
  await new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(NAME);
    request.onsuccess = request.onerror = request.onblocked = resolve;
  });
}
