// @ts-check
/**
 * How a mask looks: its colour, see-through, with a line along its border that shows on a photo of that colour too.
 * Each tile has a picture, at full scale, or small where the photo is seen from far away.
 */

import { TILE } from "./mask.js";

const SMALL = 64; // px of a tile that is far away
const STEP = TILE / SMALL;
const KEPT = 96; // pictures at full scale
const LIGHT = 150; // of 255: lighter colours get a dark border

/** @typedef {import("./mask.js").Mask} Mask */

export class MaskView {
  /** @param {string} colour @param {number} opacity @param {boolean} [bordered] */
  constructor(colour, opacity, bordered = true) {
    this.colour = colour;
    this.opacity = opacity;
    this.bordered = bordered;
    /** @type {Map<string, HTMLCanvasElement>} */
    this.pictures = new Map();
  }

  /** @param {string} colour @param {number} opacity */
  recolour(colour, opacity) {
    this.colour = colour;
    this.opacity = opacity;
    this.clear();
  }

  clear() {
    for (const canvas of this.pictures.values()) canvas.width = canvas.height = 1; // frees its memory at once
    this.pictures.clear();
  }

  /**
   * @param {CanvasRenderingContext2D} context in photo px @param {Mask} mask
   * @param {{left: number, top: number, right: number, bottom: number}} part what is in view @param {number} scale
   */
  draw(context, mask, part, scale) {
    const size = scale < SMALL / TILE ? SMALL : TILE;
    context.imageSmoothingEnabled = scale < 2;
    for (const key of mask.stale) {
      for (const near of [key, key - 1, key + 1, key - mask.columns, key + mask.columns]) { // borders run on in them
        for (const each of [SMALL, TILE]) this.pictures.delete(`${near}/${each}`);
      }
    }
    mask.stale.clear();
    for (const [key, tile] of mask.tiles) {
      const x = (key % mask.columns) * TILE;
      const y = Math.floor(key / mask.columns) * TILE;
      if (x > part.right || y > part.bottom || x + TILE < part.left || y + TILE < part.top) continue;
      const name = `${key}/${size}`;
      let picture = this.pictures.get(name);
      if (!picture) {
        picture = this.painted(mask, key, tile, size);
        this.pictures.set(name, picture);
        for (const [old, canvas] of this.pictures) {
          if (this.pictures.size <= KEPT * (size === SMALL ? 16 : 1)) break;
          canvas.width = canvas.height = 1;
          this.pictures.delete(old);
        }
      }
      context.drawImage(picture, x, y, TILE, TILE);
    }
  }

  /** @param {Mask} mask @param {number} key @param {Uint8Array} tile @param {number} size @returns {HTMLCanvasElement} */
  painted(mask, key, tile, size) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = context.createImageData(size, size);
    const words = new Uint32Array(image.data.buffer);
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(this.colour.slice(i, i + 2), 16));
    const inside = (Math.round(this.opacity * 255) << 24) | (b << 16) | (g << 8) | r; // little-endian, as all browsers' machines
    const border = !this.bordered ? inside : 0.3 * r + 0.59 * g + 0.11 * b > LIGHT ? 0xff181818 : 0xffffffff;
    const grid = framed(mask, key, tile, size);
    const stride = size + 2;
    for (let y = 0; y < size; y++) {
      for (let x = 0, i = (y + 1) * stride + 1; x < size; x++, i++) {
        if (!grid[i]) continue;
        words[y * size + x] = grid[i - 1] && grid[i + 1] && grid[i - stride] && grid[i + stride] ? inside : border;
      }
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }
}

/**
 * A tile with a frame of one px of its neighbours; beyond the photo the mask goes on.
 * @param {Mask} mask @param {number} key @param {Uint8Array} tile @param {number} size
 */
function framed(mask, key, tile, size) {
  const stride = size + 2;
  const grid = new Uint8Array(stride * stride);
  const level = size === TILE ? exact : any;
  if (size === TILE) for (let y = 0; y < size; y++) grid.set(tile.subarray(y * TILE, (y + 1) * TILE), (y + 1) * stride + 1);
  else for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) grid[(y + 1) * stride + x + 1] = any(tile, x, y);
  const column = key % mask.columns;
  const last = size - 1;
  const left = column ? mask.tiles.get(key - 1) : null;
  const right = column < mask.columns - 1 ? mask.tiles.get(key + 1) : null;
  const above = key >= mask.columns ? mask.tiles.get(key - mask.columns) : null;
  const below = (Math.floor(key / mask.columns) + 1) * TILE < mask.height ? mask.tiles.get(key + mask.columns) : null;
  for (let i = 0; i < size; i++) {
    grid[(i + 1) * stride] = left === null ? 1 : left ? level(left, last, i) : 0;
    grid[(i + 1) * stride + size + 1] = right === null ? 1 : right ? level(right, 0, i) : 0;
    grid[i + 1] = above === null ? 1 : above ? level(above, i, last) : 0;
    grid[(size + 1) * stride + i + 1] = below === null ? 1 : below ? level(below, i, 0) : 0;
  }
  return grid;
}

/** @param {Uint8Array} tile @param {number} x @param {number} y */
const exact = (tile, x, y) => tile[y * TILE + x];

/** Whether anything is set in a small px: a thin line shows from far away too. @param {Uint8Array} tile @param {number} x @param {number} y */
function any(tile, x, y) {
  for (let row = y * STEP; row < (y + 1) * STEP; row++) {
    const at = row * TILE + x * STEP;
    if (tile[at] || tile[at + 1] || tile[at + 2] || tile[at + 3]) return 1;
  }
  return 0;
}
