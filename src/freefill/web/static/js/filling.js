// @ts-check
/** Fills of this visit: steps that were made one after the other, and for each hole the tries to choose from. */

import * as api from "./api.js";
import { keep, kept } from "./draft.js";
import { choosing, current, cursor, engines, marks, note, photo, settings, shown, steps } from "./state.js";

/** @typedef {import("./state.js").Try} Try */
/** @typedef {import("./state.js").Step} Step */
/** @typedef {{png: Blob, left: number, top: number}} Piece */

/** Ways to fill a hole once more, in the order in which they are tried: what differs in kind first, then other seeds. */
const WAYS = [
  { way: "lines not followed", wishes: { structure: "never" } },
  { way: "lines followed", wishes: { structure: "layout" } },
  { way: "by patchmatch", wishes: { engine: "patchmatch" } },
];
const AT_MOST = 6; // ways that come to the same are passed over

export class Filling {
  /** @param {import("./editor.js").Editor} editor */
  constructor(editor) {
    this.editor = editor;
  }

  async fill() {
    const { editor } = this;
    editor.finding.reject();
    const piece = await editor.piece();
    if (!piece || !current.value) return note("Paint over what should go first.");
    const from = current.value;
    const draft = { photo: photo.value?.id, from, piece };
    this.settle(await this.one(from, piece, "", {}, (job) => keep("job", { ...draft, job: job.id })), from, piece);
  }

  /** Show a fill as the next step. @param {Try | null} made @param {string} from @param {Piece} piece */
  settle(made, from, piece) {
    const { editor } = this;
    keep("job", null);
    const { mask } = editor.stage;
    if (!made || !mask) return;
    const step = { tries: [made], chosen: 0, from, mask: piece.png, at: { left: piece.left, top: piece.top } };
    steps.value = [...steps.value.slice(0, cursor.value), step];
    mask.begin();
    mask.clear();
    editor.did({ kind: "fill", change: mask.end() });
    marks.value = [];
    this.goTo(cursor.value + 1);
    note(`Filled by ${made.engine} in ${made.seconds.toFixed(1)} s. Go on painting, or download it.`);
    this.judge(made);
  }

  /** Fill the last hole once more, in another way. @returns {Promise<boolean>} whether something new came of it */
  async again() {
    const step = shown.value;
    if (!step) return false;
    const index = cursor.value - 1;
    const piece = { png: step.mask, ...step.at };
    for (const { way, wishes } of ways(step).slice(0, AT_MOST)) {
      const made = await this.one(step.from, piece, way, wishes);
      if (!made) return false;
      const before = steps.value[index];
      if (before.tries.some((each) => each.digest === made.digest)) {
        made.image.close();
        continue;
      }
      const tries = [...before.tries, made];
      steps.value = [...steps.value.slice(0, index), { ...before, tries, chosen: tries.length - 1 }]; // later steps go on from another picture
      this.editor.undone = [];
      this.goTo(cursor.value);
      this.editor.count();
      note(`Another fill: ${made.way}.`);
      this.judge(made);
      return true;
    }
    note("Other ways give the same fill here.");
    return false;
  }

  /** Have some more tries, then show them side by side. */
  async several() {
    const before = shown.value?.chosen ?? 0;
    for (let number = 0; number < 3; number++) if (!(await this.again())) break;
    this.choose(before);
    if ((shown.value?.tries.length ?? 0) > 1) choosing.value = true;
  }

  /**
   * @param {string} from @param {Piece} piece @param {string} way @param {Record<string, any>} more
   * @param {(job: any) => void} [begun] @returns {Promise<Try | null>}
   */
  async one(from, piece, way, more, begun) {
    const wishes = { ...settings.value, ...more };
    const fields = { mask: piece.png, left: String(piece.left), top: String(piece.top), settings: JSON.stringify(wishes) };
    return this.made(await this.editor.work("Filling", `/pictures/${from}/fill`, fields, begun), way);
  }

  /** @param {any} answer @param {string} way @returns {Promise<Try | null>} */
  async made(answer, way) {
    if (!answer) return null;
    try {
      const { image, digest } = await api.changed(answer.picture);
      const seconds = Object.values(answer.seconds).reduce((sum, each) => sum + Number(each), 0);
      const { picture: id, box, engine, seed, notes } = answer;
      return { id, box, image, digest, engine, seed, way, notes, seconds, diagnosis: null };
    } catch (error) {
      this.editor.fail(error);
      return null;
    }
  }

  /** Have a fill diagnosed, in the background: nobody waits for it. @param {Try} made */
  async judge(made) {
    try {
      const diagnosis = await api.work(`/pictures/${made.id}/diagnosis`, {}, () => {}, new AbortController().signal);
      steps.value = steps.value.map((step) => ({
        ...step, tries: step.tries.map((each) => (each.id === made.id ? { ...each, diagnosis } : each)),
      }));
    } catch {
      // a fill without a diagnosis is as good a fill
    }
  }

  /** Show the picture after so many steps. @param {number} count */
  goTo(count) {
    cursor.value = Math.max(0, Math.min(count, steps.value.length));
    const { stage } = this.editor;
    stage.patches = steps.value.slice(0, cursor.value).map((step) => step.tries[step.chosen]);
    stage.redraw("photo");
    this.save();
  }

  /** Take another try of the last step. @param {number} which */
  choose(which) {
    const index = cursor.value - 1;
    if (index < 0 || steps.value[index].chosen === which) return;
    steps.value = steps.value.slice(0, index + 1).map((step, i) => (i === index ? { ...step, chosen: which } : step));
    this.editor.undone = [];
    this.editor.count();
    this.goTo(cursor.value);
  }

  forget() {
    for (const step of steps.value) for (const each of step.tries) each.image.close();
    steps.value = [];
    cursor.value = 0;
    choosing.value = false;
  }

  save() {
    const plain = steps.value.map((step) => ({ ...step, tries: step.tries.map((each) => ({ ...each, image: null })) }));
    keep("steps", { id: photo.value?.id, steps: plain, cursor: cursor.value });
  }

  /** Take up a fill that goes on since before a reload. */
  async resumeJob() {
    const draft = await kept("job");
    if (!draft || draft.photo !== photo.value?.id) return;
    const job = await api.job(draft.job);
    if (!job || job.status === "cancelled") return keep("job", null);
    note("Your fill goes on.");
    const answer = await this.editor.working.wait("Filling", async () => job);
    this.settle(await this.made(answer, ""), draft.from, draft.piece);
  }

  /** Take up the fills of a visit before a reload, as far as the service still has them. */
  async resume() {
    const draft = await kept("steps");
    if (!draft || draft.id !== photo.value?.id) return;
    /** @type {Step[]} */
    const whole = [];
    try {
      for (const step of /** @type {Step[]} */ (draft.steps)) {
        const tries = [];
        for (const each of step.tries) tries.push({ ...each, ...(await api.changed(each.id)) });
        whole.push({ ...step, tries });
      }
    } catch {
      note("The fills made before are not on the service any more; the photo and the mask are here.", true);
    }
    steps.value = whole;
    this.goTo(Math.min(draft.cursor, whole.length));
  }
}

/** @param {Step} step @returns {{way: string, wishes: Record<string, any>}[]} */
function ways(step) {
  const patchmatch = engines.value.find((engine) => engine.name === "patchmatch")?.ready;
  const tried = new Set(step.tries.map((each) => each.way));
  const kinds = WAYS.filter(({ way, wishes }) => !tried.has(way) && (patchmatch || !wishes.engine));
  const seed = Math.max(...step.tries.map((each) => each.seed)) + 1;
  const seeds = [0, 1, 2].map((n) => ({ way: `seed ${seed + n}`, wishes: { seed: seed + n } }));
  return [...kinds, ...seeds];
}
