// @ts-check
/** The fills of this visit, what is wrong with the last one, and its tries side by side. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { busy, choosing, cursor, hasMask, photo, shown, steps } from "./state.js";

/** @typedef {import("./panels.js").Props} Props */
/** @typedef {import("./state.js").Try} Try */

/** What to do about a finding on this page. */
const ADVICE = /** @type {Record<string, string>} */ ({
  residue: "Undo, then press Repair, or Grow.",
  seam: "Undo, set “Grow the hole first” to 3% and “Fade over” to 2%, and fill again.",
  colour: "A shadow or a glow may be left beside it: undo, and paint over that too.",
  smudge: "Try the engine “texture”, or set Texture to “always”.",
  grain: "Try the engine “texture”, or set Texture to “always”.",
  repeat: "Try another.",
  broken: "Try another, or a mask that ends where no line crosses.",
  foreign: "Try another, or paint over that spot and fill again.",
  unlike: "Try another.",
});
const MOST_WORDS = 2; // findings that are told
const AROUND = 0.3; // of a hole's size, shown on each side of it
const LEAST_PX = 96;

/** @param {Props} props */
export function Fills({ editor }) {
  if (!steps.value.length) return null;
  const go = (/** @type {number} */ count) => () => editor().filling.goTo(count);
  const step = shown.value;
  return html`<section aria-labelledby="fills"><h2 id="fills">Fills</h2><ol class="strip">
    <li><button type="button" class=${cursor.value === 0 ? "now" : ""} disabled=${!!busy.value} aria-current=${cursor.value === 0 ? "step" : undefined} onClick=${go(0)}>As it was</button></li>
    ${steps.value.map((each, i) => html`<li>
      <button type="button" class=${cursor.value === i + 1 ? "now" : ""} disabled=${!!busy.value} aria-current=${cursor.value === i + 1 ? "step" : undefined} onClick=${go(i + 1)}>
        <${Thumb} image=${each.tries[each.chosen].image} /><span>Fill ${i + 1}</span></button></li>`)}
  </ol>
  ${step && html`<${Notes} made=${step.tries[step.chosen]} /><${Verdict} made=${step.tries[step.chosen]} />
    ${!hasMask.value && html`<div class="row">
      <button type="button" class="text" disabled=${!!busy.value} onClick=${() => editor().filling.several()}>Three more tries</button>
      ${step.tries.length > 1 && html`<button type="button" class="text" disabled=${!!busy.value} onClick=${() => (choosing.value = true)}>Choose of ${step.tries.length}</button>`}
    </div>`}`}
  </section>`;
}

/** @param {{made: Try}} props */
function Notes({ made }) {
  return html`<details><summary>${made.engine}, ${made.seconds.toFixed(1)} s${made.way ? `, ${made.way}` : ""}</summary>
    <ul class="hint">${made.notes.map((each) => html`<li>${each}</li>`)}</ul></details>`;
}

/** @param {{made: Try}} props */
function Verdict({ made }) {
  const { diagnosis } = made;
  if (!diagnosis) return html`<p class="hint" role="status"></p>`;
  const found = diagnosis.findings.filter((each) => each.verdict !== "good").sort((a, b) => b.score - a.score).slice(0, MOST_WORDS);
  if (!found.length) return html`<p class="hint" role="status">Looked over: nothing stands out.</p>`;
  return html`<div class="verdict" role="status"><p>Look twice:</p><ul>
    ${found.map((each) => html`<li>${each.means}. <span>${ADVICE[each.name] ?? ""}</span></li>`)}</ul></div>`;
}

/** @param {{image: ImageBitmap}} props */
function Thumb({ image }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const target = canvas.current;
    if (!target) return;
    const scale = 64 / Math.max(image.width, image.height);
    target.width = Math.max(1, Math.round(image.width * scale));
    target.height = Math.max(1, Math.round(image.height * scale));
    target.getContext("2d")?.drawImage(image, 0, 0, target.width, target.height);
  }, [image]);
  return html`<canvas ref=${canvas} aria-hidden="true"></canvas>`;
}

/** All tries of a hole side by side, to choose one. @param {Props} props */
export function Choose({ editor }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const step = shown.value;
  const open = choosing.value && !!step;
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  const close = () => (choosing.value = false);
  return html`<dialog ref=${dialog} class="choose" aria-labelledby="choose" onClose=${close}>
    <h2 id="choose">Which one?</h2>
    ${open && step && html`<div class="grid">${step.tries.map((each, n) => html`<button type="button" key=${each.id} aria-pressed=${String(n === step.chosen)}
        onClick=${() => { editor().filling.choose(n); close(); }}>
        <${Closeup} editor=${editor} made=${each} /><span>${n + 1}: ${each.way || "as you set it"}${each.diagnosis?.verdict === "good" ? ", nothing stands out" : ""}</span></button>`)}</div>`}
    <form method="dialog"><button class="text">Close</button></form>
  </dialog>`;
}

/** A hole and what is around it. @param {{editor: () => import("./editor.js").Editor, made: Try}} props */
function Closeup({ editor, made }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const { stage } = editor();
    const box = around(made.box, photo.value ?? { width: 1, height: 1 });
    const before = steps.value.slice(0, cursor.value - 1).map((step) => step.tries[step.chosen]);
    const draw = () => canvas.current && stage.drawPart(canvas.current, box, [...before, made]);
    const sized = new ResizeObserver(draw); // the dialog opens after this
    if (canvas.current) sized.observe(canvas.current);
    stage.watchers.add(draw);
    return () => {
      sized.disconnect();
      stage.watchers.delete(draw);
    };
  }, [made]);
  return html`<canvas ref=${canvas} aria-hidden="true"></canvas>`;
}

/** A part of the photo of four to three around a hole. @param {number[]} hole left, top, width, height @param {{width: number, height: number}} whole */
function around([left, top, width, height], whole) {
  const wanted = Math.max(height, (width * 3) / 4, LEAST_PX) * (1 + 2 * AROUND);
  const h = Math.min(wanted, whole.height, (whole.width * 3) / 4);
  const w = (h * 4) / 3;
  const x = Math.max(0, Math.min(whole.width - w, left + width / 2 - w / 2));
  const y = Math.max(0, Math.min(whole.height - h, top + height / 2 - h / 2));
  return [x, y, w, h];
}
