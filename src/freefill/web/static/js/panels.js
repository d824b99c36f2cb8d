// @ts-check
/** All that is not canvas. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { LIST } from "./keys.js";
import {
  brush, busy, colour, cursor, engines, hasMask, helpShown, maskShown, offer, opacity, panelShown, photo,
  pressure, redoable, said, settings, split, steps, tool, undoable,
} from "./state.js";

/** @typedef {import("./editor.js").Editor} Editor */

const TOOLS = /** @type {const} */ ([
  ["brush", "Brush", "B"], ["eraser", "Eraser", "E"], ["lasso", "Lasso", "L"], ["polygon", "Polygon", "P"],
  ["box", "Box: cuts out what is inside", "R"], ["click", "Click on a thing", "K"],
]);

const LOCAL = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);

/** @param {{here: {editor: Editor | null}}} props */
export function App({ here }) {
  const editor = () => /** @type {Editor} */ (here.editor);
  return html`
    <${Head} editor=${editor} />
    <main class="work">
      <${ToolBar} editor=${editor} />
      <div id="stage" class=${photo.value ? "" : "empty"} role="group" aria-label="Photo. Paint over what should go.">
        <canvas aria-hidden="true"></canvas><canvas aria-hidden="true"></canvas><canvas aria-hidden="true"></canvas>
        ${!photo.value && html`<${Start} editor=${editor} />`}
        <${Split} editor=${editor} />
        <${Busy} editor=${editor} />
      </div>
      <${Side} editor=${editor} />
    </main>
    <${Foot} editor=${editor} />
    <${Help} />
    <div class="drop" aria-hidden="true">Drop the photo here</div>`;
}

/** @param {{icon: any, label: string, onClick: (event: Event) => void, disabled?: boolean, pressed?: boolean, keys?: string, text?: boolean, cls?: string}} props */
function Button({ icon, label, onClick, disabled, pressed, keys, text, cls }) {
  return html`<button type="button" class=${`${text ? "text" : "square"} ${cls ?? ""}`} title=${keys ? `${label} (${keys})` : label}
    aria-label=${label} aria-pressed=${pressed === undefined ? undefined : String(pressed)} disabled=${disabled} onClick=${onClick}>
    <${Icon} name=${icon} />${text && html`<span>${label}</span>`}</button>`;
}

/** @param {{editor: () => Editor}} props */
function Head({ editor }) {
  const here = !!photo.value;
  return html`<header>
    <h1><img src="/static/icon.svg" alt="" width="26" height="26" />freefill</h1>
    <${FilePicker} label="Open a photo" icon="open" accept="image/*,.heic,.heif,.tif,.tiff" onFile=${(/** @type {File} */ f) => editor().open(f, f.name)} />
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
    <${Button} icon="compare" label="Compare with the photo as it was" keys="hold Tab" disabled=${!cursor.value} pressed=${split.value > 0}
      onClick=${() => editor().setSplit(split.value > 0 ? 0 : 0.5)} />
    <${Button} icon="download" label="Download" keys="Ctrl S" text=${true} cls=${cursor.value ? "main" : ""} disabled=${!here || !!busy.value} onClick=${() => editor().download()} />
    <${Button} icon="help" label="Keys and help" keys="?" onClick=${() => (helpShown.value = true)} />
    <span class="phone"><${Button} icon="panel" label="Mask and settings" pressed=${panelShown.value} disabled=${!here} onClick=${() => (panelShown.value = !panelShown.value)} /></span>
  </header>`;
}

/** @param {{label: string, icon: any, accept: string, onFile: (file: File) => void, big?: boolean, text?: boolean}} props */
function FilePicker({ label, icon, accept, onFile, big, text }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  return html`<button type="button" class=${big ? "main big" : text ? "text" : "square"} title=${label} aria-label=${label} onClick=${() => input.current?.click()}>
      <${Icon} name=${icon} />${(big || text) && html`<span>${label}</span>`}</button>
    <input ref=${input} type="file" accept=${accept} hidden aria-label=${label} onChange=${(/** @type {any} */ event) => {
      const file = event.target.files[0];
      event.target.value = "";
      if (file) onFile(file);
    }} />`;
}

/** @param {{editor: () => Editor}} props */
function Start({ editor }) {
  return html`<section class="start" aria-labelledby="start">
    <h2 id="start">Remove something from a photo</h2>
    <ol><li>Open a photo.</li><li>Paint over what should go.</li><li>Press Fill.</li></ol>
    <${FilePicker} big=${true} label="Open a photo" icon="open" accept="image/*,.heic,.heif,.tif,.tiff" onFile=${(/** @type {File} */ f) => editor().open(f, f.name)} />
    <button type="button" class="text" onClick=${() => editor().example()}>Try an example</button>
    <p>Or drop one here, or paste it. ${LOCAL ? "Photos stay on this machine" : `Photos go to ${location.hostname} and nowhere else`}; what you did not paint over stays as it was, bit for bit.</p>
  </section>`;
}

/** @param {{editor: () => Editor}} props */
function ToolBar({ editor }) {
  if (!photo.value) return null;
  return html`<div class="tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
    ${TOOLS.map(([name, label, keys]) => html`<${Button} icon=${name} label=${label} keys=${keys} pressed=${tool.value === name} onClick=${() => editor().pick(name)} />`)}
  </div>`;
}

/** @param {{editor: () => Editor}} props */
function Side({ editor }) {
  if (!photo.value) return null;
  const off = !!busy.value;
  const set = (/** @type {Record<string, any>} */ more) => (settings.value = { ...settings.value, ...more });
  const chosen = engines.value.find((engine) => engine.name === settings.value.engine);
  return html`<aside class=${panelShown.value ? "shown" : ""} aria-label="Mask and settings">
    <section><h2>Find</h2><div class="row">
      <${Button} icon="person" label="People" text=${true} disabled=${off} onClick=${() => editor().find("people")} />
      <${Button} icon="subject" label="Subject" text=${true} disabled=${off} onClick=${() => editor().find("salient")} />
      <${Button} icon="text" label="Text" text=${true} disabled=${off} onClick=${() => editor().find("text")} />
    </div></section>
    <section><h2>Brush</h2>
      <label>Size <output>${Math.round(brush.value)} px</output>
        <input type="range" min="0" max="100" step="0.5" value=${toSlider(brush.value)} aria-label="Brush size"
          onInput=${(/** @type {any} */ e) => { brush.value = fromSlider(+e.target.value); editor().stage.redraw("live"); }} /></label>
      <label class="check"><input type="checkbox" checked=${pressure.value} onChange=${(/** @type {any} */ e) => (pressure.value = e.target.checked)} /> A pen's pressure sets the size</label>
    </section>
    <section><h2>Mask</h2>
      <div class="row">
        <button type="button" class="text" disabled=${off || !hasMask.value} title="Cover the whole thing: hair, feet, shadows" onClick=${() => editor().refine()}>Repair</button>
        <button type="button" class="text" disabled=${off || !hasMask.value} onClick=${() => editor().refine("2%")}>Grow</button>
        <button type="button" class="text" disabled=${off || !hasMask.value} onClick=${() => editor().refine("-2%")}>Shrink</button>
        <button type="button" class="text" disabled=${off} onClick=${() => editor().invert()}>Invert</button>
        <button type="button" class="text" disabled=${off || !hasMask.value} onClick=${() => editor().clear()}>Clear</button>
      </div>
      ${offer.value && html`<div class="offer" role="group" aria-label="The repaired mask">
        <p>Green is what the repair adds.</p>
        <button type="button" class="main" onClick=${() => editor().take()}>Take it</button>
        <button type="button" class="text" onClick=${() => editor().reject()}>Leave it</button></div>`}
      <div class="row">
        <label class="swatch">Colour <input type="color" value=${colour.value} onInput=${(/** @type {any} */ e) => editor().setColour(e.target.value)} /></label>
        <label class="grow">Opacity <input type="range" min="0.1" max="1" step="0.05" value=${opacity.value} onInput=${(/** @type {any} */ e) => editor().setOpacity(+e.target.value)} /></label>
      </div>
      <div class="row">
        <button type="button" class="text" aria-pressed=${String(!maskShown.value)} onClick=${() => editor().toggleMask()}>${maskShown.value ? "Hide" : "Show"}</button>
        <${FilePicker} label="Load a mask" icon="open" text=${true} accept="image/*" onFile=${(/** @type {File} */ f) => editor().loadMask(f)} />
        <button type="button" class="text" disabled=${!hasMask.value} onClick=${() => editor().saveMask()}>Save mask</button>
      </div>
    </section>
    <section><h2>Fill</h2>
      <label>Engine <select value=${settings.value.engine} onChange=${(/** @type {any} */ e) => set({ engine: e.target.value })}>
        <option value="auto">auto: chosen by the hole</option>
        ${engines.value.map((engine) => html`<option value=${engine.name} disabled=${!engine.ready}>${engine.name}${engine.ready ? "" : " (not here yet)"}</option>`)}
      </select></label>
      ${chosen && html`<p class="hint">${chosen.summary}</p>`}
      <details><summary>More</summary>
        <label>Seed <input type="number" min="0" max="4294967295" value=${settings.value.seed} onChange=${(/** @type {any} */ e) => set({ seed: Math.max(0, Math.floor(+e.target.value) || 0) })} /></label>
        <label>Grow the hole first <input type="text" value=${settings.value.grow} placeholder="3% or 6px" onChange=${(/** @type {any} */ e) => set({ grow: e.target.value || "0" })} /></label>
        <label>Texture <select value=${settings.value.texture} onChange=${(/** @type {any} */ e) => set({ texture: e.target.value })}>
          <option value="auto">auto</option><option value="always">always</option><option value="never">never</option></select></label>
        ${engines.value.filter((engine) => !engine.ready).length > 0 && html`<p class="hint">To have more engines, type:</p>
          <ul class="hint">${engines.value.filter((engine) => !engine.ready).map((engine) => html`<li>${engine.name}: <code>${engine.get}</code></li>`)}</ul>`}
      </details>
    </section>
    <${History} editor=${editor} />
  </aside>`;
}

const toSlider = (/** @type {number} */ px) => (100 * Math.log(Math.max(1, px))) / Math.log(2000);
const fromSlider = (/** @type {number} */ value) => Math.exp((value / 100) * Math.log(2000));

/** @param {{editor: () => Editor}} props */
function History({ editor }) {
  if (!steps.value.length) return null;
  return html`<section><h2>Fills</h2><ol class="strip">
    <li><button type="button" class=${cursor.value === 0 ? "now" : ""} disabled=${!!busy.value} aria-current=${cursor.value === 0 ? "step" : undefined} onClick=${() => editor().goTo(0)}>As it was</button></li>
    ${steps.value.map((step, i) => html`<li>
      <button type="button" class=${cursor.value === i + 1 ? "now" : ""} disabled=${!!busy.value} aria-current=${cursor.value === i + 1 ? "step" : undefined} onClick=${() => editor().goTo(i + 1)}>
        <${Thumb} image=${step.tries[step.chosen].image} /><span>Fill ${i + 1}</span></button>
      ${step.tries.length > 1 && cursor.value === i + 1 && html`<div class="tries" role="group" aria-label=${`Tries of fill ${i + 1}`}>
        ${step.tries.map((each, n) => html`<button type="button" aria-pressed=${String(n === step.chosen)} aria-label=${`Try ${n + 1}`} onClick=${() => editor().choose(i, n)}><${Thumb} image=${each.image} /></button>`)}</div>`}
    </li>`)}
  </ol></section>`;
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

/** @param {{editor: () => Editor}} props */
function Split({ editor }) {
  if (!split.value) return null;
  return html`<div class="split"><div class="line" style=${{ left: `${split.value * 100}%` }}><span>before</span><span>after</span></div>
    <input type="range" min="0.01" max="1" step="0.005" value=${split.value} aria-label="Before and after" aria-valuetext=${`${Math.round(split.value * 100)} % shows the photo as it was`}
      onInput=${(/** @type {any} */ e) => editor().setSplit(+e.target.value)} /></div>`;
}

/** @param {{editor: () => Editor}} props */
function Busy({ editor }) {
  const now = busy.value;
  if (!now) return null;
  return html`<div class="busy"><p>${now.what}${now.more && html` <small>${now.more}</small>`}</p>
    <progress max="1" value=${now.share ?? undefined} aria-label=${now.what}></progress>
    ${editor()?.abort && html`<button type="button" class="text" onClick=${() => editor().cancel()}>Cancel</button>`}</div>`;
}

/** @param {{editor: () => Editor}} props */
function Foot({ editor }) {
  const here = photo.value;
  return html`<footer>
    <p role="status" aria-live="polite" class=${said.value?.bad ? "bad" : ""}>${said.value?.text ?? (here ? `${here.name} · ${here.width} × ${here.height}` : "")}
      ${said.value && html`<button type="button" class="square small" aria-label="Close the message" onClick=${() => (said.value = null)}><${Icon} name="close" /></button>`}</p>
    ${here && html`<div class="acts">
      ${cursor.value > 0 && !hasMask.value && html`<${Button} icon="again" label="Another try" text=${true} disabled=${!!busy.value} onClick=${() => editor().again()} />`}
      <button type="button" class="main big fill" disabled=${!hasMask.value || !!busy.value} title="Fill (Enter)" onClick=${() => editor().fill()}>Fill</button>
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
