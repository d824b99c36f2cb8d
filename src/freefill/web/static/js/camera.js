// @ts-check
/** Where the photo lies on the screen: screen = photo * scale + (x, y), in CSS px. */

export const LEAST = 0.02;
export const MOST = 32;

export class Camera {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  /** @param {number} px @param {number} py @returns {[number, number]} photo px of a place on the screen */
  toPhoto(px, py) {
    return [(px - this.x) / this.scale, (py - this.y) / this.scale];
  }

  /** Zoom about a place on the screen, which stays where it is. @param {number} factor @param {number} px @param {number} py */
  zoom(factor, px, py) {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    this.x = px - ((px - this.x) * scale) / this.scale;
    this.y = py - ((py - this.y) * scale) / this.scale;
    this.scale = scale;
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
  }

  /** Show the whole photo. @param {number} width @param {number} height of the photo @param {number} w @param {number} h of the view */
  fit(width, height, w, h) {
    const room = 16;
    this.scale = Math.min(4, Math.max(LEAST, Math.min((w - 2 * room) / width, (h - 2 * room) / height)));
    this.x = (w - width * this.scale) / 2;
    this.y = (h - height * this.scale) / 2;
  }

  /** Keep a part of the photo in view. @param {number} width @param {number} height @param {number} w @param {number} h */
  keepInView(width, height, w, h) {
    const rest = 48;
    this.x = Math.min(w - rest, Math.max(rest - width * this.scale, this.x));
    this.y = Math.min(h - rest, Math.max(rest - height * this.scale, this.y));
  }
}
