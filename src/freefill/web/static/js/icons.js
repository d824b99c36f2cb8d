// @ts-check
/** Drawn for this page: strokes of one width in a box of 24. */
import { html } from "./html.js";

const PATHS = {
  brush: "M4 20c3 0 5-1 5-4a2.5 2.5 0 0 1 4-2L20 5a1.4 1.4 0 0 0-2-2L9 10.500M9 16a2.500 2.500 0 0 0-2.500-2.500",
  eraser: "M8 20h12M5.500 13.500 14 5l5.500 5.500L11 19H8l-2.500-2.500a2 2 0 0 1 0-3zM9.500 9.500l5.500 5.500",
  lasso: "M12 4c5 0 9 2.500 9 6s-4 6-9 6-9-2.500-9-6 4-6 9-6zM7 15c-1.500 2 0 3 1.500 2.500S10 20 7 21",
  polygon: "M5 8 13 4l7 6-3 9-10-1z M5 8h.01 M13 4h.01 M20 10h.01 M17 19h.01 M7 18h.01",
  box: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9z",
  click: "M9 9l10 4-4.500 1.500L13 19zM5 5l1.500 1.500M9 3v2M3 9h2",
  undo: "M9 7 5 11l4 4M5 11h9a5 5 0 0 1 0 10h-3",
  redo: "M15 7l4 4-4 4M19 11h-9a5 5 0 0 0 0 10h3",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  compare: "M12 3v18M5 6h4v12H5zM15 6h4v12h-4z",
  download: "M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14",
  open: "M4 7h6l2 2h8v10H4zM4 7v12",
  help: "M9.500 9a2.500 2.500 0 1 1 3.500 2.300c-.7.400-1 .9-1 1.700M12 17h.01M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
  person: "M12 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM5 20c0-4 3-7 7-7s7 3 7 7",
  people: "M9 5a2.600 2.600 0 1 1 0 5.200A2.600 2.600 0 0 1 9 5zM3 19c0-3.400 2.600-6 6-6s6 2.600 6 6M16 5.500a2.300 2.300 0 0 1 0 4.400M17 13.200c2.400.6 4 2.800 4 5.800",
  camera: "M4 8h3.500l1.500-2.500h6L16.500 8H20v11H4zM12 10.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
  subject: "M12 4l2.300 4.800 5.200.7-3.800 3.600.900 5.200L12 15.800 7.400 18.300l.9-5.200-3.800-3.600 5.200-.7z",
  text: "M5 6h14M12 6v13M9 19h6",
  again: "M20 12a8 8 0 1 1-2.300-5.600M20 4v4h-4",
  panel: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
};

/** @param {{name: keyof typeof PATHS}} props */
export const Icon = ({ name }) => html`<svg viewBox="0 0 24 24" aria-hidden="true" class="icon"><path d=${PATHS[name]} /></svg>`;
