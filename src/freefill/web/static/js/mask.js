// @ts-check
/**
 * The mask, at the photo's own scale, in tiles that exist where something was painted.
 * A change keeps the tiles as they were before it: that is all that undo needs.
 */

export const TILE = 256;

/** @typedef {{left: number, top: number, width: number, height: number}} Box */
/** @typedef {Map<number, Uint8Array | null>} Change tiles as they were, by key; as bits once they are packed */

export class Mask {
  /** @param {number} width @param {number} height the photo's, px */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE);
    /** @type {Map<number, Uint8Array>} 1 = remove */
    this.tiles = new Map();
    /** @type {Set<number>} keys whose picture on the screen is old */
    this.stale = new Set();
    /** @type {Change | null} */
    this.change = null;
  }

  get isEmpty() {
    for (const tile of this.tiles.values()) if (tile.includes(1)) return false;
    return true;
  }

  /** Begin a change; all that is painted until `end` is undone as one. */
  begin() {
    this.change = new Map();
  }

  /** @returns {Change} what undoes the change */
  end() {
    const change = this.change ?? new Map();
    this.change = null;
    return change;
  }

  /** Put tiles back as a change kept them. @param {Change} change @returns {Change} what does it again */
  undo(change) {
    /** @type {Change} */
    const redo = new Map();
    for (const [key, before] of change) {
      redo.set(key, this.tiles.get(key) ?? null);
      if (before) this.tiles.set(key, unpacked(before));
      else this.tiles.delete(key);
      this.stale.add(key);
    }
    return redo;
  }

  /** A tile that may be written. @param {number} key @param {boolean} make @returns {Uint8Array | null} */
  own(key, make) {
    const tile = this.tiles.get(key);
    if (!tile && !make) return null;
    if (this.change && !this.change.has(key)) {
      this.change.set(key, tile ?? null);
      const copy = tile ? tile.slice() : new Uint8Array(TILE * TILE);
      this.tiles.set(key, copy);
      this.stale.add(key);
      return copy;
    }
    if (tile) {
      this.stale.add(key);
      return tile;
    }
    const fresh = new Uint8Array(TILE * TILE);
    this.tiles.set(key, fresh);
    this.stale.add(key);
    return fresh;
  }

  /** Set pixels x0 to x1 (excluded) of row y. @param {number} y @param {number} x0 @param {number} x1 @param {0 | 1} value */
  span(y, x0, x1, value) {
    if (y < 0 || y >= this.height) return;
    x0 = Math.max(x0, 0);
    x1 = Math.min(x1, this.width);
    const row = Math.floor(y / TILE);
    const inside = (y - row * TILE) * TILE;
    for (let column = Math.floor(x0 / TILE); column * TILE < x1; column++) {
      const tile = this.own(row * this.columns + column, value === 1);
      if (!tile) continue;
      const left = column * TILE;
      tile.fill(value, inside + Math.max(x0 - left, 0), inside + Math.min(x1 - left, TILE));
    }
  }

  /**
   * Sweep a round brush from one point to the next. A row cuts a capsule in one interval, since it is convex.
   * @param {number} ax @param {number} ay @param {number} bx @param {number} by @param {number} r @param {0 | 1} value
   */
  sweep(ax, ay, bx, by, r, value) {
    const length = Math.hypot(bx - ax, by - ay);
    const tx = length ? (bx - ax) / length : 1;
    const ty = length ? (by - ay) / length : 0;
    const first = Math.max(Math.ceil(Math.min(ay, by) - r - 0.5), 0);
    const last = Math.min(Math.floor(Math.max(ay, by) + r - 0.5), this.height - 1);
    for (let y = first; y <= last; y++) {
      const cy = y + 0.5;
      let low = Infinity;
      let high = -Infinity;
      for (const [px, py] of [[ax, ay], [bx, by]]) {
        const half = r * r - (cy - py) ** 2;
        if (half >= 0) {
          low = Math.min(low, px - Math.sqrt(half));
          high = Math.max(high, px + Math.sqrt(half));
        }
      }
      if (length && Math.abs(ty) > 1e-9) {
        // the band beside the line: |normal . (p - a)| <= r and 0 <= tangent . (p - a) <= length
        const across = [ax + (tx * (cy - ay) - r) / ty, ax + (tx * (cy - ay) + r) / ty].sort((m, n) => m - n);
        let along = [-Infinity, Infinity];
        if (Math.abs(tx) > 1e-9) {
          along = [ax - (ty * (cy - ay)) / tx, ax + (length - ty * (cy - ay)) / tx].sort((m, n) => m - n);
        } else if (ty * (cy - ay) < 0 || ty * (cy - ay) > length) along = [1, 0];
        const l = Math.max(across[0], along[0]);
        const h = Math.min(across[1], along[1]);
        if (l <= h) {
          low = Math.min(low, l);
          high = Math.max(high, h);
        }
      } else if (length && Math.abs(cy - ay) <= r) {
        low = Math.min(low, ax, bx);
        high = Math.max(high, ax, bx);
      }
      if (low <= high) this.span(y, Math.ceil(low - 0.5), Math.floor(high - 0.5) + 1, value);
    }
  }

  /** Fill a polygon, even and odd. @param {[number, number][]} points x, y @param {0 | 1} value */
  polygon(points, value) {
    const ys = points.map((p) => p[1]);
    const first = Math.max(Math.floor(Math.min(...ys)), 0);
    const last = Math.min(Math.ceil(Math.max(...ys)), this.height - 1);
    for (let y = first; y <= last; y++) {
      const cy = y + 0.5;
      const cuts = [];
      for (let i = 0; i < points.length; i++) {
        const [ax, ay] = points[i];
        const [bx, by] = points[(i + 1) % points.length];
        if (ay <= cy !== by <= cy) cuts.push(ax + ((cy - ay) * (bx - ax)) / (by - ay));
      }
      cuts.sort((m, n) => m - n);
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        const from = Math.ceil(cuts[i] - 0.5);
        const to = Math.floor(cuts[i + 1] - 0.5) + 1;
        if (to > from) this.span(y, from, to, value);
      }
    }
  }

  /** Add, or take in place of all. @param {Box} box @param {Uint8Array} levels of the box, non-zero = remove @param {"add" | "replace" | "subtract"} how */
  put(box, levels, how) {
    if (how === "replace") this.clear();
    const value = how === "subtract" ? 0 : 1;
    for (let y = 0; y < box.height; y++) {
      const row = y * box.width;
      let x = 0;
      while (x < box.width) {
        while (x < box.width && !levels[row + x]) x++;
        const start = x;
        while (x < box.width && levels[row + x]) x++;
        if (x > start) this.span(box.top + y, box.left + start, box.left + x, value);
      }
    }
  }

  clear() {
    for (const key of [...this.tiles.keys()]) {
      const tile = this.own(key, false);
      if (tile) tile.fill(0);
    }
  }

  invert() {
    for (let row = 0; row * TILE < this.height; row++) {
      for (let column = 0; column < this.columns; column++) {
        const tile = /** @type {Uint8Array} */ (this.own(row * this.columns + column, true));
        const height = Math.min(TILE, this.height - row * TILE);
        const width = Math.min(TILE, this.width - column * TILE);
        for (let y = 0; y < height; y++) for (let i = y * TILE; i < y * TILE + width; i++) tile[i] ^= 1;
      }
    }
  }

  /** @returns {Box | null} the smallest box around all that is painted */
  bounds() {
    let left = Infinity, top = Infinity, right = -1, bottom = -1;
    for (const [key, tile] of this.tiles) {
      if (!tile.includes(1)) continue;
      const x = (key % this.columns) * TILE;
      const y = Math.floor(key / this.columns) * TILE;
      for (let i = 0; i < TILE; i++) {
        const start = tile.subarray(i * TILE, (i + 1) * TILE);
        const from = start.indexOf(1);
        if (from < 0) continue;
        top = Math.min(top, y + i);
        bottom = Math.max(bottom, y + i + 1);
        left = Math.min(left, x + from);
        right = Math.max(right, x + start.lastIndexOf(1) + 1);
      }
    }
    return right < 0 ? null : { left, top, width: right - left, height: bottom - top };
  }

  /** @param {Box} box @returns {Uint8Array} 0 and 1, row by row */
  read(box) {
    const out = new Uint8Array(box.width * box.height);
    for (let y = 0; y < box.height; y++) {
      const row = Math.floor((box.top + y) / TILE);
      const inside = (box.top + y - row * TILE) * TILE;
      for (let column = Math.floor(box.left / TILE); column * TILE < box.left + box.width; column++) {
        const tile = this.tiles.get(row * this.columns + column);
        if (!tile) continue;
        const x0 = Math.max(box.left, column * TILE);
        const x1 = Math.min(box.left + box.width, (column + 1) * TILE);
        out.set(tile.subarray(inside + x0 - column * TILE, inside + x1 - column * TILE), y * box.width + x0 - box.left);
      }
    }
    return out;
  }
}

const PACKED = (TILE * TILE) / 8; // bytes
const NIBBLES = new Uint32Array(16).map((_, n) => (n >> 3) | ((n & 4) << 6) | ((n & 2) << 15) | ((n & 1) << 24)); // 4 px each, as own() keeps them

/** Keep a change as bits: an eighth, so that some hundred strokes can be undone on the largest photo. @param {Change} change */
export function pack(change) {
  for (const [key, tile] of change) {
    if (!tile || tile.length === PACKED) continue;
    const words = new Uint32Array(tile.buffer, tile.byteOffset, tile.length / 4);
    const bits = new Uint8Array(PACKED);
    for (let i = 0; i < PACKED; i++) {
      const high = (Math.imul(words[2 * i], 0x08040201) >>> 24) & 15; // four bytes of 0 or 1 become four bits
      bits[i] = (high << 4) | ((Math.imul(words[2 * i + 1], 0x08040201) >>> 24) & 15);
    }
    change.set(key, bits);
  }
}

/** @param {Uint8Array} tile @returns {Uint8Array} a px a byte */
function unpacked(tile) {
  if (tile.length !== PACKED) return tile;
  const words = new Uint32Array((TILE * TILE) / 4);
  for (let i = 0; i < PACKED; i++) {
    words[2 * i] = NIBBLES[tile[i] >> 4];
    words[2 * i + 1] = NIBBLES[tile[i] & 15];
  }
  return new Uint8Array(words.buffer);
}

/** @param {Change} change @returns {number} bytes that it keeps */
export function sizeOf(change) {
  let bytes = 0;
  for (const tile of change.values()) bytes += tile ? tile.length : 0;
  return bytes + 64; // and what the map itself takes
}
