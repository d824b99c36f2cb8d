// @ts-check
/** Buttons. */

import { useRef } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";

export const PICTURES = "image/*,.heic,.heif,.tif,.tiff";

/** @param {{icon: any, label: string, onClick: (event: Event) => void, disabled?: boolean, pressed?: boolean, keys?: string, text?: boolean, cls?: string}} props */
export function Button({ icon, label, onClick, disabled, pressed, keys, text, cls }) {
  return html`<button type="button" class=${`${text ? "text" : "square"} ${cls ?? ""}`} title=${keys ? `${label} (${keys})` : label}
    aria-label=${label} aria-pressed=${pressed === undefined ? undefined : String(pressed)} disabled=${disabled} onClick=${onClick}>
    <${Icon} name=${icon} />${text && html`<span>${label}</span>`}</button>`;
}

/** @param {{label: string, icon: any, accept: string, onFile: (file: File) => void, big?: boolean, text?: boolean, capture?: boolean}} props */
export function FilePicker({ label, icon, accept, onFile, big, text, capture }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  return html`<button type="button" class=${big ? "main big" : text ? "text" : "square"} title=${label} aria-label=${label} onClick=${() => input.current?.click()}>
      <${Icon} name=${icon} />${(big || text) && html`<span>${label}</span>`}</button>
    <input ref=${input} type="file" accept=${accept} capture=${capture ? "environment" : undefined} hidden aria-label=${label} onChange=${(/** @type {any} */ event) => {
      const file = event.target.files[0];
      event.target.value = "";
      if (file) onFile(file);
    }} />`;
}
