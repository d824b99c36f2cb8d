// @ts-check
/** What the page does: opens photos, keeps the mask and its undo, fills, goes back and forth. */

import * as api from "./api.js";
import { forget, keep, kept } from "./draft.js";
import { Mask, sizeOf } from "./mask.js";
import { levelsOf, onePng } from "./png.js";
import { Pointer } from "./pointer.js";
import { Stage } from "./stage.js";
import {
  brush, busy, colour, current, cursor, hasMask, marks, maskShown, note, offer, opacity, panelShown, photo,
  redoable, said, settings, split, steps, tool, undoable,
} from "./state.js";
import { Tiles } from "./tiles.js";
import { Tools } from "./tools.js";

const UNDO_BYTES = 64 << 20;
const UNDO_STEPS = 200;
const DRAFT_MS = 700; // after the last stroke

/** @typedef {{kind: "mask", change: import("./mask.js").Change} | {kind: "fill", change: import("./mask.js").Change}} Act */

export class Editor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.stage = new Stage(root);
    this.tools = new Tools(this.stage, {
      changed: (change) => this.changed(change),
      find: (box, points) => this.find("marks", box, points),
    });
    this.pointer = new Pointer(this.stage, {
      down: (x, y, how) => this.tools.press(x, y, how),
      move: (points) => this.tools.drag(points),
      up: () => this.tools.lift(),
      drop: () => this.tools.drop(),
      hover: (x, y) => this.tools.hover(x, y),
      size: (factor) => this.resize(factor),
    });
    /** @type {Act[]} */
    this.done = [];
    /** @type {Act[]} */
    this.undone = [];
    /** @type {AbortController | null} */
    this.abort = null;
    this.saving = 0;
  }

  // --- photos ---------------------------------------------------------------------------------------------------

  /** @param {Blob} file @param {string} name */
  async open(file, name) {
    if (busy.value) return;
    busy.value = { what: "Sending the photo", share: 0, more: "" };
    said.value = null;
    try {
      const about = await api.send(file, (share) => {
        busy.value = { what: share < 1 ? "Sending the photo" : "Opening the photo", share: share < 1 ? share : null, more: "" };
      });
      await this.show({ ...about, name });
      await forget();
      keep("file", file);
      keep("photo", { id: about.id, name });
    } catch (error) {
      this.fail(error);
    } finally {
      busy.value = null;
    }
  }

  /** @param {import("./state.js").Photo} about */
  async show(about) {
    const preview = await api.bitmap(api.previewUrl(about.id));
    this.stage.tiles?.close();
    this.stage.preview?.close();
    for (const step of steps.value) for (const each of step.tries) each.image.close();
    const { width, height } = about;
    Object.assign(this.stage, {
      preview, size: { width, height }, patches: [], offered: null, mask: new Mask(width, height),
      tiles: new Tiles(about.id, width, height, () => this.stage.redraw("photo")),
    });
    this.stage.pictures.clear();
    this.done = [];
    this.undone = [];
    steps.value = [];
    cursor.value = 0;
    split.value = 0;
    this.stage.split = 0;
    offer.value = null;
    marks.value = [];
    photo.value = about;
    brush.value = Math.max(8, Math.round(Math.max(width, height) / 28));
    this.count();
    requestAnimationFrame(() => this.stage.fit());
  }

  /** Go on where a reload, or a closed window, left off. */
  async resume() {
    const draft = await kept("photo");
    if (!draft || photo.value) return;
    let about = await api.about(draft.id).catch(() => null);
    if (!about) {
      const file = await kept("file");
      if (!file) return;
      about = await api.send(file, () => {}).catch(() => null);
    }
    if (!about) return;
    await this.show({ ...about, name: draft.name });
    const mask = await kept("mask");
    if (mask && this.stage.mask && mask.id === about.id) {
      for (const [key, tile] of mask.tiles) this.stage.mask.tiles.set(key, tile);
      this.count();
      this.stage.redraw();
      note("Your last photo and mask are here again.");
    }
  }

  async example() {
    const response = await fetch("/example.jpg");
    await this.open(await response.blob(), "astronaut.jpg");
    const { mask } = this.stage;
    if (!mask) return;
    mask.begin(); // the little shuttle behind her
    mask.polygon([[386, 0], [450, 0], [462, 60], [466, 180], [478, 298], [348, 298], [346, 220], [368, 90]], 1);
    this.changed(mask.end());
    note("This is an example: the model behind her is marked. Press Fill, or paint on.");
  }

  // --- the mask -------------------------------------------------------------------------------------------------

  /** @param {import("./mask.js").Change} change */
  changed(change) {
    if (change.size) {
      this.done.push({ kind: "mask", change });
      this.undone = [];
      this.bound();
    }
    this.count();
    this.save();
  }

  bound() {
    let bytes = this.done.reduce((sum, act) => sum + sizeOf(act.change), 0);
    while (this.done.length > UNDO_STEPS || (bytes > UNDO_BYTES && this.done.length > 1)) {
      const first = /** @type {Act} */ (this.done.shift());
      bytes -= sizeOf(first.change);
    }
  }

  /** Tell the panels, and draw the mask, after it changed. */
  count() {
    this.stage.redraw("over");
    hasMask.value = !!this.stage.mask && !this.stage.mask.isEmpty;
    undoable.value = this.done.length;
    redoable.value = this.undone.length;
  }

  save() {
    clearTimeout(this.saving);
    this.saving = window.setTimeout(() => {
      const { mask } = this.stage;
      if (mask && photo.value) keep("mask", { id: photo.value.id, tiles: [...mask.tiles] });
    }, DRAFT_MS);
  }

  /** @param {Act[]} from @param {Act[]} to @param {number} direction */
  swap(from, to, direction) {
    const act = from.pop();
    const { mask } = this.stage;
    if (!act || !mask || busy.value) return;
    this.reject();
    to.push({ kind: act.kind, change: mask.undo(act.change) });
    if (act.kind === "fill") this.goTo(cursor.value + direction);
    this.count();
    this.save();
    this.stage.redraw("over");
  }

  undo() {
    if (this.tools.corners.length) this.tools.drop();
    else this.swap(this.done, this.undone, -1);
  }

  redo() {
    this.swap(this.undone, this.done, 1);
  }

  /** @param {(mask: Mask) => void} act */
  edit(act) {
    const { mask } = this.stage;
    if (!mask || busy.value) return;
    mask.begin();
    act(mask);
    this.changed(mask.end());
    this.stage.redraw("over");
  }

  clear() {
    this.tools.drop();
    this.reject();
    this.edit((mask) => mask.clear());
  }

  invert() {
    this.edit((mask) => mask.invert());
  }

  /** @param {Blob} file */
  async loadMask(file) {
    const { width, height } = this.stage.size;
    try {
      const { levels } = await levelsOf(file, width, height);
      this.edit((mask) => mask.put({ left: 0, top: 0, width, height }, levels, "replace"));
    } catch {
      note("This file is no picture that the browser can read. A mask is a PNG: white is what should go.", true);
    }
  }

  async saveMask() {
    const { mask, size } = this.stage;
    if (!mask) return;
    const whole = { left: 0, top: 0, ...size };
    offerFile(await onePng(mask.read(whole), size.width, size.height), `${stem()}.mask.png`);
  }

  /** @param {number} factor */
  resize(factor) {
    const longest = Math.max(this.stage.size.width, this.stage.size.height, 1);
    brush.value = Math.min(longest, Math.max(1, brush.value * factor));
    this.stage.redraw("live");
  }

  /** The mask as it travels: a PNG of its box. */
  async piece() {
    const box = this.stage.mask?.bounds();
    if (!box || !this.stage.mask) return null;
    const png = await onePng(this.stage.mask.read(box), box.width, box.height);
    return { png, left: box.left, top: box.top };
  }

  /** Find something in the photo and add it. @param {string} source @param {number[] | null} box @param {number[][] | null} points */
  async find(source, box = null, points = null) {
    /** @type {Record<string, string>} */
    const fields = {};
    if (box) fields.box = box.join(",");
    if (points) fields.points = points.map((p) => p.join(",")).join(";");
    const words = { people: "Looking for people", salient: "Looking for the subject", text: "Looking for text", marks: "Cutting it out" };
    const answer = await this.work(/** @type {any} */ (words)[source], `/pictures/${current.value}/mask/${source}`, fields);
    if (!answer) return;
    if (!answer.png) {
      note(answer.notes[0] ?? "Nothing was found there.", true);
      return;
    }
    const levels = await this.levels(answer);
    this.edit((mask) => mask.put(levels.box, levels.levels, "add"));
    if (answer.notes.length) note(answer.notes.join(" "));
  }

  /** @param {{png: string, box: number[]}} answer */
  async levels(answer) {
    const bytes = Uint8Array.from(atob(answer.png), (c) => c.charCodeAt(0));
    const { levels, width, height } = await levelsOf(new Blob([bytes], { type: "image/png" }));
    return { levels, box: { left: answer.box[0], top: answer.box[1], width, height } };
  }

  /** Repair, grow or shrink; a repair is shown before it is taken. @param {string} [grow] */
  async refine(grow) {
    const piece = await this.piece();
    if (!piece) return note("Paint over what should go first.");
    const fields = { mask: piece.png, left: String(piece.left), top: String(piece.top), ...(grow ? { grow } : {}) };
    const answer = await this.work(grow ? "Changing the mask" : "Repairing the mask", `/pictures/${current.value}/refine`, fields);
    if (!answer) return;
    if (!answer.png) return this.edit((mask) => mask.clear());
    const found = await this.levels(answer);
    if (grow) return this.edit((mask) => mask.put(found.box, found.levels, "replace"));
    const { width, height } = this.stage.size;
    const offered = new Mask(width, height);
    offered.put(found.box, found.levels, "add");
    this.stage.offered = offered;
    offer.value = { notes: answer.notes };
    this.stage.redraw("over");
    note("Green is what the repair would add. Take it or leave it.");
  }

  take() {
    const { offered } = this.stage;
    if (!offered) return;
    const box = offered.bounds();
    this.reject();
    if (box) this.edit((mask) => mask.put(box, offered.read(box), "replace"));
  }

  reject() {
    this.stage.offered = null;
    offer.value = null;
    this.stage.redraw("over");
  }

  // --- filling --------------------------------------------------------------------------------------------------

  /** Have something done by the service; null where it came to nothing. @param {string} what @param {string} path @param {Record<string, string | Blob>} fields */
  async work(what, path, fields) {
    if (busy.value || !photo.value) return null;
    this.abort = new AbortController();
    busy.value = { what, share: null, more: "" };
    said.value = null;
    try {
      return await api.work(path, fields, (job) => (busy.value = { what, ...progress(job) }), this.abort.signal);
    } catch (error) {
      this.fail(error);
      return null;
    } finally {
      busy.value = null;
      this.abort = null;
    }
  }

  cancel() {
    this.abort?.abort();
  }

  async fill() {
    this.reject();
    const piece = await this.piece();
    if (!piece || !current.value) return note("Paint over what should go first.");
    const from = current.value;
    const made = await this.one(from, piece, settings.value.seed);
    if (!made || !this.stage.mask) return;
    const step = { tries: [made], chosen: 0, from, mask: piece.png, at: { left: piece.left, top: piece.top } };
    steps.value = [...steps.value.slice(0, cursor.value), step];
    this.stage.mask.begin();
    this.stage.mask.clear();
    this.done.push({ kind: "fill", change: this.stage.mask.end() });
    this.undone = [];
    this.bound();
    marks.value = [];
    this.goTo(cursor.value + 1);
    this.count();
    this.save();
    note(`Filled by ${made.engine} in ${made.seconds.toFixed(1)} s. ${made.notes.join(" ")}`);
  }

  /** Fill the last hole once more, in another way. */
  async again() {
    const index = cursor.value - 1;
    const step = steps.value[index];
    if (!step) return;
    const seed = Math.max(...step.tries.map((each) => each.seed)) + 1;
    const made = await this.one(step.from, { png: step.mask, ...step.at }, seed);
    if (!made) return;
    const all = [...steps.value.slice(0, index), { ...step, tries: [...step.tries, made], chosen: step.tries.length }];
    steps.value = all; // later steps were made in the other picture
    this.undone = [];
    this.goTo(cursor.value);
    this.count();
  }

  /** @param {string} from @param {{png: Blob, left: number, top: number}} piece @param {number} seed @returns {Promise<import("./state.js").Try | null>} */
  async one(from, piece, seed) {
    const wishes = JSON.stringify({ ...settings.value, seed });
    const fields = { mask: piece.png, left: String(piece.left), top: String(piece.top), settings: wishes };
    const answer = await this.work("Filling", `/pictures/${from}/fill`, fields);
    if (!answer) return null;
    try {
      const image = await api.changed(answer.picture);
      const seconds = Object.values(answer.seconds).reduce((sum, each) => sum + Number(each), 0);
      return { id: answer.picture, box: answer.box, image, engine: answer.engine, seed, notes: answer.notes, seconds };
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  /** Show the picture after so many steps. @param {number} count */
  goTo(count) {
    cursor.value = Math.max(0, Math.min(count, steps.value.length));
    this.stage.patches = steps.value.slice(0, cursor.value).map((step) => step.tries[step.chosen]);
    this.stage.redraw("photo");
  }

  /** Take another try of the last step. @param {number} index @param {number} which */
  choose(index, which) {
    if (busy.value || index !== cursor.value - 1) return;
    steps.value = steps.value.slice(0, index + 1).map((step, i) => (i === index ? { ...step, chosen: which } : step));
    this.goTo(cursor.value);
  }

  /** @param {string} [format] */
  async download(format) {
    if (!current.value || busy.value) return;
    busy.value = { what: "Writing the file", share: null, more: "" };
    try {
      const { blob, notes } = await api.file(current.value, format);
      const ending = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/tiff": "tif" }[blob.type];
      offerFile(blob, `${stem()}.filled.${ending ?? photo.value?.name.split(".").pop() ?? "png"}`);
      if (notes) note(notes);
    } catch (error) {
      this.fail(error);
    } finally {
      busy.value = null;
    }
  }

  // --- looking --------------------------------------------------------------------------------------------------

  /** @param {boolean} on */
  compare(on) {
    this.stage.original = on;
    this.stage.over.style.visibility = on ? "hidden" : "";
    this.stage.redraw("photo");
  }

  /** @param {number} share */
  setSplit(share) {
    split.value = share;
    this.stage.split = share;
    this.stage.redraw("photo");
  }

  /** @param {number} factor */
  zoom(factor) {
    this.pointer.zoom(factor, (this.stage.width ?? 0) / 2, (this.stage.height ?? 0) / 2);
  }

  actualSize() {
    this.zoom(1 / this.stage.camera.scale);
  }

  /** @param {string} value */
  setColour(value) {
    colour.value = value;
    this.stage.recolour(value);
  }

  /** @param {number} value */
  setOpacity(value) {
    opacity.value = value;
    this.stage.opacity = value;
    this.stage.redraw("over", "live");
  }

  toggleMask() {
    maskShown.value = !maskShown.value;
    this.stage.maskShown = maskShown.value;
    this.stage.redraw("over");
  }

  /** @param {string} name */
  pick(name) {
    this.tools.drop();
    tool.value = name;
    panelShown.value = false;
    this.stage.redraw("live");
  }

  /** @param {unknown} error */
  fail(error) {
    if (error instanceof DOMException && error.name === "AbortError") note("Cancelled. Your mask is as it was.");
    else note(error instanceof Error ? error.message : String(error), true);
  }
}

/** @param {any} job @returns {{share: number | null, more: string}} */
function progress(job) {
  if (job.status === "waiting") return { share: null, more: job.ahead ? `${job.ahead} before you, about ${job.estimate_s} s` : "" };
  const said = job.progress;
  if (!said || !said.windows) return { share: null, more: "" };
  const more = said.windows > 1 ? `part ${Math.max(1, said.window)} of ${said.windows}` : "";
  return { share: said.share ?? null, more };
}

function stem() {
  return (photo.value?.name ?? "photo").replace(/\.[^.]*$/, "");
}

/** @param {Blob} blob @param {string} name */
function offerFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
