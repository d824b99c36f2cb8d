// @ts-check
/** All that is not canvas, but for the side panel (side.js) and the fills (fills.js). */

import { useEffect, useRef } from "preact/hooks";
import { Choose } from "./fills.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { LIST } from "./keys.js";
import { Button, FilePicker, PICTURES } from "./parts.js";
import { Side } from "./side.js";
import {
  boxWord, busy, cursor, hasMask, helpShown, marks, minus, offer, panelShown, photo, redoable, said, shown, split, tool,
  undoable,
} from "./state.js";

/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {{editor: () => Editor}} Props */

const TOOLS = /** @type {const} */ ([
  ["brush", "Brush", "B"], ["eraser", "Eraser", "E"], ["lasso", "Lasso", "L"], ["polygon", "Polygon", "P"],
  ["box", "Box: cuts out what is inside", "R"], ["click", "Click on a thing", "K"],
]);

const LEAST = 0.001; // of the split: at 0 it is off
const LOCAL = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);

/** @param {{here: {editor: Editor | null}}} props */
export function App({ here }) {
  const editor = () => /** @type {Editor} */ (here.editor);
  return html`
    <${Head} editor=${editor} />
    <main class="work">
      <${ToolBar} editor=${editor} />
      <div class="middle">
        <${ToolOptions} editor=${editor} />
        <div id="stage" class=${photo.value ? "" : "empty"} role="group" aria-label="Photo. Paint over what should go.">
          <canvas aria-hidden="true"></canvas><canvas aria-hidden="true"></canvas><canvas aria-hidden="true"></canvas>
          ${!photo.value && html`<${Start} editor=${editor} />`}
          <${Legend} />
          <${Split} editor=${editor} />
          <${Busy} editor=${editor} />
        </div>
      </div>
      <${Side} editor=${editor} />
    </main>
    <${Foot} editor=${editor} />
    <${Choose} editor=${editor} />
    <${Help} />
    <div class="drop" aria-hidden="true">Drop the photo here</div>`;
}

/** @param {Props} props */
function Head({ editor }) {
  const here = !!photo.value;
  return html`<header>
    <h1><img src="/static/icon.svg" alt="" width="26" height="26" />freefill</h1>
    <${FilePicker} label="Open a photo" icon="open" accept=${PICTURES} onFile=${(/** @type {File} */ f) => editor().open(f, f.name)} />
    <div class="group" role="group" aria-label="Undo and redo">
      <${Button} icon="undo" label="Undo" keys="Ctrl Z" disabled=${!undoable.value || !!busy.value} onClick=${() => editor().undo()} />
      <${Button} icon="redo" label="Redo" keys="Ctrl Shift Z" disabled=${!redoable.value || !!busy.value} onClick=${() => editor().redo()} />
    </div>
    <div class="group wide" role="group" aria-label="Zoom">
      <${Button} icon="minus" label="Zoom out" keys="-" disabled=${!here} onClick=${() => editor().zoom(0.8)} />
      <${Button} icon="plus" label="Zoom in" keys="+" disabled=${!here} onClick=${() => editor().zoom(1.25)} />
      <${Button} icon="fit" label="Whole photo" keys="F" disabled=${!here} onClick=${() => editor().stage.fit()} />
      <button type="button" class="square" title="Actual size (1)" aria-label="1:1, actual size" disabled=${!here} onClick=${() => editor().actualSize()}>1:1</button>
    </div>
    <span class="space"></span>
    <${Button} icon="compare" label="Compare with the photo as it was" keys="hold O" disabled=${!cursor.value} pressed=${split.value > 0}
      onClick=${() => editor().setSplit(split.value > 0 ? 0 : 0.5)} />
    <${Button} icon="download" label="Download" keys="Ctrl S" text=${true} cls=${cursor.value ? "main" : ""} disabled=${!here || !!busy.value} onClick=${() => editor().download()} />
    <${Button} icon="help" label="Keys and help" keys="?" onClick=${() => (helpShown.value = true)} />
    <span class="phone"><${Button} icon="panel" label="Mask and settings" pressed=${panelShown.value} disabled=${!here} onClick=${() => (panelShown.value = !panelShown.value)} /></span>
  </header>`;
}

/** @param {Props} props */
function Start({ editor }) {
  const open = (/** @type {File} */ file) => editor().open(file, file.name);
  return html`<section class="start" aria-labelledby="start">
    <h2 id="start">Remove something from a photo</h2>
    <ol><li>Open a photo</li><li>Paint over what should go</li><li>Press Fill</li></ol>
    <div class="row">
      <${FilePicker} big=${true} label="Open a photo" icon="open" accept=${PICTURES} onFile=${open} />
      <span class="camera"><${FilePicker} big=${true} label="Take a photo" icon="camera" accept="image/*" capture=${true} onFile=${open} /></span>
    </div>
    <button type="button" class="text" disabled=${!!busy.value} onClick=${() => editor().example()}>Try an example</button>
    <p>Or drop one here, or paste it. ${LOCAL ? "Photos stay on this machine" : `Photos go to ${location.hostname} and nowhere else`}. What you do not paint over stays as it is, bit for bit.</p>
  </section>`;
}

/** @param {Props} props */
function ToolBar({ editor }) {
  if (!photo.value) return null;
  return html`<div class="tools" role="toolbar" aria-label="Tools">
    ${TOOLS.map(([name, label, keys]) => html`<${Button} icon=${name} label=${label} keys=${keys} pressed=${tool.value === name} onClick=${() => editor().pick(name)} />`)}
  </div>`;
}

/** What the tool in hand may be told. @param {Props} props */
function ToolOptions({ editor }) {
  if (!photo.value) return null;
  if (tool.value === "box") {
    return html`<div class="options"><label>Take in the box <select value=${boxWord.value} onChange=${(/** @type {any} */ e) => (boxWord.value = e.target.value)}>
      <option value="marks">the thing</option><option value="people">people</option><option value="salient">the subject</option><option value="text">text</option></select></label></div>`;
  }
  if (tool.value !== "click") return null;
  return html`<div class="options" role="group" aria-label="What a click says">
    <${Button} icon="plus" label="On it" text=${true} pressed=${!minus.value} onClick=${() => (minus.value = false)} />
    <${Button} icon="minus" label="Not it" text=${true} pressed=${minus.value} keys="or Alt and click" disabled=${!marks.value.length} onClick=${() => (minus.value = true)} />
    <button type="button" class="text" disabled=${!marks.value.length} onClick=${() => { minus.value = false; editor().tools.drop(); }}>Next thing</button>
  </div>`;
}

/** What the colours of a repair mean. */
function Legend() {
  if (!offer.value) return null;
  return html`<ul class="legend" aria-label="What the repair changes">${offer.value.map(({ name, colour }) => html`<li><span style=${{ background: colour }}></span>${name}</li>`)}</ul>`;
}

/** @param {Props} props */
function Split({ editor }) {
  if (!split.value) return null;
  return html`<div class="split"><div class="line" style=${{ left: `${split.value * 100}%` }}><span>before</span><span>after</span></div>
    <input type="range" min="0" max="1" step="0.005" value=${split.value} aria-label="Before and after" aria-valuetext=${`${Math.round(split.value * 100)} % shows the photo as it was`}
      onInput=${(/** @type {any} */ e) => editor().setSplit(Math.max(LEAST, +e.target.value))} /></div>`;
}

/** @param {Props} props */
function Busy({ editor }) {
  const now = busy.value;
  if (!now) return null;
  return html`<div class="busy"><p>${now.what}${now.more && html` <small>${now.more}</small>`}</p>
    <progress max="1" value=${now.share ?? undefined} aria-label=${now.what}></progress>
    ${editor()?.working.abort && html`<button type="button" class="text" onClick=${() => editor().cancel()}>Cancel</button>`}</div>`;
}

/** @param {Props} props */
function Foot({ editor }) {
  const here = photo.value;
  const again = !!shown.value && !hasMask.value;
  return html`<footer class=${here || said.value ? "" : "bare"}>
    <p role="status" aria-live="polite" class=${said.value?.bad ? "bad" : ""}>${said.value?.text ?? (here ? `${here.name} · ${here.width} × ${here.height}` : "")}
      ${said.value && html`<button type="button" class="square small" aria-label="Close the message" onClick=${() => (said.value = null)}><${Icon} name="close" /></button>`}</p>
    ${here && html`<div class="acts">
      ${offer.value && html`<button type="button" class="text" onClick=${() => editor().finding.reject()}>Leave it</button>
        <button type="button" class="main big" onClick=${() => editor().finding.take()}>Take it</button>`}
      ${again && html`<${Button} icon="again" label="Another try" keys="Shift R" text=${true} disabled=${!!busy.value} onClick=${() => editor().filling.again()} />`}
      ${!offer.value && html`<button type="button" class="main big fill" aria-disabled=${String(!hasMask.value || !!busy.value)} title="Fill (Enter)"
        onClick=${() => hasMask.value && !busy.value && editor().filling.fill()}>Fill</button>`}
    </div>`}
  </footer>`;
}

function Help() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (helpShown.value && !dialog.current?.open) dialog.current?.showModal();
  }, [helpShown.value]);
  return html`<dialog ref=${dialog} aria-labelledby="help" onClose=${() => (helpShown.value = false)}>
    <h2 id="help">Keys</h2>
    <table><tbody>${LIST.map(([keys, what]) => html`<tr><th scope="row">${keys.split(" ").map((k) => (k === "·" ? " · " : html`<kbd>${k}</kbd>`))}</th><td>${what}</td></tr>`)}</tbody></table>
    <p>Most bad fills are bad masks: cover hair, feet and shadows too, or press Repair. For programs: <a href="/docs">the API</a>.</p>
    <form method="dialog"><button class="main">Close</button></form>
  </dialog>`;
}
