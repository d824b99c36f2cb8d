"""Make a hole larger or smaller by a round kernel, and measure the thing it covers."""

from __future__ import annotations

import numpy as np

from freefill.distance import distance_inside, distance_outside
from freefill.errors import InputError
from freefill.values import Box, Hole


def grow(hole: Hole, radius_px: float) -> Hole:
    """Return the hole with every pixel within `radius_px` of it: a round kernel of any size, at the same speed.

    Parameters
    ----------
    hole : (H, W) bool
    radius_px : distance between pixel centres, not negative; 1 takes the four neighbours, 1.5 the eight

    Returns
    -------
    (H, W) bool, a new array

    Raises
    ------
    InputError
        If the radius is negative or not finite.

    Examples
    --------
    >>> hole = np.zeros((3, 3), bool)
    >>> hole[1, 1] = True
    >>> grow(hole, 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    _check(radius_px)
    around = Box.around(hole)
    if radius_px < 1 or around is None:
        return hole.copy()
    # A small hole in a large picture is quick.
    here = around.grown(int(np.ceil(radius_px)) + 1, hole.shape).slices
    out = np.zeros(hole.shape, bool)
    # Squared distances between pixels are whole numbers; 1e-3 keeps a float32 root from losing the ones on the circle.
    out[here] = distance_outside(hole[here]) <= radius_px + 1e-3
    return out


def shrink(hole: Hole, radius_px: float) -> Hole:
    """Return the hole without every pixel within `radius_px` of what is known; beyond the picture's edge is hole.

    Examples
    --------
    >>> shrink(np.array([[False, True, True, True]]), 1).tolist()
    [[False, False, True, True]]
    """
    _check(radius_px)
    if radius_px < 1 or hole.all() or not hole.any():
        return hole.copy()
    return distance_inside(hole) > radius_px + 1e-3


def resized(hole: Hole, px: float) -> Hole:
    """Return the hole grown by so many px, or shrunk where they are negative."""
    return grow(hole, px) if px >= 0 else shrink(hole, -px)


def object_size_px(hole: Hole) -> float:
    """Return the root of the area of the largest connected part (8 neighbours), px; 0 without a hole.

    Lengths in percent ("grow by 5 %") are of this: specks beside the object do not count.
    """
    import cv2

    around = Box.around(hole)
    if around is None:
        return 0.0
    part = np.ascontiguousarray(hole[around.slices]).view(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    return float(np.sqrt(stats[1:, cv2.CC_STAT_AREA].max()))


def _check(radius_px: float) -> None:
    if not (np.isfinite(radius_px) and radius_px >= 0):
        raise InputError(f"a radius of {radius_px} px is not possible; give 0 or more")
