// @ts-check
/** Masks that the service makes: of what a word names, of what is marked, and repairs, which are shown before they are taken. */

import { MaskView } from "./mask-view.js";
import { Mask } from "./mask.js";
import { levelsOf } from "./png.js";
import { current, marks, note, offer, panelShown } from "./state.js";

/** Of the steps of a repair; told apart by colour-blind eyes too (after Okabe and Ito). */
const LAYERS = ["#009e73", "#56b4e9", "#f0e442", "#e69f00", "#0072b2", "#cc99e6"];
const DROPPED = "#9aa0a6";
const STEPS = /** @type {Record<string, string>} */ ({
  dropped: "specks, left out", fill: "holes filled", close: "gaps closed", person: "more of the person", reach: "what was missed of it",
  snap: "up to its edge", attached: "what is held or worn", ends: "ends that stuck out", thicken: "a wider rim", smooth: "a smoother outline", shadow: "its shadow",
  reflection: "its reflection",
});

export class Finding {
  /** @param {import("./editor.js").Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {import("./editor.js").Act | null} what the clicks on one thing made */
    this.clicked = null;
    /** @type {{box: import("./mask.js").Box, levels: Uint8Array} | undefined} a mask that is offered */
    this.repaired = undefined;
  }

  /** Find something in the photo and add it. @param {string} source @param {number[] | null} [box] */
  async find(source, box = null) {
    const answer = await this.looked(source, box ? { box: box.join(",") } : {});
    if (!answer) return;
    const found = await levelsIn(answer);
    this.editor.edit((mask) => mask.put(found.box, found.levels, "add"));
  }

  /** Cut out what was clicked on; each further click says more of the same thing. @param {number[][]} points */
  async click(points) {
    const answer = await this.looked("marks", { points: points.map((p) => p.join(",")).join(";") });
    const { mask } = this.editor.stage;
    if (!answer || !mask) {
      marks.value = points.slice(0, -1);
      return;
    }
    const found = await levelsIn(answer);
    if (points.length > 1 && this.clicked && this.clicked === this.editor.done.at(-1)) {
      this.editor.done.pop();
      mask.undo(this.clicked.change);
    }
    this.editor.edit((each) => each.put(found.box, found.levels, "add"));
    this.clicked = this.editor.done.at(-1) ?? null;
  }

  /** @param {string} source @param {Record<string, string>} fields */
  async looked(source, fields) {
    const what = source === "marks" ? "Cutting it out" : source === "text" ? "Looking for text" : source === "salient" ? "Looking for the subject" : "Looking for people";
    const answer = await this.editor.work(what, `/pictures/${current.value}/mask/${encodeURIComponent(source)}`, fields);
    if (!answer) return null;
    if (answer.notes.length) note(answer.notes.join(" "), !answer.png);
    else if (!answer.png) note("Nothing was found there.", true);
    return answer.png ? answer : null;
  }

  /** Repair, grow or shrink; a repair is shown before it is taken. @param {string} [grow] */
  async refine(grow) {
    const piece = await this.editor.piece();
    if (!piece) return note("Paint over what should go first.");
    const fields = { mask: piece.png, left: String(piece.left), top: String(piece.top), ...(grow ? { grow } : {}) };
    const answer = await this.editor.work(grow ? "Changing the mask" : "Repairing the mask", `/pictures/${current.value}/refine`, fields);
    if (!answer) return;
    if (grow && !answer.png) return this.editor.edit((mask) => mask.clear());
    const found = await levelsIn(answer);
    if (grow) return this.editor.edit((mask) => mask.put(found.box, found.levels, "replace"));
    if (!answer.layers.length) return note("The mask covers all of it already, as far as can be seen.");
    const { width, height } = this.editor.stage.size;
    /** @type {{name: string, colour: string}[]} */
    const legend = [];
    for (const [index, layer] of answer.layers.entries()) {
      const part = await levelsIn(layer);
      const mask = new Mask(width, height);
      mask.put(part.box, part.levels, "add");
      const name = STEPS[layer.step] ?? layer.step;
      legend.push({ name, colour: layer.step === "dropped" ? DROPPED : LAYERS[index % LAYERS.length] });
      this.editor.stage.offered.push({ name, mask, view: new MaskView(legend[index].colour, 0.8, false) });
    }
    this.repaired = found;
    offer.value = legend;
    this.editor.stage.redraw("over");
    panelShown.value = false;
    note("Colours show what the repair would change. Take it or leave it.");
  }

  take() {
    const { repaired } = this;
    if (!offer.value || !repaired) return;
    this.reject();
    this.editor.edit((mask) => mask.put(repaired.box, repaired.levels, "replace"));
  }

  reject() {
    for (const { view } of this.editor.stage.offered) view.clear();
    this.editor.stage.offered = [];
    this.repaired = undefined;
    offer.value = null;
    this.editor.stage.redraw("over");
  }
}

/** @param {{png: string | null, box: number[] | null}} answer a mask as it travels */
async function levelsIn(answer) {
  if (!answer.png || !answer.box) return { levels: new Uint8Array(0), box: { left: 0, top: 0, width: 0, height: 0 } };
  const bytes = Uint8Array.from(atob(answer.png), (c) => c.charCodeAt(0));
  const { levels, width, height } = await levelsOf(new Blob([bytes], { type: "image/png" }));
  return { levels, box: { left: answer.box[0], top: answer.box[1], width, height } };
}
