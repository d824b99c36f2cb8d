"""What a screen shows of a picture: 8 bits of sRGB, a preview, tiles. Written once by a worker, read by the server.

The server itself never decodes what a visitor sent: a worker process does, and leaves plain numbers here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.images.profile import colour_codec
from freefill.values import Hole, Picture

PREVIEW_PX = 2048  # longest side
TILE_PX = 512  # the page asks for tiles of this size (static/js)
MOST_LEVEL = 5  # 200 megapixels are a few tiles there
STRIP_ROWS = 512  # converted at a time, so that a large picture takes no second copy in float
MOST_WEBP_PX = 16_383  # the format's own bound
CHECK_PX = 8  # squares behind transparent parts

Shown = NDArray[np.uint8]  # (h, w, 3), RGB


def shown(picture: Picture, rows: slice = slice(None), cols: slice = slice(None)) -> Shown:
    """Return (h, w, 3) uint8 sRGB of a part of a picture, transparent parts over squares."""
    pixels = picture.pixels[rows, cols]
    if pixels.dtype == np.uint8 and picture.extras.icc is None and pixels.shape[2] == 3:
        out = np.ascontiguousarray(pixels)
    else:
        codec = colour_codec(picture, "srgb")
        out = np.empty((*pixels.shape[:2], 3), np.uint8)
        for top in range(0, len(pixels), STRIP_ROWS):
            strip = codec.decode(pixels[top : top + STRIP_ROWS])
            out[top : top + STRIP_ROWS] = np.rint(np.clip(strip, 0, 1) * 255)
    if picture.alpha is None:
        return out
    alpha = picture.alpha[rows, cols][..., None] / np.float32(picture.full_scale)
    # Squares go by the whole picture's rows and columns, or tiles would not join.
    top, left = rows.indices(picture.size[0])[0], cols.indices(picture.size[1])[0]
    height, width = pixels.shape[:2]
    row, col = np.ogrid[top : top + height, left : left + width]
    check = np.where((row // CHECK_PX + col // CHECK_PX) % 2, 204, 153)[..., None]
    return np.rint(out * alpha + check * (1 - alpha)).astype(np.uint8)


def preview(whole: Shown) -> bytes:
    """Return a small JPEG of a picture."""
    scale = PREVIEW_PX / max(whole.shape[:2])
    if scale < 1:
        height, width = whole.shape[:2]
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        whole = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(whole)


def tile(folder: Path, level: int, row: int, col: int) -> bytes | None:
    """Return a JPEG of one tile, or None where there is none; each level halves the scale, 0 is full scale."""
    if not 0 <= level <= MOST_LEVEL or row < 0 or col < 0:
        return None
    whole: Any = np.load(folder / "shown.npy", mmap_mode="r")  # only the rows of this tile are read from the disk
    side = TILE_PX << level
    part = whole[row * side : (row + 1) * side, col * side : (col + 1) * side]
    return jpeg(_halved(part, level)) if part.size else None


def _halved(part: Shown, level: int) -> Shown:
    if level == 0:
        return part
    size = tuple(max(-(-length >> level), 1) for length in part.shape[1::-1])
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(part: Shown) -> bytes:
    """Return a JPEG that shows no blocks."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, 93, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", np.ascontiguousarray(part[..., ::-1]), flags)[1].tobytes()


def webp(part: Shown, hole: Hole) -> bytes:
    """Return a WebP of a filled box; see-through, and empty, beside the hole, where the page has the photo's own tiles.

    It is for the eye: a page that showed the fill as PNG would take a tenth of the photo's bytes for a fiftieth of its
    pixels. The file that is downloaded has the fill's own numbers.
    """
    levels = np.dstack((part[..., ::-1], hole.astype(np.uint8) * 255))
    levels[~hole] = 0
    if max(hole.shape) > MOST_WEBP_PX:
        return cv2.imencode(".png", levels, [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()
    return cv2.imencode(".webp", levels, [cv2.IMWRITE_WEBP_QUALITY, 88])[1].tobytes()


def png(part: NDArray[np.uint8]) -> bytes:
    """Return a PNG of one grey channel."""
    return cv2.imencode(".png", np.ascontiguousarray(part), [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()
