// @ts-check
/**
 * What is drawn: the photo, the mask over it, and the stroke in progress, each on a canvas as large as the view.
 * The cost follows the screen and never the photo; each is drawn at most once a frame, and only when it changed.
 */

import { Camera } from "./camera.js";
import { TILE as MASK_TILE } from "./mask.js";
import { Tiles } from "./tiles.js";

const SMALL = 64; // px of a mask tile that is far away
const KEPT = 96; // mask tiles whose picture is kept

/** @typedef {{box: number[], image: ImageBitmap}} Patch what a fill changed: left, top, width, height */

export class Stage {
  /** @param {HTMLElement} root has three canvases */
  constructor(root) {
    this.root = root;
    [this.photo, this.over, this.live] = /** @type {HTMLCanvasElement[]} */ ([...root.querySelectorAll("canvas")]);
    this.camera = new Camera();
    /** @type {import("./mask.js").Mask | null} */
    this.mask = null;
    /** @type {Tiles | null} */
    this.tiles = null;
    /** @type {ImageBitmap | null} */
    this.preview = null;
    /** @type {Patch[]} */
    this.patches = [];
    this.size = { width: 0, height: 0 };
    this.colour = "#ff2d78";
    this.opacity = 0.5;
    this.split = 0; // share of the view that shows the photo as it was
    this.original = false;
    this.maskShown = true;
    this.fitted = false;
    /** @type {Map<string, HTMLCanvasElement>} */
    this.pictures = new Map();
    /** @type {((context: CanvasRenderingContext2D) => void) | null} draws what is in progress, in photo px */
    this.inProgress = null;
    /** @type {import("./mask.js").Mask | null} a mask that is offered: what it adds is shown in another colour */
    this.offered = null;
    this.frame = 0;
    this.dirty = { photo: true, over: true, live: true };
    /** @type {number[]} how long the last frames took, ms: read by measurements */
    this.frames = [];
    new ResizeObserver(() => this.resize()).observe(root);
    this.resize();
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
  }

  /** @param {("photo" | "over" | "live")[]} parts what changed; nothing named = all */
  redraw(...parts) {
    for (const part of parts.length ? parts : /** @type {const} */ (["photo", "over", "live"])) this.dirty[part] = true;
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    const start = performance.now();
    this.frame = 0;
    if (this.dirty.photo) this.drawPhoto();
    if (this.dirty.over) this.drawMask();
    if (this.dirty.live) this.drawLive();
    this.dirty = { photo: false, over: false, live: false };
    this.frames.push(performance.now() - start);
    if (this.frames.length > 4000) this.frames.splice(0, 2000);
  }

  /** @param {HTMLCanvasElement} canvas @returns {CanvasRenderingContext2D} empty, in photo px */
  begin(canvas) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { scale, x, y } = this.camera;
    context.setTransform(scale * this.ratio, 0, 0, scale * this.ratio, x * this.ratio, y * this.ratio);
    return context;
  }

  drawPhoto() {
    const context = this.begin(this.photo);
    if (!this.preview) return;
    const { width, height } = this.size;
    const { scale } = this.camera;
    context.imageSmoothingEnabled = scale * this.ratio < 3;
    context.imageSmoothingQuality = scale < 0.5 ? "high" : "medium";
    context.drawImage(this.preview, 0, 0, width, height);
    if (this.tiles && scale * this.ratio > (this.preview.width / width) * 1.05) {
      const [left, top] = this.camera.toPhoto(0, 0);
      const [right, bottom] = this.camera.toPhoto(this.width, this.height);
      for (const { x, y, image } of this.tiles.within(left, top, right, bottom)) context.drawImage(image, x, y);
    }
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

  drawMask() {
    const context = this.begin(this.over);
    this.over.style.opacity = String(this.opacity);
    if (!this.maskShown) return;
    if (this.mask) this.drawTiles(context, this.mask, this.colour, "m");
    if (this.offered) this.drawTiles(context, this.offered, "#18c46b", "o");
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./mask.js").Mask} mask @param {string} colour @param {string} whose */
  drawTiles(context, mask, colour, whose) {
    const [left, top] = this.camera.toPhoto(0, 0);
    const [right, bottom] = this.camera.toPhoto(this.width, this.height);
    const size = this.camera.scale * this.ratio < SMALL / MASK_TILE ? SMALL : MASK_TILE;
    context.imageSmoothingEnabled = this.camera.scale * this.ratio < 2;
    for (const key of mask.stale) {
      this.pictures.delete(`${whose}${key}/${SMALL}`);
      this.pictures.delete(`${whose}${key}/${MASK_TILE}`);
    }
    mask.stale.clear();
    for (const [key, tile] of mask.tiles) {
      const x = (key % mask.columns) * MASK_TILE;
      const y = Math.floor(key / mask.columns) * MASK_TILE;
      if (x > right || y > bottom || x + MASK_TILE < left || y + MASK_TILE < top) continue;
      const name = `${whose}${key}/${size}`;
      let picture = this.pictures.get(name);
      if (!picture) {
        picture = painted(tile, size, colour);
        this.pictures.set(name, picture);
        for (const [old, canvas] of this.pictures) {
          if (this.pictures.size <= KEPT * (size === SMALL ? 16 : 1)) break;
          canvas.width = canvas.height = 1; // frees its memory at once
          this.pictures.delete(old);
        }
      }
      context.drawImage(picture, x, y, MASK_TILE, MASK_TILE);
    }
  }

  drawLive() {
    const context = this.begin(this.live);
    this.inProgress?.(context);
  }

  /** The mask's colour is another. @param {string} colour */
  recolour(colour) {
    this.colour = colour;
    this.pictures.clear();
    this.redraw("over", "live");
  }
}

/** @param {Uint8Array} tile @param {number} size @param {string} colour @returns {HTMLCanvasElement} */
function painted(tile, size, colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(size, size);
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const step = MASK_TILE / size;
  const words = new Uint32Array(image.data.buffer);
  const word = (255 << 24) | (b << 16) | (g << 8) | r; // processors that browsers run on are little-endian
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) if (tile[y * step * MASK_TILE + x * step]) words[y * size + x] = word;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
