// @ts-check
/**
 * What is drawn: the photo, the mask over it, and the stroke in progress, each on a canvas as large as the view.
 * The cost follows the screen and never the photo; each is drawn at most once a frame, and only when it changed.
 */

import { Camera } from "./camera.js";
import { MaskView } from "./mask-view.js";
import { Tiles } from "./tiles.js";

/** @typedef {{box: number[], image: ImageBitmap}} Patch what a fill changed: left, top, width, height */
/** @typedef {{name: string, mask: import("./mask.js").Mask, view: MaskView}} Layer a part of a mask that is offered */
/** @typedef {"photo" | "over" | "live"} Part */

export class Stage {
  /** @param {HTMLElement} root has three canvases */
  constructor(root) {
    this.root = root;
    const [photo, over, live] = /** @type {HTMLCanvasElement[]} */ ([...root.querySelectorAll("canvas")]);
    this.photo = photo;
    this.over = over;
    this.live = live;
    this.camera = new Camera();
    /** @type {import("./mask.js").Mask | null} */
    this.mask = null;
    this.maskView = new MaskView("#ff2d78", 0.5);
    /** @type {Tiles | null} */
    this.tiles = null;
    /** @type {ImageBitmap | null} */
    this.preview = null;
    /** @type {Patch[]} */
    this.patches = [];
    this.size = { width: 0, height: 0 };
    this.width = 0; // of the view, CSS px
    this.height = 0;
    this.ratio = 1; // canvas px for a CSS px
    this.split = 0; // share of the view that shows the photo as it was
    this.original = false;
    this.maskShown = true;
    this.fitted = false;
    /** @type {((context: CanvasRenderingContext2D) => void) | null} draws what is in progress, in photo px */
    this.inProgress = null;
    /** @type {Layer[]} what a repair would add, each step in its own colour */
    this.offered = [];
    /** @type {Set<() => void>} told when the photo can be drawn better */
    this.watchers = new Set();
    this.frame = 0;
    this.dirty = { photo: true, over: true, live: true };
    /** @type {number[]} how long the last frames took, ms: read by measurements */
    this.frames = [];
    new ResizeObserver(() => this.resize()).observe(root);
    this.resize();
  }

  /** Show another photo. @param {string} id @param {number} width @param {number} height @param {ImageBitmap} preview @param {import("./mask.js").Mask} mask */
  show(id, width, height, preview, mask) {
    this.tiles?.close();
    this.preview?.close();
    this.preview = preview;
    this.size = { width, height };
    this.patches = [];
    this.offered = [];
    this.mask = mask;
    this.maskView.clear();
    this.split = 0;
    this.tiles = new Tiles(id, width, height, () => {
      this.redraw("photo");
      for (const watcher of this.watchers) watcher();
    });
  }

  resize() {
    const { clientWidth: w, clientHeight: h } = this.root;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.ratio = ratio;
    this.width = w;
    this.height = h;
    for (const canvas of [this.photo, this.over, this.live]) {
      canvas.width = Math.max(1, Math.round(w * ratio));
      canvas.height = Math.max(1, Math.round(h * ratio));
    }
    if (this.fitted) this.camera.fit(this.size.width, this.size.height, w, h);
    this.redraw();
  }

  /** Show the whole photo, also when the view changes, until somebody moves it. */
  fit() {
    this.fitted = true;
    this.camera.fit(this.size.width, this.size.height, this.width, this.height);
    this.redraw();
  }

  /** @param {number} dx @param {number} dy screen px */
  move(dx, dy) {
    this.fitted = false;
    this.camera.pan(dx, dy);
    this.camera.keepInView(this.size.width, this.size.height, this.width, this.height);
    this.redraw();
  }

  /** @param {Part[]} parts what changed; nothing named = all */
  redraw(...parts) {
    for (const part of parts.length ? parts : /** @type {Part[]} */ (["photo", "over", "live"])) this.dirty[part] = true;
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    const start = performance.now();
    this.frame = 0;
    if (this.dirty.photo) this.drawPhoto();
    if (this.dirty.over) this.drawMask();
    if (this.dirty.live) this.inProgress?.(begin(this.live, this.camera, this.ratio));
    this.dirty = { photo: false, over: false, live: false };
    this.frames.push(performance.now() - start);
    if (this.frames.length > 4000) this.frames.splice(0, 2000);
  }

  drawPhoto() {
    const view = { width: this.width, height: this.height, ratio: this.ratio, camera: this.camera };
    const context = begin(this.photo, this.camera, this.ratio);
    this.paint(context, view);
    if (this.original) return;
    context.save();
    if (this.split > 0) {
      const [from] = this.camera.toPhoto(this.split * this.width, 0);
      context.beginPath();
      context.rect(from, -1e6, 2e6, 2e6);
      context.clip();
    }
    for (const { box, image } of this.patches) context.drawImage(image, box[0], box[1], box[2], box[3]);
    context.restore();
  }

  /** Draw the photo as it was. @param {CanvasRenderingContext2D} context in photo px @param {{width: number, height: number, ratio: number, camera: Camera}} view */
  paint(context, { width: w, height: h, ratio, camera }) {
    if (!this.preview || !this.tiles) return;
    const { width, height } = this.size;
    const scale = camera.scale * ratio;
    context.imageSmoothingEnabled = scale < 3;
    context.imageSmoothingQuality = scale < 0.5 ? "high" : "medium";
    context.drawImage(this.preview, 0, 0, width, height);
    if (scale <= (this.preview.width / width) * 1.05) return;
    const [left, top] = camera.toPhoto(0, 0);
    const [right, bottom] = camera.toPhoto(w, h);
    for (const tile of this.tiles.within(left, top, right, bottom, scale)) {
      context.drawImage(tile.image, tile.x, tile.y, tile.width, tile.height);
    }
  }

  /** Draw a part of the photo, with fills, on a canvas of its own. @param {HTMLCanvasElement} canvas @param {number[]} box left, top, width, height @param {Patch[]} patches */
  drawPart(canvas, box, patches) {
    const { clientWidth: w, clientHeight: h } = canvas;
    const ratio = this.ratio;
    canvas.width = Math.max(1, Math.round(w * ratio));
    canvas.height = Math.max(1, Math.round(h * ratio));
    const camera = new Camera();
    camera.scale = Math.min(w / box[2], h / box[3]);
    camera.x = w / 2 - (box[0] + box[2] / 2) * camera.scale;
    camera.y = h / 2 - (box[1] + box[3] / 2) * camera.scale;
    const context = begin(canvas, camera, ratio);
    this.paint(context, { width: w, height: h, ratio, camera });
    for (const { box: at, image } of patches) context.drawImage(image, at[0], at[1], at[2], at[3]);
  }

  drawMask() {
    const context = begin(this.over, this.camera, this.ratio);
    if (!this.maskShown) return;
    const [left, top] = this.camera.toPhoto(0, 0);
    const [right, bottom] = this.camera.toPhoto(this.width, this.height);
    const part = { left, top, right, bottom };
    const scale = this.camera.scale * this.ratio;
    if (this.mask) this.maskView.draw(context, this.mask, part, scale);
    for (const { mask, view } of this.offered) view.draw(context, mask, part, scale);
  }

  /** The mask's colour or opacity is another. @param {string} colour @param {number} opacity */
  recolour(colour, opacity) {
    this.maskView.recolour(colour, opacity);
    this.redraw("over", "live");
  }
}

/** @param {HTMLCanvasElement} canvas @param {Camera} camera @param {number} ratio @returns {CanvasRenderingContext2D} empty, in photo px */
function begin(canvas, camera, ratio) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(camera.scale * ratio, 0, 0, camera.scale * ratio, camera.x * ratio, camera.y * ratio);
  return context;
}
