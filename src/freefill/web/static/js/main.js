// @ts-check
import { html, render } from "./html.js";
import { engines as askEngines } from "./api.js";
import { Editor } from "./editor.js";
import { bind } from "./keys.js";
import { App } from "./panels.js";
import { engines, note } from "./state.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {{editor: Editor | null}} */
const here = { editor: null };
render(html`<${App} here=${here} />`, root);
const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
const editor = new Editor(stage);
here.editor = editor;
bind(editor);
/** @type {any} */ (window).freefill = editor; // for measurements

askEngines().then((list) => (engines.value = list)).catch((error) => note(error.message, true));
editor.resume().catch((error) => note(error.message, true));

window.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
  if (file) editor.open(file, file.name || "pasted.png");
});
window.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});
window.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const file = event.dataTransfer?.files[0];
  if (file) editor.open(file, file.name);
});
