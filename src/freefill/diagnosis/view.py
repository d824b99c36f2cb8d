"""What every finding looks at: hole and surroundings at a bounded scale, the rim unrolled, the ground in blocks.

A picture of any size is reduced until hole and surroundings have `MAX_PX`, so that a diagnosis takes the same time for
one megapixel and for twelve; what only shows at full resolution (grain) reads the picture itself, in a few tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.blocks import Blocks, blocks_of
from freefill.diagnosis.likeness import Likeness, as_float, likeness_of
from freefill.diagnosis.rim import REACH_PX, Rim, unroll
from freefill.distance import distance_inside, distance_outside
from freefill.errors import InputError
from freefill.values import Box, Hole, Image, Pixels, Tokens

MAX_PX = 360_000  # of the reduced view: a picture of 640 x 480 is seen as it is
_LEAST_MARGIN_PX = 48  # small holes need surroundings to be judged by, too


@dataclass(frozen=True, eq=False)
class View:
    """Hole and surroundings, before and after the fill.

    Attributes
    ----------
    before, after : (h, w, 3) float32, RGB in [0, 1], reduced by `scale`
    hole : (h, w) bool, True = hole
    box : where the view lies in the picture, picture px
    scale : view px per picture px, at most 1
    whole : (H, W, 1 or 3), the result at full resolution, as the caller had it
    whole_hole : (H, W) bool
    tokens : of a network that looks at the fill; None where there is none
    copied_from : (n, 2) row and column of the source of each pixel of `whole_hole`, row by row, -1 = not copied; None
        where nobody knows
    """

    before: Image
    after: Image
    hole: Hole
    box: Box
    scale: float
    whole: Pixels
    whole_hole: Hole
    tokens: Tokens | None = None
    copied_from: NDArray[np.int32] | None = None

    @cached_property
    def lab(self) -> Image:
        """(h, w, 3), the result in CIE Lab."""
        return np.asarray(cv2.cvtColor(self.after, cv2.COLOR_RGB2LAB), np.float32)

    @cached_property
    def lab_before(self) -> Image:
        """(h, w, 3), the picture with the object, in CIE Lab."""
        return np.asarray(cv2.cvtColor(self.before, cv2.COLOR_RGB2LAB), np.float32)

    @cached_property
    def depth(self) -> Image:
        """(h, w), distance to the nearest known pixel; 0 outside the hole."""
        return distance_inside(self.hole)

    @cached_property
    def reach(self) -> Image:
        """(h, w), distance to the nearest hole pixel; 0 within the hole."""
        return distance_outside(self.hole)

    @cached_property
    def thickness_px(self) -> float:
        """Twice the greatest depth, view px."""
        return 2 * float(self.depth.max())

    @cached_property
    def rim(self) -> Rim:
        """The hole's own border, unrolled."""
        return unroll(self.reach - self.depth, 0.0)

    @cached_property
    def elsewhere(self) -> tuple[Rim, ...]:
        """Borders of the same shape in known ground alone: what an untouched picture does across such a line."""
        signed = self.reach - self.depth
        rims = (unroll(signed, level) for level in (REACH_PX + 2.0, 2 * REACH_PX + 2.0))
        return tuple(rim for rim in rims if len(rim))

    @cached_property
    def blocks(self) -> Blocks:
        """Means and band strengths of small squares, in the hole and around it."""
        return blocks_of(self.lab, self.hole)

    @cached_property
    def likeness(self) -> Likeness | None:
        """How little the fill resembles known ground, by tokens; None without them, or where nothing known is near."""
        return None if self.tokens is None else likeness_of(self.whole, self.whole_hole, self.tokens)


def make_view(
    before: Pixels,
    hole: Hole,
    after: Pixels,
    tokens: Tokens | None = None,
    copied_from: NDArray[np.int32] | None = None,
) -> View:
    """Cut and reduce what a diagnosis looks at.

    Parameters
    ----------
    before, after : (H, W, 1 or 3) uint8, uint16 or float in [0, 1]: the picture with the object, and the filled one
    hole : (H, W) bool, True = hole
    tokens : of DINOv2 after half of its blocks
    copied_from : (n, 2) row and column of each hole pixel's source, -1 = not copied

    Raises
    ------
    InputError
        If the sizes disagree, the hole is empty, or nothing is known.
    """
    if before.shape[:2] != after.shape[:2] or before.shape[:2] != hole.shape:
        sizes = ", ".join(f"{array.shape[1]}x{array.shape[0]}" for array in (before, hole, after))
        raise InputError(f"diagnosis: picture, mask and result must be of one size, not {sizes}")
    around = Box.around(hole)
    if around is None:
        raise InputError("diagnosis: the mask is empty; there is nothing to judge")
    if hole.all():
        raise InputError("diagnosis: everything is hole; nothing is left to judge the fill by")
    margin = max(_LEAST_MARGIN_PX, round(0.75 * float(np.sqrt(hole.sum()))))
    box = around.grown(margin, (hole.shape[0], hole.shape[1]))
    scale = min(1.0, float(np.sqrt(MAX_PX / box.area)))
    size = (max(round(box.width * scale), 8), max(round(box.height * scale), 8))
    small = cv2.resize(hole[box.slices].astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    if not small.any():  # threads thinner than a pixel of the view
        small = cv2.resize(hole[box.slices].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    views = _reduced(before, box, size), _reduced(after, box, size)
    return View(*views, small, box, scale, after, hole, tokens, copied_from)


def _reduced(pixels: Pixels, box: Box, size: tuple[int, int]) -> Image:
    cut = pixels[box.slices]
    if cut.shape[1::-1] == size:
        return np.ascontiguousarray(as_float(cut))
    if cut.dtype == np.float64:
        cut = cut.astype(np.float32)
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    return as_float(small.reshape(size[1], size[0], -1))


def upright(values: NDArray[np.float32], hole: Hole) -> Image:
    """Return a map with 0 outside the hole and its neighbourhood of 2 px, at most 1."""
    near = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.where(near, np.clip(values, 0, 1), 0).astype(np.float32)
