"""The one mutable object: the picture while it is being filled. Cut a crop, paste a fill."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.compose.blend import blend
from freefill.compose.fit import scaled_size
from freefill.errors import EngineError
from freefill.values import Box, Crop, Fill, Guide, Hole, Image, Pixels, Window

STRIP_PX = 256  # rows of a window that are float at a time, where it is made smaller


class Codec(Protocol):
    """Turns a picture's own numbers into what an engine works on, and back."""

    def decode(self, pixels: Pixels, /) -> Image:
        """(h, w, 1 or 3) of the picture's dtype to (h, w, 3) float32, RGB in [0, 1]."""
        ...

    def encode(self, values: Image, /) -> Pixels:
        """(n, 3) float32, RGB in [0, 1], to (n, 1 or 3) of the picture's dtype."""
        ...


class Canvas:
    """A copy of the picture's pixels, and what of it is still to be filled.

    Only windows are ever turned into float: memory beside the copy is bounded by the largest window. Known pixels are
    never written, so they are the file's own numbers when all is done.

    Parameters
    ----------
    pixels : (H, W, 1 or 3), copied
    hole : (H, W) bool, the final mask
    core : (H, W) bool within `hole`: what the fill covers fully; between it and the border of `hole` it fades
    fade_px : how wide that ring is; 0 = core and hole are the same
    codec : see `Codec`
    source : (H, W) bool, True = may be copied from, or None for all known pixels. What was filled may be copied from by
        later windows and tiles, with a source as without: it was copied from there itself.
    sketch : (H, W) bool, True = on a line that the fill is to follow, or None
    """

    def __init__(
        self,
        pixels: Pixels,
        hole: Hole,
        core: Hole,
        fade_px: int,
        codec: Codec,
        source: Hole | None = None,
        sketch: Hole | None = None,
    ) -> None:
        self.pixels = pixels.copy()
        self._hole, self._core, self._fade_px, self._codec, self._source = hole, core, fade_px, codec, source
        self._open, self._sketch = hole.copy(), sketch

    def cut(self, window: Window, guide: Guide | None = None, max_memory_bytes: int | None = None) -> Crop:
        """Return the window's pixels at the engine's scale and size.

        What lay under the mask is taken out (0), so that no engine can be led by it. At a smaller scale a pixel is the
        mean of the known pixels under it, and is hole where fewer than half of them are known. Where no guide is given
        the sketch, if there is one, is the guide.
        """
        where = window.box.slices
        hole = self._open[where]
        source = None if self._source is None else (self._source[where] | self._hole[where]) & ~hole
        if window.scale == 1:
            image = self._codec.decode(self.pixels[where])
            image[hole] = 0
        else:
            height, width = scaled_size(window.box, window.scale)
            size = width, height
            image, cover = self._scaled(self.pixels[where], hole, size)
            # The mean of the known pixels only: what was taken out is 0 and must not darken its neighbours.
            image /= np.maximum(cover, 1e-6)[..., None]
            np.clip(image, 0, 1, out=image)
            hole = cover < 0.5
            if not hole.any():  # a hole thinner than a pixel of this scale
                hole = cover < 1 - 1e-4  # two means in turn: wholly known is 1 but for rounding
            image[hole] = 0
            if source is not None:
                source = cv2.resize(source.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        if window.pad_px != (0, 0):
            image, hole = _pad(image, window.pad_px), _pad(hole, window.pad_px)
            source = None if source is None else _pad(source, window.pad_px)
        if guide is None and self._sketch is not None:
            guide = sketch_guide(self._sketch[where], window)
        return Crop(image, hole, source, guide, max_memory_bytes, window.structure)

    def _scaled(self, pixels: Pixels, hole: Hole, size: tuple[int, int]) -> tuple[Image, NDArray[np.float32]]:
        """Return what is known at another size, (w, h), with 0 for what is not, and how much of each pixel is known.

        Some rows at a time are turned into float and made as narrow as they will be: a whole window in float would be
        four copies of the picture. An area's mean may be taken along rows first.
        """
        strips = []
        for top in range(0, len(pixels), STRIP_PX):
            strip, known = self._codec.decode(pixels[top : top + STRIP_PX]), ~hole[top : top + STRIP_PX]
            strip[~known] = 0
            narrow = size[0], len(known)
            cover = cv2.resize(known.astype(np.float32), narrow, interpolation=cv2.INTER_AREA)
            image = cv2.resize(strip, narrow, interpolation=cv2.INTER_AREA)
            strips.append(np.dstack([image, cover]))
        scaled = np.asarray(cv2.resize(np.concatenate(strips), size, interpolation=cv2.INTER_AREA), np.float32)
        return np.ascontiguousarray(scaled[..., :-1]), np.ascontiguousarray(scaled[..., -1])

    def paste(self, fill: Fill, crop: Crop, window: Window) -> None:
        """Write the fill into the hole pixels of the window's core, and into no other.

        Raises
        ------
        EngineError
            If the engine gave pixels of another size, or no numbers.
        """
        pixels = _full_size(fill, crop, window)[inside(window.core, window.box).slices]
        where = window.core.slices
        hole = self._open[where]
        if not np.isfinite(pixels[hole]).all():
            raise EngineError("the engine gave no numbers (NaN or infinite) for a part of the hole")
        if self._fade_px:
            pixels = self._faded(pixels, window.core)
        # Written pixel by pixel, through the hole: whatever the engine did elsewhere cannot reach a known pixel.
        self.pixels[where][hole] = self._codec.encode(np.clip(pixels[hole], 0, 1))
        self._open[where] = False  # later windows and tiles see it as known

    def _faded(self, pixels: Image, core: Box) -> Image:
        """Blend the fill of a core into the ring; the surroundings are looked at as far as the ring is wide."""
        around = core.grown(self._fade_px + 2, self._hole.shape)
        image = self._codec.decode(self.pixels[around.slices])
        fill = image.copy()
        part = inside(core, around).slices
        fill[part] = pixels
        return blend(image, fill, self._hole[around.slices], self._core[around.slices])[part]


def inside(box: Box, outer: Box) -> Box:
    """Return `box` as seen from the top left corner of `outer`."""
    return box.moved(-outer.top, -outer.left)


def composite(fill: Fill, crop: Crop) -> Image:
    """Return the fill in the hole and the known pixels elsewhere, (h, w, 3)."""
    if fill.pixels.shape != crop.image.shape:
        raise EngineError(f"the engine gave {fill.pixels.shape} for a crop of {crop.image.shape}")
    return np.where(crop.hole[..., None], fill.pixels, crop.image)


def _full_size(fill: Fill, crop: Crop, window: Window) -> Image:
    """Return the composite at the picture's own scale, (window.box.height, window.box.width, 3), padding taken off."""
    height, width = scaled_size(window.box, window.scale)
    pixels = composite(fill, crop)[:height, :width]
    if window.scale == 1:
        return pixels  # untouched: no resampling may soften what is at full scale already
    large = cv2.resize(pixels, (window.box.width, window.box.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def guide_for(fill: Fill, crop: Crop, window: Window, tile: Window) -> Guide:
    """Return what a window's small fill says about a detail tile, as the tile's guide.

    The guide is cut between the small picture's pixels where the tile lies so, and covers the tile with its padding.
    """
    height, width = scaled_size(window.box, window.scale)
    small = np.ascontiguousarray(composite(fill, crop)[:height, :width])
    across = (height / window.box.height, width / window.box.width)  # small px per picture px
    tile_size = (tile.box.height + tile.pad_px[0], tile.box.width + tile.pad_px[1])
    size = tuple(max(round(n * scale), 1) for n, scale in zip(tile_size, across, strict=True))
    step = [n * scale / cells for n, scale, cells in zip(tile_size, across, size, strict=True)]
    offset = [
        (start - outer) * scale
        for start, outer, scale in zip(
            (tile.box.top, tile.box.left), (window.box.top, window.box.left), across, strict=True
        )
    ]
    # Centres of pixels lie at +0.5: guide index i covers small coordinate offset + (i + 0.5) step - 0.5.
    start = [o + s / 2 - 0.5 for o, s in zip(offset, step, strict=True)]
    matrix = np.array([[step[1], 0, start[1]], [0, step[0], start[0]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # Reflected, as the tile's own padding is.
    values = cv2.warpAffine(small, matrix, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
    confidence = None
    if fill.confidence is not None:
        believed = np.where(crop.hole, fill.confidence, np.float32(1))[:height, :width]
        laid = cv2.warpAffine(believed, matrix, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
        confidence = np.clip(laid, 0, 1, dtype=np.float32)
    return Guide("image", np.clip(values, 0, 1, dtype=np.float32), confidence=confidence)


def sketch_guide(lines: Hole, window: Window) -> Guide:
    """Return a window's part of a sketch, (H, W) bool, at the window's scale and size: 1 = on a line."""
    values = lines.astype(np.float32)
    if window.scale != 1:
        cover = cv2.resize(values, scaled_size(window.box, window.scale)[::-1], interpolation=cv2.INTER_AREA)
        # A line of one pixel covers this share of the cells that it lies in, or half of it where it lies between two:
        # it must not vanish.
        values = (cover >= 0.5 * window.scale).astype(np.float32)
    return Guide("sketch", _pad(values, window.pad_px)[..., None])


def _pad(array: np.ndarray, pad_px: tuple[int, int]) -> np.ndarray:
    """Continue an array by its mirror image at the bottom and right, also by more than its own size."""
    widths = [(0, pad_px[0]), (0, pad_px[1]), *[(0, 0)] * (array.ndim - 2)]
    return np.pad(array, widths, mode="symmetric")
