// @ts-check
/** Something that the service does for the page: one at a time, with its progress, and an end to it at once. */

import * as api from "./api.js";
import { busy, said } from "./state.js";

const PARTS = { plan: "planning", cut: "filling", fill: "filling", detail: "adding detail", paste: "blending" };
const TOLD = 0.08; // share from which an estimate means something

export class Work {
  /** @param {(error: unknown) => void} fail */
  constructor(fail) {
    this.fail = fail;
    /** @type {AbortController | null} */
    this.abort = null;
  }

  /**
   * @param {string} what @param {string} path @param {Record<string, string | Blob>} fields
   * @param {(job: any) => void} [begun] told of the job once the service has taken it
   * @returns {Promise<any>} null where it came to nothing
   */
  run(what, path, fields, begun) {
    return this.wait(what, async (signal) => {
      const job = await api.begin(path, fields, signal);
      begun?.(job);
      return job;
    });
  }

  /** Wait for a job, or for one that was begun before the page was loaded anew. @param {string} what @param {(signal: AbortSignal) => Promise<any>} found @returns {Promise<any>} */
  async wait(what, found) {
    if (busy.value) return null;
    this.abort = new AbortController();
    busy.value = { what, share: null, more: "" };
    said.value = null;
    /** @type {any} */
    let job = { status: "waiting" };
    let began = performance.now();
    const show = () => (busy.value = { what, ...progress(job, (performance.now() - began) / 1000) });
    const clock = setInterval(show, 1000);
    try {
      return await api.follow(await found(this.abort.signal), (told) => {
        if (job.status === "waiting" && told.status === "running") began = performance.now();
        job = told;
        show();
      }, this.abort.signal);
    } catch (error) {
      this.fail(error);
      return null;
    } finally {
      clearInterval(clock);
      busy.value = null;
      this.abort = null;
    }
  }

  cancel() {
    this.abort?.abort();
  }
}

/** @param {any} job @param {number} seconds since it began @returns {{share: number | null, more: string}} */
function progress(job, seconds) {
  if (job.status === "waiting") return { share: null, more: job.ahead ? `${job.ahead} before you, about ${job.estimate_s} s` : "" };
  const { windows, window: number, share, part } = job.progress ?? {};
  const words = [];
  if (windows > 1) words.push(`part ${Math.max(1, number)} of ${windows}`);
  if (part) words.push(/** @type {any} */ (PARTS)[part]);
  if (share > TOLD && share < 1) words.push(`about ${Math.max(1, Math.round((seconds * (1 - share)) / share))} s left`);
  else if (seconds >= 2) words.push(`${Math.floor(seconds)} s`);
  return { share: windows ? share ?? null : null, more: words.join(", ") };
}
