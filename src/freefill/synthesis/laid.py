"""A layout that says how sure it is of each place, laid over the levels of a picture.

Unlike a fill of another engine (guide.py) a layout may know a line across the hole and nothing else. So it is laid over
every level from the coarsest on, counts only as far as its own confidence says, and is not asked whether it is lively:
a smooth layout of a smooth place is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside
from freefill.synthesis.guide import GuideLayer, Sized
from freefill.synthesis.tuning import Tuning

COARSER = 1  # levels above the layout's own on which a line is led: on coarser ones a pixel is wider than it
SAME_PIECE_PX = 1.5  # by which shifts of neighbours may differ: what is farther apart are two pieces


class Laid(NamedTuple):
    """A layout, laid over the whole picture.

    Attributes
    ----------
    values : (h, w, 3) float32 in [0, 1]; read in the hole
    confidence : (h, w) float32 in [0, 1]; also above 0 over known pixels from which a line comes
    start_px : longer side of the fill of the whole hole that `values` are, from which the search then starts; None =
        they are lines only
    along : (h, w, 2) float32, for places on a line the shift to the piece of it that is known; NaN elsewhere
    shade : (H, W, 3) float32, logarithms of the light that a shadow takes, <= 0; None = there is none. The fill is made
        as if it lay not there, and it is laid over it again.
    """

    values: NDArray[np.float32]
    confidence: NDArray[np.float32]
    start_px: int | None
    along: NDArray[np.float32]
    shade: NDArray[np.float32] | None = None


class LayoutPyramid:
    """Lays a layout over the levels of a picture, finest first.

    Attributes
    ----------
    level : number of the level at which it is laid first: that of `start_px`, or the coarsest
    """

    def __init__(self, laid: Laid, levels: Sequence[Sized], tuning: Tuning) -> None:
        values, confidence, start_px, self._along, _ = laid
        self._tuning, self._whole = tuning, start_px is not None
        self.level = len(levels) - 1
        if start_px is not None:
            halvings = round(np.log2(max(max(levels[0].known.shape) / start_px, 1.0)))
            textured = next((n for n, level in enumerate(levels) if level.image.shape[2] == 5), self.level)
            self.level = min(max(halvings, textured), self.level)
        height, width = levels[0].known.shape
        size = confidence.shape[0], confidence.shape[1]
        self._share = size[0] / height, size[1] / width  # layout px per picture px
        halvings = round(np.log2(max(max(height, width) / max(size), 1.0)))
        self._own = min(halvings, self.level)
        layer = levels[self._own]
        fitted = self._sampled(values, self._own, layer.known.shape) * 255
        known = layer.known[..., None] > 0
        self._low = np.where(known, layer.image[..., :3].astype(np.float32), fitted).astype(np.float32)
        self._confidence = confidence

    def at(self, number: int, known: NDArray[np.uint8]) -> GuideLayer:
        """Return the layout at a level, `known` (H, W) uint8 being the level's."""
        tuning = self._tuning
        values = _shifted(self._low, 2.0 ** (number - self._own), 0.0, known.shape)
        believed = np.clip(self._sampled(self._confidence, number, known.shape), 0, 1)
        fade = 1 - np.float32(tuning.guide_rim_base) ** -distance_inside(known == 0)
        trust = np.sqrt(believed * np.where(known > 0, tuning.guide_known, fade)).astype(np.float32)
        share = tuning.layout_weight * tuning.layout_fade ** max(self._own - number, 0)
        return GuideLayer(
            np.clip(np.rint(values), 0, 255).astype(np.uint8),
            trust,
            float(np.sqrt(share)),
            np.ones_like(believed) if self._whole else believed,
        )

    def led(
        self, number: int, targets: NDArray[np.int32], usable: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the numbers of those targets of a level that continue a line, and the sources that do so, (n, 2).

        `usable` (H, W) uint8 are the centres of source patches.
        """
        none = np.zeros(0, np.int64), np.zeros((0, 2), np.int32)
        if number > self._own + COARSER:
            return none
        share = np.array(self._share)
        places = np.asarray((targets * 2.0**number + 0.5) * share - 0.5, np.float64)
        shifts = _between(self._along, places) / share / 2.0**number
        led = np.flatnonzero(np.isfinite(shifts[:, 0]))
        sources = (targets[led] + np.rint(shifts[led])).astype(np.int32)
        inside = ((sources >= 0) & (sources < usable.shape)).all(1)
        led, sources = led[inside], sources[inside]
        fit = usable[sources[:, 0], sources[:, 1]] > 0
        return led[fit], sources[fit]

    def _sampled(self, values: NDArray[np.float32], number: int, size: tuple[int, ...]) -> NDArray[np.float32]:
        """Return values of the layout at the pixels of a level; pixel r of level n lies on r x 2^n of the finest."""
        step = 2.0**number * np.array(self._share)
        return _shifted(values, step, np.array(self._share) / 2 - 0.5, size)


def _between(along: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shifts at places (n, 2) between pixels: of the nearest, with those around it that belong to its piece."""
    last = np.array(along.shape[:2]) - 1
    rows, cols = np.clip(np.rint(places).astype(np.int64), 0, last).T
    found = along[rows, cols].astype(np.float64)
    on = np.flatnonzero(np.isfinite(found[:, 0]))  # few places lie on a line
    nearest, places = found[on], places[on]
    total, weight = np.zeros_like(nearest), np.zeros(len(on))
    corner = np.floor(places)
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        at = corner + np.array([down, across])
        rows, cols = np.clip(at.astype(np.int64), 0, last).T
        shift = along[rows, cols].astype(np.float64)
        share = np.prod(1 - np.abs(places - at), axis=1)
        share[~(np.abs(shift - nearest).max(1) < SAME_PIECE_PX)] = 0  # not a number: no line there
        total += share[:, None] * np.where(share[:, None] > 0, shift, 0)
        weight += share
    found[on] = np.where(weight[:, None] > 0, total / np.maximum(weight, 1e-9)[:, None], nearest)
    return found


def _shifted(
    values: NDArray[np.float32],
    step: float | NDArray[np.float64],
    start: float | NDArray[np.float64],
    size: tuple[int, ...],
) -> NDArray[np.float32]:
    """Return values at start + r x step, (H, W, ...), low-passed first where that leaves pixels out."""
    import cv2

    step, start = np.broadcast_to(step, 2), np.broadcast_to(start, 2)
    spread = 0.4 * float(step.max())
    if spread > 0.5:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), spread, borderType=cv2.BORDER_REPLICATE), np.float32)
    matrix = np.array([[step[1], 0, start[1]], [0, step[0], start[0]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(values, matrix, (size[1], size[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)
