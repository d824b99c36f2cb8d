// @ts-check
/** The side panel: finding things, brush, mask, how to fill, and the fills so far. */

import { Fills } from "./fills.js";
import { html } from "./html.js";
import { Button, FilePicker } from "./parts.js";
import {
  brush, busy, colour, engines, hasMask, maskShown, opacity, panelShown, photo, pressure, settings,
} from "./state.js";

/** @typedef {import("./panels.js").Props} Props */

const LARGEST_PX = 2000; // of the brush's slider

/** @param {Props} props */
export function Side({ editor }) {
  if (!photo.value) return null;
  return html`<aside class=${panelShown.value ? "shown" : ""} aria-label="Mask and settings">
    <${Fills} editor=${editor} />
    <${Find} editor=${editor} />
    <${Brush} editor=${editor} />
    <${MaskPart} editor=${editor} />
    <${How} />
  </aside>`;
}

/** @param {Props} props */
function Find({ editor }) {
  const off = !!busy.value;
  const find = (/** @type {string} */ word) => () => editor().finding.find(word);
  return html`<section aria-labelledby="find"><h2 id="find">Find</h2><div class="row">
    <${Button} icon="person" label="People" text=${true} disabled=${off} onClick=${find("people")} />
    <${Button} icon="people" label="All but the main person" text=${true} disabled=${off} onClick=${find("people but the main one")} />
    <${Button} icon="subject" label="Subject" text=${true} disabled=${off} onClick=${find("salient")} />
    <${Button} icon="text" label="Text" text=${true} disabled=${off} onClick=${find("text")} />
  </div></section>`;
}

/** @param {Props} props */
function Brush({ editor }) {
  return html`<section aria-labelledby="brush"><h2 id="brush">Brush</h2>
    <label>Size <output>${Math.round(brush.value)} px</output>
      <input type="range" min="0" max="100" step="0.5" value=${toSlider(brush.value)} aria-label="Brush size" aria-valuetext=${`${Math.round(brush.value)} px`}
        onInput=${(/** @type {any} */ e) => { brush.value = fromSlider(+e.target.value); editor().stage.redraw("live"); }} /></label>
    <label class="check"><input type="checkbox" checked=${pressure.value} onChange=${(/** @type {any} */ e) => (pressure.value = e.target.checked)} /> A pen's pressure sets the size</label>
  </section>`;
}

/** @param {Props} props */
function MaskPart({ editor }) {
  const off = !!busy.value || !hasMask.value;
  return html`<section aria-labelledby="mask"><h2 id="mask">Mask</h2>
    <div class="row">
      <button type="button" class="text" disabled=${off} title="Cover the whole thing: hair, feet, shadows" onClick=${() => editor().finding.refine()}>Repair</button>
      <button type="button" class="text" disabled=${off} onClick=${() => editor().finding.refine("2%")}>Grow</button>
      <button type="button" class="text" disabled=${off} onClick=${() => editor().finding.refine("-2%")}>Shrink</button>
      <button type="button" class="text" disabled=${!!busy.value} onClick=${() => editor().invert()}>Invert</button>
      <button type="button" class="text" disabled=${off} onClick=${() => editor().clear()}>Clear</button>
    </div>
    <div class="row">
      <label class="swatch">Colour <input type="color" value=${colour.value} onInput=${(/** @type {any} */ e) => editor().setColour(e.target.value, opacity.value)} /></label>
      <label class="grow">Opacity <input type="range" min="0.1" max="1" step="0.05" value=${opacity.value} aria-valuetext=${`${Math.round(100 * opacity.value)} %`} onInput=${(/** @type {any} */ e) => editor().setColour(colour.value, +e.target.value)} /></label>
    </div>
    <div class="row">
      <button type="button" class="text" onClick=${() => editor().toggleMask()}>${maskShown.value ? "Hide" : "Show"}</button>
      <${FilePicker} label="Load a mask" icon="open" text=${true} accept="image/*" onFile=${(/** @type {File} */ f) => editor().loadMask(f)} />
      <button type="button" class="text" disabled=${!hasMask.value} onClick=${() => editor().saveMask()}>Save mask</button>
    </div>
  </section>`;
}

function How() {
  const set = (/** @type {Record<string, any>} */ more) => (settings.value = { ...settings.value, ...more });
  const chosen = engines.value.find((engine) => engine.name === settings.value.engine);
  return html`<section aria-labelledby="how"><h2 id="how">How to fill</h2>
    <label>Engine <select value=${settings.value.engine} onChange=${(/** @type {any} */ e) => {
      const engine = engines.value.find((each) => each.name === e.target.value);
      set({ engine: e.target.value, weights: engine?.weights.find((each) => each.ready)?.name ?? null });
    }}>
      <option value="auto">auto: chosen by the hole</option>
      ${engines.value.map((engine) => html`<option value=${engine.name} disabled=${!engine.ready}>${engine.name}${engine.ready ? "" : " (not here yet)"}</option>`)}
    </select></label>
    ${chosen && html`<p class="hint">${chosen.summary}</p>`}
    ${chosen && chosen.weights.length > 0 && html`<label>Weights <select value=${settings.value.weights ?? ""} onChange=${(/** @type {any} */ e) => set({ weights: e.target.value || null })}>
      ${chosen.weights.map((each) => html`<option value=${each.name} disabled=${!each.ready}>${each.name}${each.ready ? "" : " (not here yet)"}</option>`)}</select></label>`}
    <details><summary>More</summary>
      <label>Seed <input type="number" min="0" max="2147483647" value=${settings.value.seed} onChange=${(/** @type {any} */ e) => set({ seed: Math.min(2 ** 31 - 1, Math.max(0, Math.floor(+e.target.value) || 0)) })} /></label>
      <label>Grow the hole first <input type="text" value=${settings.value.grow} placeholder="3% or 6px" onChange=${(/** @type {any} */ e) => set({ grow: e.target.value || "0" })} /></label>
      <label>Fade over <input type="text" value=${settings.value.feather} placeholder="2% or 4px" onChange=${(/** @type {any} */ e) => set({ feather: e.target.value || "0" })} /></label>
      <label>Texture <select value=${settings.value.texture} onChange=${(/** @type {any} */ e) => set({ texture: e.target.value })}>
        <option value="auto">auto</option><option value="always">always</option><option value="never">never</option></select></label>
      <${Missing} />
    </details>
  </section>`;
}

/** What is not on this machine, and the command that gets it. */
function Missing() {
  const missing = engines.value.flatMap((engine) => [
    ...(engine.ready ? [] : [{ name: engine.name, get: engine.get }]),
    ...engine.weights.filter((each) => engine.ready && !each.ready).map((each) => ({ name: `${engine.name}, ${each.name}`, get: each.get })),
  ]);
  if (!missing.length) return null;
  return html`<p class="hint">To have more, type on the service's machine:</p>
    <ul class="hint">${missing.map(({ name, get }) => html`<li>${name}: <code>${get}</code></li>`)}</ul>`;
}

const toSlider = (/** @type {number} */ px) => (100 * Math.log(Math.max(1, px))) / Math.log(LARGEST_PX);
const fromSlider = (/** @type {number} */ value) => Math.exp((value / 100) * Math.log(LARGEST_PX));
