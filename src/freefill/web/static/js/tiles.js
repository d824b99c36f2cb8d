// @ts-check
/** The photo's tiles at full scale: fetched when they come into view, the longest unused forgotten. */

import { bitmap, tileUrl } from "./api.js";

export const TILE = 512;
const KEPT = 64;
const AT_ONCE = 4;

export class Tiles {
  /** @param {string} id @param {number} width @param {number} height @param {() => void} redraw */
  constructor(id, width, height, redraw) {
    this.id = id;
    this.rows = Math.ceil(height / TILE);
    this.columns = Math.ceil(width / TILE);
    this.redraw = redraw;
    /** @type {Map<string, ImageBitmap>} oldest first */
    this.here = new Map();
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {string[]} */
    this.wanted = [];
  }

  /**
   * The tiles in a part of the photo that are here; the others are sent for.
   * @param {number} left @param {number} top @param {number} right @param {number} bottom
   * @returns {{x: number, y: number, image: ImageBitmap}[]}
   */
  within(left, top, right, bottom) {
    const found = [];
    this.wanted = [];
    for (let row = Math.max(0, Math.floor(top / TILE)); row < Math.min(this.rows, Math.ceil(bottom / TILE)); row++) {
      for (let col = Math.max(0, Math.floor(left / TILE)); col < Math.min(this.columns, Math.ceil(right / TILE)); col++) {
        const key = `${row}/${col}`;
        const image = this.here.get(key);
        if (image) {
          this.here.delete(key);
          this.here.set(key, image);
          found.push({ x: col * TILE, y: row * TILE, image });
        } else this.wanted.push(key);
      }
    }
    this.send();
    return found;
  }

  send() {
    for (const key of this.wanted) {
      if (this.asked.size >= AT_ONCE) return;
      if (this.asked.has(key) || this.here.has(key)) continue;
      this.asked.add(key);
      const [row, column] = key.split("/").map(Number);
      bitmap(tileUrl(this.id, row, column))
        .then((image) => {
          this.here.set(key, image);
          for (const [old, unused] of this.here) {
            if (this.here.size <= KEPT) break;
            unused.close();
            this.here.delete(old);
          }
          this.redraw();
        })
        .catch(() => {}) // the preview stays
        .finally(() => {
          this.asked.delete(key);
          this.send();
        });
    }
  }

  close() {
    for (const image of this.here.values()) image.close();
    this.here.clear();
    this.wanted = [];
  }
}
