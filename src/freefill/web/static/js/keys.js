// @ts-check
/** Keys. Nothing is bound while somebody types, or while a dialog is open. */

import { busy, helpShown, hasMask, offer, tool } from "./state.js";

/** What `?` shows; key, what it does. */
export const LIST = [
  ["B · E", "Brush · eraser (Alt, right button or the pen's other end erase too)"],
  ["L · P · R · K", "Lasso · polygon · box · click"],
  ["[ · ]", "Smaller · larger brush (or Alt and wheel)"],
  ["Enter", "Fill; closes a polygon; takes a repair"],
  ["Esc", "Cancel what is going on"],
  ["Ctrl Z · Ctrl Shift Z", "Undo · redo"],
  ["Space", "Hold to move (or the middle button, or two fingers)"],
  ["O", "Hold to see the photo as it was (or Tab, with the pointer on the photo)"],
  ["Shift R", "Another try"],
  ["F · 1 · + · −", "Whole photo · actual size · zoom"],
  ["X", "Show or hide the mask"],
  ["Delete", "Clear the mask"],
  ["Ctrl S · Ctrl C", "Download · copy the picture"],
  ["?", "This list"],
];

const TOOLS = { b: "brush", e: "eraser", l: "lasso", p: "polygon", r: "box", k: "click" };

/** @param {import("./editor.js").Editor} editor */
export function bind(editor) {
  const release = () => {
    editor.pointer.space = false;
    editor.stage.root.classList.remove("moving");
    editor.compare(false);
  };
  window.addEventListener("blur", release);
  window.addEventListener("keyup", (event) => {
    if (event.key === " ") {
      editor.pointer.space = false;
      editor.stage.root.classList.remove("moving");
    }
    if (event.key === "Tab" || event.key.toLowerCase() === "o") editor.compare(false);
  });
  window.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input:not([type=range]):not([type=checkbox]), select, textarea, dialog[open]")) return;
    if (!editor.stage.mask) {
      if (event.key === "?") helpShown.value = true;
      return;
    }
    const onStage = !target.closest("button, a, input, summary");
    if (act(event, editor, onStage)) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event @param {import("./editor.js").Editor} editor @param {boolean} onStage @returns {boolean} whether the key meant something */
function act(event, editor, onStage) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") event.shiftKey ? editor.redo() : editor.undo();
    else if (key === "y") editor.redo();
    else if (key === "s") editor.download();
    else if (key === "c" && !getSelection()?.toString()) editor.copy();
    else return false;
    return true;
  }
  if (event.altKey) return false;
  // Space, Enter and Tab belong to the button that has the focus; on the stage they are ours.
  if ([" ", "Enter", "Tab"].includes(event.key) && !onStage) return false;
  if (key === "r" && event.shiftKey) editor.filling.again();
  else if (key in TOOLS) editor.pick(/** @type {any} */ (TOOLS)[key]);
  else if (key === "[" || key === "]") editor.resize(key === "[" ? 1 / 1.15 : 1.15);
  else if (key === " ") {
    editor.pointer.space = true;
    editor.stage.root.classList.add("moving");
  } else if (key === "o") editor.compare(true);
  else if (key === "Tab") {
    // Whoever has no pointer on the photo walks from button to button.
    if (event.shiftKey || !editor.stage.patches.length || !editor.stage.root.matches(":hover")) return false;
    editor.compare(true);
  } else if (key === "Enter") {
    if (tool.value === "polygon" && editor.tools.corners.length > 2) editor.tools.close();
    else if (offer.value) editor.finding.take();
    else if (hasMask.value && !busy.value) editor.filling.fill();
  } else if (key === "Escape") {
    if (busy.value) editor.cancel();
    else if (offer.value) editor.finding.reject();
    else editor.tools.drop();
  } else if (key === "f" || key === "0") editor.stage.fit();
  else if (key === "1") editor.actualSize();
  else if (key === "+" || key === "=") editor.zoom(1.25);
  else if (key === "-") editor.zoom(0.8);
  else if (key === "x") editor.toggleMask();
  else if (key === "Delete" || key === "Backspace") editor.clear();
  else if (key === "?") helpShown.value = true;
  else return false;
  return true;
}
