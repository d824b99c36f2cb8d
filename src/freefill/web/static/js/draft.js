// @ts-check
/** What was begun stays in the browser's own database, so that a reload loses nothing. */

const NAME = "freefill";
const STORE = "draft";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} */
async function act(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/** @param {string} key @param {any} value */
export const keep = (key, value) => act("readwrite", (store) => store.put(value, key)).catch(() => {}); // private windows
/** @param {string} key @returns {Promise<any>} */
export const kept = (key) => act("readonly", (store) => store.get(key)).catch(() => undefined);
export const forget = () => act("readwrite", (store) => store.clear()).catch(() => {});
