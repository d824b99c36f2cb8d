// @ts-check
/** A mask on its way: PNG of one bit, written by hand; PNG of the server's read by the browser. */

const CRC = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
const STRIP = 1024; // rows read at a time: a canvas as large as a photo does not draw everywhere

/** @param {string} name @param {Uint8Array} data @returns {Uint8Array} */
function chunk(name, data) {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = name.charCodeAt(i);
  out.set(data, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < 8 + data.length; i++) crc = CRC[(crc ^ out[i]) & 255] ^ (crc >>> 8);
  view.setUint32(8 + data.length, (crc ^ 0xffffffff) >>> 0);
  return out;
}

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} */
async function deflated(data) {
  const stream = new Blob([/** @type {BlobPart} */ (data)]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {Uint8Array} levels 0 or not, row by row @param {number} width @param {number} height
 * @returns {Promise<Blob>} a PNG of one bit, white where not 0
 */
export async function onePng(levels, width, height) {
  const stride = Math.ceil(width / 8) + 1;
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (levels[y * width + x]) rows[y * stride + 1 + (x >> 3)] |= 128 >> (x & 7);
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head[8] = 1; // bits; the rest is 0: grey, no interlace
  const parts = [
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", await deflated(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(/** @type {BlobPart[]} */ (parts), { type: "image/png" });
}

/**
 * @param {Blob} blob of any picture @param {number} [width] @param {number} [height] scale to this size
 * @returns {Promise<{levels: Uint8Array, width: number, height: number}>} 1 where it is light and opaque
 */
export async function levelsOf(blob, width, height) {
  const bitmap = await createImageBitmap(blob);
  const w = width ?? bitmap.width;
  const h = height ?? bitmap.height;
  const levels = new Uint8Array(w * h);
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = Math.min(STRIP, h);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < h; top += STRIP) {
    context.clearRect(0, 0, w, STRIP);
    context.drawImage(bitmap, 0, -top, w, h);
    const rows = Math.min(STRIP, h - top);
    const { data } = context.getImageData(0, 0, w, rows);
    for (let i = 0; i < w * rows; i++) {
      const light = data[4 * i] + data[4 * i + 1] + data[4 * i + 2] > 382;
      levels[top * w + i] = light && data[4 * i + 3] > 127 ? 1 : 0;
    }
  }
  canvas.width = canvas.height = 1;
  bitmap.close();
  return { levels, width: w, height: h };
}
