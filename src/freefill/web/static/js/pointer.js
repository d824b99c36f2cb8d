// @ts-check
/**
 * Hands on the stage: a mouse, a pen, one finger paint; two fingers, Space and the middle button move.
 * A pointer is captured, so a stroke that leaves the window goes on and is never lost.
 */

const PALM_MS = 250; // a second finger within this time means that two were meant from the start
const WHEEL = 0.0016; // zoom of a wheel's delta: in proportion, so that a trackpad is as fine as a finger
const MIDDLE = 4; // of a mouse's buttons; pressed during a stroke it comes as a move
const PINCH = 0.011; // of a pinch on a trackpad, which comes as a wheel with Ctrl

/**
 * @typedef {object} Hand what the tools hear
 * @property {(x: number, y: number, how: {erase: boolean, pressure: number, pen: boolean}) => void} down photo px
 * @property {(points: [number, number, number][]) => void} move x, y, pressure; all since the last call
 * @property {() => void} up
 * @property {() => void} drop forget what is in progress
 * @property {(x: number, y: number) => void} hover screen px
 * @property {(factor: number) => void} size make the brush larger
 */

export class Pointer {
  /** @param {import("./stage.js").Stage} stage @param {Hand} hand */
  constructor(stage, hand) {
    this.stage = stage;
    this.hand = hand;
    /** @type {Map<number, {x: number, y: number, type: string}>} */
    this.here = new Map();
    /** @type {number | null} the pointer that paints */
    this.painting = null;
    this.begun = 0;
    this.panning = false;
    this.space = false;
    const target = stage.root;
    target.addEventListener("pointerdown", (event) => this.down(event));
    target.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      target.addEventListener(name, (event) => this.up(event, name === "pointercancel"));
    }
    target.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    target.addEventListener("contextmenu", (event) => event.preventDefault());
    target.addEventListener("pointerleave", () => this.hand.hover(-1e6, -1e6));
    // Safari's own pinch on a trackpad
    let last = 1;
    target.addEventListener("gesturestart", (event) => {
      event.preventDefault();
      last = 1;
    });
    target.addEventListener("gesturechange", (event) => {
      event.preventDefault();
      const { scale, clientX, clientY } = /** @type {any} */ (event);
      const [x, y] = this.place({ clientX, clientY });
      this.zoom(scale / last, x, y);
      last = scale;
    });
    window.addEventListener("blur", () => (this.space = false)); // a key let go elsewhere is never heard
  }

  /** @param {{clientX: number, clientY: number}} event @returns {[number, number]} px on the stage */
  place(event) {
    const box = this.stage.root.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (!this.stage.mask || /** @type {HTMLElement} */ (event.target).closest("button, input, a, dialog")) return;
    event.preventDefault();
    this.stage.root.setPointerCapture(event.pointerId);
    const [x, y] = this.place(event);
    this.here.set(event.pointerId, { x, y, type: event.pointerType });
    if (event.pointerType === "touch" && [...this.here.values()].some((other) => other.type === "pen")) return; // a palm
    const fingers = [...this.here.values()].filter((other) => other.type === "touch").length;
    if (fingers >= 2) {
      if (this.painting !== null) {
        if (performance.now() - this.begun < PALM_MS) this.hand.drop();
        else this.hand.up();
        this.painting = null;
      }
      this.panning = true;
      return;
    }
    if (event.button === 1 || this.space) {
      this.panning = true;
      return;
    }
    if (event.button !== 0 && event.button !== 2 && event.button !== 5) return;
    if (this.painting !== null) return;
    this.painting = event.pointerId;
    this.begun = performance.now();
    const erase = event.button === 2 || event.button === 5 || event.altKey || event.ctrlKey || event.metaKey;
    const [px, py] = this.stage.camera.toPhoto(x, y);
    this.hand.down(px, py, { erase, pressure: event.pressure || 0.5, pen: event.pointerType === "pen" });
  }

  /** @param {PointerEvent} event */
  move(event) {
    const [x, y] = this.place(event);
    this.hand.hover(x, y);
    const before = this.here.get(event.pointerId);
    if (!before) return;
    const fingers = [...this.here.values()].filter((other) => other.type === "touch");
    if (fingers.length >= 2 && event.pointerType === "touch") {
      const other = fingers.find((finger) => finger !== before) ?? before;
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(x - other.x, y - other.y);
      this.stage.move((x - before.x) / 2, (y - before.y) / 2);
      if (was > 8) this.zoom(is / was, (x + other.x) / 2, (y + other.y) / 2);
    } else if (this.panning || this.space || event.buttons & MIDDLE) {
      this.stage.move(x - before.x, y - before.y); // the stroke waits, and goes on afterwards
    } else if (event.pointerId === this.painting) {
      const all = event.getCoalescedEvents?.() ?? [];
      const points = (all.length ? all : [event]).map((each) => {
        const [px, py] = this.stage.camera.toPhoto(...this.place(each));
        return /** @type {[number, number, number]} */ ([px, py, each.pressure || 0.5]);
      });
      this.hand.move(points);
    }
    Object.assign(before, { x, y });
  }

  /** @param {PointerEvent} event @param {boolean} lost */
  up(event, lost) {
    this.here.delete(event.pointerId);
    if (event.pointerId === this.painting) {
      this.painting = null;
      if (lost && performance.now() - this.begun < PALM_MS) this.hand.drop();
      else this.hand.up();
    }
    if (!this.here.size) this.panning = false;
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    if (!this.stage.mask) return;
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const delta = event.deltaY * lines;
    const [x, y] = this.place(event);
    if (event.altKey) this.hand.size(Math.exp(-delta * 0.002));
    else if (event.shiftKey) {
      this.stage.move(-(event.deltaX * lines || delta), 0);
    } else this.zoom(Math.exp(-delta * (event.ctrlKey ? PINCH : WHEEL)), x, y);
    this.hand.hover(x, y);
  }

  /** @param {number} factor @param {number} x @param {number} y */
  zoom(factor, x, y) {
    const { camera, size, width, height } = this.stage;
    this.stage.fitted = false;
    camera.zoom(factor, x, y);
    camera.keepInView(size.width, size.height, width, height);
    this.stage.redraw();
  }
}
