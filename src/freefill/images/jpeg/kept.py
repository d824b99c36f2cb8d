"""A JPEG filled again as a JPEG: blocks that the fill does not touch are carried over as they stand in the file.

Decoding and compressing again moves known pixels by a level or more, and each time further. But a JPEG is blocks of
whole numbers: those of untouched blocks are taken from the input, and only the others from the new picture. What any
decoder shows there is what it showed before. docs/formats.md has the figures.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freefill.images.damage import quietly, unlimited
from freefill.images.jpeg.header import Tables, colours_of, header_of, tables_of
from freefill.images.modes import array_of
from freefill.images.orient import turn
from freefill.values import Box

if TYPE_CHECKING:
    from PIL import Image as PilImage

_BAND_ROWS = 64  # whole blocks, also of colour at half size (16 rows)


def with_kept_blocks(
    original: bytes, orientation: int, image: PilImage.Image, options: dict[str, Any], corner: tuple[int, int] = (0, 0)
) -> bytes | None:
    """Return the picture as a JPEG with the original's blocks wherever no pixel over them changed.

    Parameters
    ----------
    original : the input file
    orientation : the EXIF orientation that was applied to it
    image : the new picture, upright, in the mode it is to be compressed in
    options : Pillow's options for compressing it like the original, metadata included
    corner : (row, col) in the new picture of the original's first pixel, where rows and columns were added

    Returns
    -------
    the file, or None where this cannot be done: other mode or sampling, arithmetic coding, a mirrored side or a corner
    within a block, or compiled code that cannot run here
    """
    try:
        from freefill.images.jpeg import blocks as jpeg_blocks
        from freefill.images.jpeg.encode import encode
    except (ImportError, RuntimeError, OSError):  # numba is not there, or finds no place for what it compiles
        return None
    with ThreadPoolExecutor(1) as beside:  # neither holds the interpreter: on two cores it takes two thirds of the time
        reading = beside.submit(jpeg_blocks.read_blocks, original)
        changed = _changed(original, orientation, image, corner)
        found = reading.result()
    if changed is None:
        return None
    blocks = jpeg_blocks.turned(found, orientation) if found is not None else None
    if found is None or blocks is None:
        return None
    blocks = jpeg_blocks.placed(blocks, (changed.shape[0], changed.shape[1]), corner)
    if blocks is None:
        return None
    top, left, bottom, right = _region(changed, jpeg_blocks.unit(blocks.sampling))
    out = io.BytesIO()
    part_options = {key: value for key, value in options.items() if key not in ("progressive", "optimize")}
    with unlimited():
        changed_part = image.crop((left, top, right, bottom))
    changed_part.save(out, "JPEG", **part_options)
    model = out.getvalue()
    if not _alike(original, model, options["qtables"]):
        return None
    part = jpeg_blocks.read_blocks(model)
    if part is not None and part.sampling != blocks.sampling and image.mode == "RGB":
        pixels = np.asarray(changed_part)
        rgb = colours_of(header_of(original, "original")) == "RGB"
        part = encode(pixels, blocks.sampling, options["qtables"], rgb)
    if part is None or not jpeg_blocks.put_blocks(blocks, part, (top, left), changed[top:bottom, left:right]):
        return None
    data = jpeg_blocks.write_blocks(blocks, model)
    return data if _sound(data, original, orientation, changed, corner) else None


def _changed(
    original: bytes, orientation: int, image: PilImage.Image, corner: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Return (H, W) bool, True where the new picture is not what the original shows; None if they do not compare."""
    from PIL import JpegImagePlugin

    with quietly():
        shown: PilImage.Image = JpegImagePlugin.JpegImageFile(io.BytesIO(original))
    if shown.mode != image.mode:
        return None
    width, height = shown.size if orientation < 5 else shown.size[::-1]
    top, left = corner
    if top + height > image.height or left + width > image.width:
        return None
    changed = np.ones((image.height, image.width), bool)
    here = changed[top : top + height, left : left + width]
    if orientation != 1:
        here[...] = _differ(
            turn(array_of(shown), orientation), array_of(image)[top : top + height, left : left + width]
        )
        return changed
    shown.load()
    for row in range(0, height, _BAND_ROWS):  # Pillow's pixels are copied to be compared: a part at a time
        end = min(row + _BAND_ROWS, height)
        with unlimited():
            now = image.crop((left, top + row, left + width, top + end))
            then = shown.crop((0, row, width, end))
        here[row:end] = _differ(np.asarray(then), np.asarray(now))
    return changed


def _differ(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where pixels differ; joining channels one by one is five times as quick as any(axis=2)."""
    unlike = a != b
    if unlike.ndim == 2:
        return unlike
    out = unlike[:, :, 0].copy()
    for channel in range(1, unlike.shape[2]):
        out |= unlike[:, :, channel]
    return out


def _region(changed: NDArray[np.bool_], unit: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right around all changed pixels, at corners of the largest blocks."""
    box = Box.around(changed)
    if box is None:
        return 0, 0, min(unit[0], changed.shape[0]), min(unit[1], changed.shape[1])  # only its header is wanted
    top, left = box.top // unit[0] * unit[0], box.left // unit[1] * unit[1]
    bottom, right = -(-box.bottom // unit[0]) * unit[0], -(-box.right // unit[1]) * unit[1]
    return top, left, min(bottom, changed.shape[0]), min(right, changed.shape[1])


def _alike(original: bytes, model: bytes, tables: list[list[int]]) -> bool:
    """Tell whether numbers mean the same in both files: the same tables, and components of the same colours."""
    first, second = header_of(original, "original"), header_of(model, "part")
    made: Tables = tables_of(second)
    return colours_of(first) == colours_of(second) and [list(table) for table in made.quantization] == tables


def _sound(data: bytes, original: bytes, orientation: int, changed: NDArray[np.bool_], corner: tuple[int, int]) -> bool:
    """Look at both files at an eighth of their size: away from changes they must show the same.

    A guard against damaged originals in which two decoders go on differently; it costs a tenth of a full decoding.
    """
    from PIL import JpegImagePlugin

    small = []
    for block, turning in ((data, 1), (original, orientation)):
        with quietly():
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(block))
        image.draft(None, (max(image.width // 8, 1), max(image.height // 8, 1)))
        small.append(turn(np.asarray(image).astype(np.int16), turning))
    if small[0].shape[:2] != (-(-changed.shape[0] // 8), -(-changed.shape[1] // 8)):
        return True  # Pillow scaled less: the picture is tiny
    top, left = corner[0] // 8, corner[1] // 8
    where = slice(top, top + small[1].shape[0]), slice(left, left + small[1].shape[1])
    if small[0][where].shape != small[1].shape:
        return corner != (0, 0) or small[0].shape != small[1].shape  # the same: the original is tiny
    gap = np.abs(small[0][where] - small[1])
    gap = gap.max(axis=2) if gap.ndim == 3 else gap
    rows, cols = np.arange(0, changed.shape[0], 8), np.arange(0, changed.shape[1], 8)
    near = np.logical_or.reduceat(np.logical_or.reduceat(changed, rows, axis=0), cols, axis=1)
    for axis in (0, 1):  # chroma blocks are up to 32 px, and are smoothed into their neighbours
        for shift in (1, 2, 3, 4):
            wide = near.copy()
            wide[(slice(shift, None), slice(None)) if axis == 0 else (slice(None), slice(shift, None))] |= (
                near[:-shift] if axis == 0 else near[:, :-shift]
            )
            wide[(slice(None, -shift), slice(None)) if axis == 0 else (slice(None), slice(None, -shift))] |= (
                near[shift:] if axis == 0 else near[:, shift:]
            )
            near = wide
    return not (gap > 3)[~near[where]].any()  # turned blocks may round otherwise
