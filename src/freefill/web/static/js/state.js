// @ts-check
/** What the page knows, as signals: panels that show one are drawn anew when it changes. */

import { computed, signal } from "@preact/signals";

/** @typedef {{id: string, name: string, width: number, height: number, format: string | null, bits: number}} Photo */
/** @typedef {{id: string, box: number[], image: ImageBitmap, engine: string, seed: number, notes: string[], seconds: number}} Try */
/** @typedef {{tries: Try[], chosen: number, from: string, mask: Blob, at: {left: number, top: number}}} Step one fill, and others of the same hole */

/** @type {import("@preact/signals").Signal<Photo | null>} */
export const photo = signal(null);
export const tool = signal("brush");
export const brush = signal(60); // diameter, photo px
export const pressure = signal(false);
export const colour = signal("#ff2d78");
export const opacity = signal(0.5);
export const maskShown = signal(true);
export const hasMask = signal(false);
export const corners = signal(0);
/** @type {import("@preact/signals").Signal<number[][]>} clicks: x, y, 1 for on the thing or 0 for beside it */
export const marks = signal([]);

export const settings = signal({ engine: "auto", seed: 0, grow: "0", texture: "auto" });
/** @type {import("@preact/signals").Signal<{name: string, summary: string, ready: boolean, get: string | null}[]>} */
export const engines = signal([]);

/** @type {import("@preact/signals").Signal<Step[]>} */
export const steps = signal([]);
export const cursor = signal(0); // how many steps are shown
export const undoable = signal(0);
export const redoable = signal(0);

/** @type {import("@preact/signals").Signal<{what: string, share: number | null, more: string} | null>} what is at work */
export const busy = signal(null);
/** @type {import("@preact/signals").Signal<{text: string, bad: boolean} | null>} */
export const said = signal(null);
export const helpShown = signal(false);
export const panelShown = signal(false); // on a phone
export const split = signal(0); // share of the view that shows the photo as it was
/** @type {import("@preact/signals").Signal<{notes: string[]} | null>} a mask that is offered */
export const offer = signal(null);

export const eraser = computed(() => tool.value === "eraser");
/** The name of the picture that is shown. */
export const current = computed(() => {
  if (!cursor.value) return photo.value?.id ?? null;
  const step = steps.value[cursor.value - 1];
  return step.tries[step.chosen].id;
});

/** Say something at the foot of the page, and to screen readers. @param {string} text @param {boolean} [bad] */
export function note(text, bad = false) {
  said.value = { text, bad };
}

/** @param {number} count */
export function mark(count) {
  if (corners.value !== count) queueMicrotask(() => (corners.value = count));
}
