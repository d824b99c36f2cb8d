// @ts-check
/** What the page knows, as signals: panels that show one are drawn anew when it changes. */

import { computed, signal } from "@preact/signals";

/** @template T @typedef {import("@preact/signals").Signal<T>} Signal */
/** @typedef {{id: string, name: string, width: number, height: number, format: string | null, bits: number}} Photo */
/** @typedef {{name: string, score: number, verdict: string, means: string}} Finding */
/** @typedef {{verdict: string, findings: Finding[]}} Diagnosis */
/**
 * @typedef {object} Try one way to fill a hole
 * @property {string} id of the picture with it
 * @property {number[]} box what it changed
 * @property {ImageBitmap} image of the box
 * @property {number} digest of the box: two tries that give the same are one
 * @property {string} engine @property {number} seed @property {string} way how it differs from the others
 * @property {string[]} notes @property {number} seconds
 * @property {Diagnosis | null} diagnosis null while it is not there
 */
/** @typedef {{tries: Try[], chosen: number, from: string, mask: Blob, at: {left: number, top: number}}} Step one fill, and others of the same hole */
/** @typedef {{name: string, ready: boolean, get: string | null, what_for?: string, forbids?: string}} Weights */
/** @typedef {{name: string, summary: string, ready: boolean, get: string | null, weights: Weights[]}} Engine */

/** @type {Signal<Photo | null>} */
export const photo = signal(null);
export const tool = signal("brush");
export const brush = signal(60); // diameter, photo px
export const pressure = signal(false);
export const colour = signal("#ff2d78");
export const opacity = signal(0.5);
export const maskShown = signal(true);
export const hasMask = signal(false);
export const corners = signal(0);
export const boxWord = signal("marks"); // what is looked for in a box
/** @type {Signal<number[][]>} clicks: x, y, 1 for on the thing or 0 for beside it */
export const marks = signal([]);
export const minus = signal(false); // clicks mean what is beside the thing

/** @type {Signal<{engine: string, weights: string | null, seed: number, grow: string, feather: string, texture: string}>} */
export const settings = signal({ engine: "auto", weights: null, seed: 0, grow: "0", feather: "0", texture: "auto" });
/** @type {Signal<Engine[]>} */
export const engines = signal([]);

/** @type {Signal<Step[]>} */
export const steps = signal([]);
export const cursor = signal(0); // how many steps are shown
export const undoable = signal(0);
export const redoable = signal(0);

/** @type {Signal<{what: string, share: number | null, more: string} | null>} what is at work */
export const busy = signal(null);
/** @type {Signal<{text: string, bad: boolean} | null>} */
export const said = signal(null);
export const helpShown = signal(false);
export const choosing = signal(false); // tries are shown side by side
export const panelShown = signal(false); // on a phone
export const split = signal(0); // share of the view that shows the photo as it was
/** @type {Signal<{name: string, colour: string}[] | null>} the parts of a mask that is offered */
export const offer = signal(null);

export const eraser = computed(() => tool.value === "eraser");
/** The step that is shown last. */
export const shown = computed(() => (cursor.value ? steps.value[cursor.value - 1] : null));
/** The name of the picture that is shown. */
export const current = computed(() => (shown.value ? shown.value.tries[shown.value.chosen].id : photo.value?.id ?? null));

/** Say something at the foot of the page, and to screen readers. @param {string} text @param {boolean} [bad] */
export function note(text, bad = false) {
  said.value = { text, bad };
}

/** @param {number} count */
export function mark(count) {
  if (corners.value !== count) queueMicrotask(() => (corners.value = count));
}
