"""Find the shadow that an object casts on the ground: darker than the lit ground around it, and it leaves the foot.

How light the lit ground is, is asked around each place, in a low and wide window: a shadow is long and low, and ground
changes slowly along a row. What is clearly darker, not redder nor yellower (what the sun does not light is lit by the
sky), near the lowest contour of the object, and nearly everywhere next to lit ground is its shadow. Dark things behind
the legs do not touch the foot; where everything about the foot is dark, nothing is found. Decision 0053.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.values import Hole

CLOSEUP_SIZE_PX = 60.0
CLOSEUP_BOX_PX = 400
MARGIN = 2.2  # how far around the object is looked, as a share of its size
STEP = 3  # the lit ground is asked at so many px

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ShadowLimits:
    """What counts as a shadow. Lengths are shares of the object's size, darkness is the natural log of luminance.

    Attributes
    ----------
    least_drop : how much darker than the lit ground
    redder, yellower, bluer : by how much chromaticity, (a, b) / (L + 16), may differ from that of the lit ground
    least_size_px : in the close-up; smaller objects have no foot to speak of
    above, below : what is looked at, from the lowest row of the object
    foot : the lowest contour counts within this much of the lowest row
    near : the farthest from the foot: whoever jumps is not at her shadow
    height : the middle of a shadow lies no farther above the lowest row
    least_area, most_area : shares of the object's area
    lit : the least share of what is around a shadow that is lit
    faint, soft : a shadow's soft edge is what is at least this much darker, within this share of the shadow's own size
    far : what runs out of the view, longer than this, is a kerb or a wall's
    least_ground : the least share of the ground that is lit, and ...
    least_light : ... its least lightness, 0 to 100: in the dark everything is shadow
    window : height and width in which the ground is asked how light it is; `quantile` of it is lit
    """

    least_drop: float = 0.38
    redder: float = 0.06
    yellower: float = 0.06
    bluer: float = 0.28
    least_size_px: float = 30.0
    above: float = 0.8
    below: float = 1.3
    foot: float = 0.2
    near: float = 0.18
    height: float = 0.35
    least_area: float = 0.012
    most_area: float = 1.0
    lit: float = 0.8
    faint: float = 0.12
    soft: float = 0.2
    far: float = 0.8
    least_ground: float = 0.3
    least_light: float = 18.0
    window: tuple[float, float] = (0.5, 1.6)
    quantile: float = 0.65


def find_shadow(view: Closeup, limits: ShadowLimits = ShadowLimits()) -> Hole:
    """Return the shadow of a part, (h, w) bool; empty where the evidence is weak.

    Parameters
    ----------
    view : the part seen close, with a margin of `MARGIN`
    limits : what counts as a shadow
    """
    nothing = np.zeros(view.part.shape, bool)
    rows = np.flatnonzero(view.part.any(axis=1))
    if view.size_px < limits.least_size_px or len(rows) == 0 or rows[-1] >= len(view.part) - 2:
        return nothing  # too small, or cut by the lower border: the foot is not in the picture
    low, size_px = int(rows[-1]), view.size_px
    band = slice(
        max(int(low - limits.above * size_px) + 1, 0), min(int(np.ceil(low + limits.below * size_px)), len(view.part))
    )
    taken = (view.part | view.others)[band]
    free = cv2.dilate(taken.view(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if free.sum() < 0.5 * size_px**2:
        return nothing
    lab = np.asarray(cv2.GaussianBlur(view.lab[band], (0, 0), size_px / CLOSEUP_SIZE_PX), np.float32)
    light = np.asarray(3 * np.log((lab[..., 0] + 16) / 116), np.float32)  # log of luminance
    drop = _lit(light, free, size_px, limits) - light
    lit = free & (np.abs(drop) < 0.2)
    if lit.sum() < limits.least_ground * free.sum() or np.median(lab[..., 0][lit]) < limits.least_light:
        return nothing
    dark = ~taken & (drop > limits.least_drop) & _tinted(lab, lit, drop, limits)
    dark = cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    foot = _near_foot(view.part, low, limits)[band]
    found = nothing.copy()
    count, labels = cv2.connectedComponents(dark, connectivity=8)
    for label in range(1, count):
        shape = labels == label
        if (shape & foot).any() and _believed(shape, drop, taken, low - band.start, size_px, limits):
            found[band] |= shape | _soft_edge(shape, drop, taken, limits)
    return found


def _lit(light: Floats, free: Hole, size_px: float, limits: ShadowLimits) -> Floats:
    """Return how light the lit ground around each pixel is; behind objects it goes on from side to side."""
    few, known = light[::STEP, ::STEP].copy(), free[::STEP, ::STEP]
    middle = np.float32(np.median(few[known])) if known.any() else np.float32(0)
    for row, of_row in enumerate(known):
        cols = np.flatnonzero(of_row)
        few[row] = np.interp(np.arange(few.shape[1]), cols, few[row, cols]) if len(cols) > 2 else middle
    window = [max(int(side * size_px / STEP) | 1, 3) for side in limits.window]
    padded = np.pad(few, [(side // 2, side // 2) for side in window], mode="edge")
    of_window = np.lib.stride_tricks.sliding_window_view(padded, window).reshape(*few.shape, -1)
    rank = int(limits.quantile * of_window.shape[2])
    lit = np.ascontiguousarray(np.partition(of_window, rank, axis=2)[..., rank])
    lit = cv2.GaussianBlur(lit, (0, 0), window[0] / 3)
    return np.asarray(cv2.resize(lit, light.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _tinted(lab: Floats, lit: Hole, drop: Floats, limits: ShadowLimits) -> Hole:
    """Tell where the hue is that of the lit ground, or bluer; the darker, the less surely hue is known."""
    hue = lab[..., 1:] / (lab[..., :1] + 16)
    red, yellow = np.moveaxis(hue - np.median(hue[lit], axis=0), -1, 0)
    return (np.abs(red) < limits.redder + 0.05 * drop) & (yellow < limits.yellower) & (yellow > -limits.bluer)


def _soft_edge(shape: Hole, drop: Floats, taken: Hole, limits: ShadowLimits) -> Hole:
    """Return what is around a shadow and still a little darker than the lit ground: as far as one sees its edge."""
    near = distance_outside(shape) <= limits.soft * np.sqrt(shape.sum())
    dusk = (shape | (near & ~taken & (drop > limits.faint))).view(np.uint8)
    _, labels = cv2.connectedComponents(dusk, connectivity=4)
    return np.isin(labels, np.unique(labels[shape]))


def _near_foot(part: Hole, low: int, limits: ShadowLimits) -> Hole:
    """Return what is near the lowest pixels of the object's columns, where these are near the lowest row."""
    size_px = float(np.sqrt(part.sum()))
    last = len(part) - 1 - np.argmax(part[::-1], axis=0)
    cols = np.flatnonzero(part.any(axis=0) & (last > low - limits.foot * size_px))
    contour = np.zeros(part.shape, np.uint8)
    contour[last[cols], cols] = 1
    side = 2 * max(round(limits.near * size_px), 1) + 1
    return cv2.dilate(contour, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0


def _believed(shape: Hole, drop: Floats, taken: Hole, low: int, size_px: float, limits: ShadowLimits) -> bool:
    """Tell whether a dark shape has the size of a shadow, lies on the ground, and has lit ground around it."""
    area = shape.sum() / size_px**2
    if not limits.least_area <= area <= limits.most_area:
        return False
    if np.argwhere(shape)[:, 0].mean() < low - limits.height * size_px:
        return False
    cols = np.flatnonzero(shape.any(axis=0))
    if (cols[0] == 0 or cols[-1] == shape.shape[1] - 1) and np.ptp(cols) > limits.far * size_px:
        return False
    # What ends at the upper end of the band goes on behind it; the lower end may be the picture's.
    if shape[:1].sum() > 0.05 * shape.sum():
        return False
    wide, close = (cv2.dilate(shape.view(np.uint8), np.ones((side, side), np.uint8)) > 0 for side in (9, 5))
    around = wide & ~close & ~taken
    return bool(around.sum() >= 8 and (drop[around] < 0.5 * np.median(drop[shape])).mean() >= limits.lit)
