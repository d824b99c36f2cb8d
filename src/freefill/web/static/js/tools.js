// @ts-check
/** What a hand does to the mask: brush, eraser, lasso, polygon, box, click. */

import { boxWord, brush, busy, colour, eraser, mark, marks, minus, note, opacity, pressure, tool } from "./state.js";

const NEAR_PX = 10; // on the screen: a polygon is closed by a click this near to its first corner

export class Tools {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {{changed: (change: import("./mask.js").Change) => void, find: (box: number[] | null, points: number[][] | null, source: string) => void}} told
   */
  constructor(stage, told) {
    this.stage = stage;
    this.told = told;
    /** @type {[number, number, number][]} x, y, radius of the stroke in progress */
    this.path = [];
    this.erasing = false;
    /** @type {[number, number][]} corners of a polygon that is not closed yet */
    this.corners = [];
    this.cursor = [-1e6, -1e6];
    this.down = false;
    stage.inProgress = (context) => this.draw(context);
  }

  /** @param {number} p */
  radius(p) {
    return (brush.value / 2) * (pressure.value ? 0.3 + 1.4 * p : 1);
  }

  /** @param {number} x @param {number} y @param {{erase: boolean, pressure: number, pen: boolean}} how */
  press(x, y, how) {
    if (busy.value) {
      note("Wait for the fill, or cancel it: then you can paint again.");
      return;
    }
    this.erasing = how.erase || tool.value === "eraser";
    this.down = true;
    if (tool.value === "polygon") {
      const [sx, sy] = this.corners[0] ?? [NaN, NaN];
      if (this.corners.length > 2 && Math.hypot(x - sx, y - sy) * this.stage.camera.scale < NEAR_PX) this.close();
      else this.corners.push([x, y]);
      this.subtracts = how.erase;
    } else this.path = [[x, y, this.radius(how.pen ? how.pressure : 0.5)]];
    this.stage.redraw("live");
  }

  /** @param {[number, number, number][]} points */
  drag(points) {
    if (!this.down || tool.value === "polygon") return;
    for (const [x, y, p] of points) this.path.push([x, y, this.radius(p)]);
    this.stage.redraw("live");
  }

  lift() {
    if (!this.down) return;
    this.down = false;
    const { mask } = this.stage;
    const path = this.path;
    this.path = [];
    if (!mask || tool.value === "polygon" || !path.length) return;
    const [x0, y0] = path[0];
    const [x1, y1] = path[path.length - 1];
    if (tool.value === "box") {
      const box = [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
      if (box[2] * this.stage.camera.scale < 4 || box[3] * this.stage.camera.scale < 4) note("Draw a box around the thing.");
      else this.told.find(inside(box, mask), null, boxWord.value);
    } else if (tool.value === "click") {
      marks.value = [...marks.value, [Math.floor(x0), Math.floor(y0), this.erasing || minus.value ? 0 : 1]];
      this.told.find(null, marks.value, "marks");
    } else {
      mask.begin();
      const value = this.erasing ? 0 : 1;
      if (tool.value === "lasso") mask.polygon(path.map(([x, y]) => [x, y]), value);
      else if (path.length === 1) mask.sweep(x0, y0, x0, y0, path[0][2], value);
      else for (let i = 1; i < path.length; i++) {
        const [ax, ay] = path[i - 1];
        const [bx, by, r] = path[i];
        mask.sweep(ax, ay, bx, by, r, value);
      }
      this.told.changed(mask.end());
    }
    this.stage.redraw("over", "live");
  }

  /** Forget what is in progress. */
  drop() {
    this.down = false;
    this.path = [];
    this.corners = [];
    marks.value = [];
    this.stage.redraw("live");
  }

  /** Close the polygon. */
  close() {
    const { mask } = this.stage;
    if (mask && this.corners.length > 2) {
      mask.begin();
      mask.polygon(this.corners, this.subtracts ? 0 : 1);
      this.told.changed(mask.end());
    }
    this.corners = [];
    this.stage.redraw("over", "live");
  }

  /** @param {number} x @param {number} y screen px */
  hover(x, y) {
    this.cursor = [x, y];
    this.stage.redraw("live");
  }

  /** @param {CanvasRenderingContext2D} context in photo px */
  draw(context) {
    const { scale } = this.stage.camera;
    const thin = 1.5 / scale;
    context.lineCap = context.lineJoin = "round";
    if (this.path.length && (tool.value === "brush" || tool.value === "eraser")) {
      context.globalAlpha = opacity.value;
      context.strokeStyle = context.fillStyle = this.erasing ? "#ffffff" : colour.value;
      const [x, y, r] = this.path[0];
      if (pressure.value || this.path.length === 1) {
        for (const [px, py, pr] of this.path) {
          context.beginPath();
          context.arc(px, py, pr, 0, 7);
          context.fill();
        }
      } else {
        context.lineWidth = 2 * r;
        context.beginPath();
        context.moveTo(x, y);
        for (const [px, py] of this.path) context.lineTo(px, py);
        context.stroke();
      }
      context.globalAlpha = 1;
    }
    const line = tool.value === "polygon" ? this.corners : tool.value === "lasso" ? this.path : [];
    if (line.length) {
      const points = line.map(([x, y]) => [x, y]);
      if (tool.value === "polygon") points.push(this.stage.camera.toPhoto(this.cursor[0], this.cursor[1]));
      outline(context, points, thin, tool.value === "lasso");
    }
    if (tool.value === "box" && this.path.length > 1) {
      const [[ax, ay], [bx, by]] = [this.path[0], this.path[this.path.length - 1]];
      outline(context, [[ax, ay], [bx, ay], [bx, by], [ax, by]], thin, true);
    }
    for (const [x, y, plus] of marks.value) {
      context.fillStyle = plus ? "#18c46b" : "#e11d48";
      context.strokeStyle = "#fff";
      context.lineWidth = thin;
      context.beginPath();
      context.arc(x, y, 6 / scale, 0, 7);
      context.fill();
      context.stroke();
    }
    if ((tool.value === "brush" || tool.value === "eraser") && this.cursor[0] > -1e5) {
      const [x, y] = this.stage.camera.toPhoto(this.cursor[0], this.cursor[1]);
      for (const [width, colour] of /** @type {const} */ ([[3, "#000a"], [1.5, "#fff"]])) {
        context.lineWidth = width / scale;
        context.strokeStyle = colour;
        context.setLineDash(eraser.value ? [4 / scale, 4 / scale] : []);
        context.beginPath();
        context.arc(x, y, brush.value / 2, 0, 7);
        context.stroke();
      }
      context.setLineDash([]);
    }
    mark(this.corners.length);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number[][]} points @param {number} thin @param {boolean} closed */
function outline(context, points, thin, closed) {
  for (const [width, colour, dash] of /** @type {[number, string, number[]][]} */ ([[3, "#000a", []], [1.5, "#fff", [6, 4]]])) {
    context.lineWidth = (thin * width) / 1.5;
    context.strokeStyle = colour;
    context.setLineDash(dash.map((each) => each * thin));
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (closed) context.closePath();
    context.stroke();
  }
  context.setLineDash([]);
}

/** @param {number[]} box @param {import("./mask.js").Mask} mask @returns {number[]} whole px within the photo */
function inside([left, top, width, height], mask) {
  const x = Math.max(0, Math.floor(left));
  const y = Math.max(0, Math.floor(top));
  return [x, y, Math.min(mask.width, Math.ceil(left + width)) - x, Math.min(mask.height, Math.ceil(top + height)) - y];
}
