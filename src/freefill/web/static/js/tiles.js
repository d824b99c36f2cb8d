// @ts-check
/**
 * The photo's tiles, at the scale at which they are seen: fetched when they come into view, the longest unused
 * forgotten. Level 0 is full scale, each next one half: however large the photo, a screen is a few tiles.
 */

import { bitmap, tileUrl } from "./api.js";

export const TILE = 512;
const KEPT = 64;
const AT_ONCE = 4;
const MOST_LEVEL = 5;

/** @typedef {{level: number, row: number, column: number, image: ImageBitmap}} Tile */

export class Tiles {
  /** @param {string} id @param {number} width @param {number} height @param {() => void} redraw */
  constructor(id, width, height, redraw) {
    this.id = id;
    this.width = width;
    this.height = height;
    this.redraw = redraw;
    /** @type {Map<string, Tile>} oldest first */
    this.here = new Map();
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {{key: string, level: number, row: number, column: number}[]} */
    this.wanted = [];
  }

  /**
   * The tiles in a part of the photo that are here, in the order in which to draw them; missing ones are sent for.
   * @param {number} left @param {number} top @param {number} right @param {number} bottom photo px
   * @param {number} scale screen px for a photo px
   * @returns {{x: number, y: number, width: number, height: number, image: ImageBitmap}[]}
   */
  within(left, top, right, bottom, scale) {
    const level = Math.max(0, Math.min(MOST_LEVEL, Math.round(Math.log2(1 / scale))));
    const side = TILE * 2 ** level;
    const found = [];
    this.wanted = [];
    let seen = 0;
    for (let row = Math.max(0, Math.floor(top / side)); row * side < Math.min(bottom, this.height); row++) {
      for (let column = Math.max(0, Math.floor(left / side)); column * side < Math.min(right, this.width); column++) {
        const key = `${level}/${row}/${column}`;
        const tile = this.here.get(key);
        seen += 1;
        if (tile) {
          this.here.delete(key);
          this.here.set(key, tile);
          found.push(tile);
        } else this.wanted.push({ key, level, row, column });
      }
    }
    this.bound(Math.max(KEPT, 2 * seen));
    this.send();
    const others = this.wanted.length ? [...this.here.values()].filter((tile) => tile.level !== level) : [];
    others.sort((a, b) => Math.abs(b.level - level) - Math.abs(a.level - level));
    return [...others, ...found].map(({ level: at, row, column, image }) => {
      const step = 2 ** at;
      return { x: column * TILE * step, y: row * TILE * step, width: image.width * step, height: image.height * step, image };
    });
  }

  /** @param {number} most */
  bound(most) {
    for (const [old, unused] of this.here) {
      if (this.here.size <= most) break;
      unused.image.close();
      this.here.delete(old);
    }
  }

  send() {
    for (const { key, level, row, column } of this.wanted) {
      if (this.asked.size >= AT_ONCE) return;
      if (this.asked.has(key) || this.here.has(key)) continue;
      this.asked.add(key);
      bitmap(tileUrl(this.id, key))
        .then((image) => {
          this.here.set(key, { level, row, column, image });
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
    this.bound(0);
    this.wanted = [];
  }
}
