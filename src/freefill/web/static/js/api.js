// @ts-check
/** What the page asks the service. Every error is one sentence that says the way out. */

const BASE = "/api/v1";

export class ServiceError extends Error {}

/** @param {string} path @param {RequestInit} [init] @returns {Promise<Response>} */
async function ask(path, init) {
  let response;
  try {
    response = await fetch(BASE + path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServiceError("The service does not answer. Is `freefill serve` still running? Your mask is safe here.");
  }
  if (response.ok) return response;
  let detail = response.statusText;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // not one of ours
  }
  const error = new ServiceError(detail);
  /** @type {any} */ (error).status = response.status;
  throw error;
}

/** @param {Blob} file @param {(share: number) => void} progress @returns {Promise<any>} id, width, height, ... */
export function send(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of an upload on its way
    request.open("POST", BASE + "/pictures");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      let answer;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = {};
      }
      if (request.status < 300) resolve(answer);
      else reject(new ServiceError(answer.detail ?? `The service answered ${request.status}.`));
    };
    request.onerror = () => reject(new ServiceError("The photo could not be sent: the service does not answer."));
    request.send(file);
  });
}

/** @param {string} id @returns {Promise<any | null>} what is known of a picture; null where it is gone */
export async function about(id) {
  try {
    return await (await ask(`/pictures/${id}`)).json();
  } catch (error) {
    if (/** @type {any} */ (error).status === 404) return null;
    throw error;
  }
}

/** @param {string} id */
export const previewUrl = (id) => `${BASE}/pictures/${id}/preview`;
/** @param {string} id @param {string} place level/row/column */
export const tileUrl = (id, place) => `${BASE}/pictures/${id}/tiles/${place}`;

/** @param {string} url @returns {Promise<ImageBitmap>} */
export async function bitmap(url) {
  const response = await ask(url.slice(BASE.length));
  return createImageBitmap(await response.blob());
}

/** What the last fill changed. @param {string} id @returns {Promise<{image: ImageBitmap, digest: number}>} */
export async function changed(id) {
  const blob = await (await ask(`/pictures/${id}/changed`)).blob();
  let digest = 0x811c9dc5; // FNV-1a: only to tell whether two are the same
  for (const byte of new Uint8Array(await blob.arrayBuffer())) digest = Math.imul(digest ^ byte, 0x01000193);
  return { image: await createImageBitmap(blob), digest };
}

/** @param {string} id @param {string} [format] @returns {Promise<{blob: Blob, notes: string}>} */
export async function file(id, format) {
  const response = await ask(`/pictures/${id}/file${format ? `?format=${format}` : ""}`);
  return { blob: await response.blob(), notes: response.headers.get("X-Freefill-Notes") ?? "" };
}

/** @returns {Promise<import("./state.js").Engine[]>} */
export const engines = async () => (await ask("/engines")).json();

const HOLD_S = 20; // a job goes on so long without a listener: a page that is loaded anew is there again by then

/**
 * Ask for something that takes a while, and wait for it.
 * @param {string} path @param {Record<string, string | Blob>} fields
 * @param {(job: any) => void} hear told each time that the job goes on
 * @param {AbortSignal} signal ends the work at once
 * @returns {Promise<any>} the answer
 */
export async function work(path, fields, hear, signal) {
  return follow(await begin(path, fields, signal), hear, signal);
}

/** Ask for something that takes a while. @param {string} path @param {Record<string, string | Blob>} fields @param {AbortSignal} signal @returns {Promise<any>} the job */
export async function begin(path, fields, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return (await ask(path, { method: "POST", body: form, signal })).json();
}

/** @param {string} id @returns {Promise<any | null>} a job of before; null where it is gone */
export async function job(id) {
  try {
    return await (await ask(`/jobs/${id}`)).json();
  } catch {
    return null;
  }
}

/**
 * Wait for a job.
 * @param {any} job @param {(job: any) => void} hear told each time that it goes on
 * @param {AbortSignal} signal ends the work at once
 * @returns {Promise<any>} the answer
 */
export function follow(job, hear, signal) {
  hear(job);
  return new Promise((resolve, reject) => {
    const events = new EventSource(`${BASE}/jobs/${job.id}/events?hold_s=${HOLD_S}`);
    const stop = () => {
      events.close();
      ask(`/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});
      reject(new DOMException("cancelled", "AbortError"));
    };
    signal.addEventListener("abort", stop, { once: true });
    const leave = () => {
      events.close();
      signal.removeEventListener("abort", stop);
    };
    let misses = 0;
    events.onmessage = (event) => {
      misses = 0;
      const said = JSON.parse(event.data);
      hear(said);
      if (said.status === "waiting" || said.status === "running") return;
      leave();
      if (said.status === "done") resolve(said.answer);
      else if (said.status === "cancelled") reject(new DOMException("cancelled", "AbortError"));
      else reject(new ServiceError(said.error ?? "The time was up. Try a smaller hole."));
    };
    events.onerror = () => {
      misses += 1; // the browser tries again by itself
      if (misses > 5) {
        leave();
        reject(new ServiceError("The service does not answer any more. Your mask is safe here; try again."));
      }
    };
  });
}
