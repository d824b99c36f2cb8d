"""Distances to a mask: exact Euclidean ones between pixel centres (OpenCV's precise transform), 20 ms a megapixel.

And where nothing is at any distance: the picture's edge cuts the mask off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.values import Box, Hole

SEEN_PX = 1280  # longer side at which a thickness is measured


def distance_outside(hole: Hole) -> NDArray[np.float32]:
    """Return the distance from each pixel to the nearest hole pixel, px; 0 in the hole, infinite where there is none.

    Examples
    --------
    >>> distance_outside(np.array([[True, False, False]])).tolist()
    [[0.0, 1.0, 2.0]]
    """
    import cv2

    if not hole.any():
        return np.full(hole.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def distance_inside(hole: Hole) -> NDArray[np.float32]:
    """Return the distance from each hole pixel to the nearest known pixel, px; infinite where all is hole.

    No more than the hole's box is looked at: the known pixel nearest to a hole pixel lies in it or right beside it.
    """
    box = Box.around(hole)
    distance = np.zeros(hole.shape, np.float32)
    if box is not None:
        place = box.grown(1, (hole.shape[0], hole.shape[1])).slices
        distance[place] = distance_outside(~hole[place])
    return distance


def thickness(hole: Hole, *, closed: bool = False) -> float:
    """Return the diameter of the largest disc within the hole, px, to about 2 %: twice the greatest depth.

    `closed` = the picture's edge ends the hole; else a disc may reach beyond it. A large picture is looked at smaller.
    """
    import cv2

    factor = min(1.0, SEEN_PX / max(hole.shape))
    size = max(1, round(hole.shape[1] * factor)), max(1, round(hole.shape[0] * factor))
    small = np.asarray(cv2.resize(hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST))
    if closed:
        small = np.pad(small, 1)
    if small.all():
        return float("inf")
    return 2 * float(cv2.distanceTransform(small, cv2.DIST_L2, cv2.DIST_MASK_5).max()) / factor


def open_sided(hole: Hole) -> Hole:
    """Return where the picture is carried on sideways over its edge, (H, W) bool.

    There something is known at the same height on one side only, and not both above and below.

    Examples
    --------
    >>> corner = np.array([[False, False, False], [False, True, True], [False, True, True]])
    >>> open_sided(corner).astype(int).tolist()
    [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    """
    known = ~hole
    left, above = np.logical_or.accumulate(known, axis=1), np.logical_or.accumulate(known, axis=0)
    right = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    below = np.logical_or.accumulate(known[::-1], axis=0)[::-1]
    return hole & (left ^ right) & ~(above & below)
