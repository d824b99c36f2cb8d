// @ts-check
/** What the page does: opens photos, keeps the mask and its undo, shows. Masks that are made are in finding.js, fills in filling.js. */

import * as api from "./api.js";
import { forget, keep, kept } from "./draft.js";
import { Filling } from "./filling.js";
import { Finding } from "./finding.js";
import { Mask, pack, sizeOf } from "./mask.js";
import { levelsOf, onePng } from "./png.js";
import { Pointer } from "./pointer.js";
import { Stage } from "./stage.js";
import {
  brush, busy, colour, current, cursor, hasMask, marks, maskShown, note, offer, opacity, photo,
  redoable, said, split, tool, undoable,
} from "./state.js";
import { Tools } from "./tools.js";
import { Work } from "./work.js";

const UNDO_BYTES = 64 << 20;
const UNDO_STEPS = 200;
const DRAFT_MS = 700; // after the last stroke

/** @typedef {{kind: "mask" | "fill", change: import("./mask.js").Change}} Act */

export class Editor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.stage = new Stage(root);
    this.filling = new Filling(this);
    this.finding = new Finding(this);
    this.working = new Work((error) => this.fail(error));
    this.tools = new Tools(this.stage, {
      changed: (change) => this.changed(change),
      find: (box, points, source) => (points ? this.finding.click(points) : this.finding.find(source, box)),
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
    const { id, width, height } = about;
    this.filling.forget();
    this.stage.show(id, width, height, preview, new Mask(width, height));
    this.done = [];
    this.undone = [];
    split.value = 0;
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
    note("Your last photo is here again.");
    const mask = await kept("mask");
    if (mask && this.stage.mask && mask.id === about.id) {
      for (const [key, tile] of mask.tiles) this.stage.mask.tiles.set(key, tile);
      this.count();
    }
    await this.filling.resume();
    await this.filling.resumeJob();
  }

  async example() {
    const response = await fetch("/example.jpg");
    await this.open(await response.blob(), "astronaut.jpg");
    this.edit((mask) => // the little shuttle behind her
      mask.polygon([[386, 0], [450, 0], [462, 60], [466, 180], [478, 298], [348, 298], [346, 220], [368, 90]], 1));
    note("This is an example: the model behind her is marked. Press Fill, or paint on.");
  }

  // --- the mask -------------------------------------------------------------------------------------------------

  /** @param {import("./mask.js").Change} change */
  changed(change) {
    if (change.size) this.did({ kind: "mask", change });
    else this.count();
  }

  /** Note what was done, so that it can be undone. @param {Act} act */
  did(act) {
    this.done.push(act);
    this.undone = [];
    setTimeout(() => pack(act.change)); // not in the frame of the stroke
    let bytes = this.done.reduce((sum, each) => sum + sizeOf(each.change), 0);
    while (this.done.length > UNDO_STEPS || (bytes > UNDO_BYTES && this.done.length > 1)) {
      const first = /** @type {Act} */ (this.done.shift());
      bytes -= sizeOf(first.change);
    }
    this.count();
    this.save();
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
    const { mask } = this.stage;
    if (!from.length || !mask || busy.value) return;
    const act = /** @type {Act} */ (from.pop());
    this.finding.reject();
    marks.value = [];
    const change = mask.undo(act.change);
    to.push({ kind: act.kind, change });
    setTimeout(() => pack(change));
    if (act.kind === "fill") this.filling.goTo(cursor.value + direction);
    this.count();
    this.save();
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
  }

  clear() {
    this.tools.drop();
    this.finding.reject();
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

  // --- asking the service ---------------------------------------------------------------------------------------

  /** Have something done; null where it came to nothing. @param {string} what @param {string} path @param {Record<string, string | Blob>} fields @param {(job: any) => void} [begun] */
  async work(what, path, fields, begun) {
    return photo.value ? this.working.run(what, path, fields, begun) : null;
  }

  cancel() {
    this.working.cancel();
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

  /** Put the picture on the clipboard, where the browser lets pages do that. */
  async copy() {
    const picture = current.value;
    if (!picture || busy.value) return;
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": api.file(picture, "png").then(({ blob }) => blob) })]);
      note("The picture is on the clipboard.");
    } catch {
      note("This browser does not let a page copy pictures here. Download works.", true);
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
    this.pointer.zoom(factor, this.stage.width / 2, this.stage.height / 2);
  }

  actualSize() {
    this.zoom(1 / (this.stage.camera.scale * this.stage.ratio));
  }

  /** @param {string} value @param {number} share */
  setColour(value, share) {
    colour.value = value;
    opacity.value = share;
    this.stage.recolour(value, share);
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
    this.stage.redraw("live");
  }

  /** @param {unknown} error */
  fail(error) {
    if (error instanceof DOMException && error.name === "AbortError") note("Cancelled. Your mask is as it was.");
    else note(error instanceof Error ? error.message : String(error), true);
  }
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
