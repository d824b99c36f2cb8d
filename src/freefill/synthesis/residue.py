"""What the mask left outside: rim pixels like neither their own surroundings nor anything else around the hole.

A rim of hair, a wheel's edge or an antialiased contour outside the mask is known, and must stay as it is. But it is no
ground, and neither the search nor the paste should follow it inwards: that is where dark smoke and halos come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.synthesis.features import largest
from freefill.values import Box

RIM_PX = 3  # nearer to the hole than this a pixel is asked
OUTER_PX = 4, 12  # the ground it is held against lies this far from the hole
WINDOW_PX = 21  # and this near to the pixel
SPREADS = 1.5  # of the ground: what has texture departs from its mean by itself (docs/decisions/0043)
DEPARTURE = 0.1  # of full scale, from the mean of the ground near, beyond the spread of that ground
STRANGE = 0.1  # of full scale, from the most similar colour anywhere around the hole
TILE_PX = 256  # of a large picture only tiles with something of the rim are looked at
MOST_SAMPLES = 3000  # each colour of the rim is held against all of them
LEAST_PX = 8  # smaller spots are noise


def residue(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the known pixels at the rim that look like a rest of what is removed.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool

    Returns
    -------
    (H, W) bool, outside `hole`, within 3 px of it
    """
    found = np.zeros(hole.shape, bool)
    box = Box.around(hole)
    if box is None:
        return found
    place = box.grown(OUTER_PX[1] + WINDOW_PX, (hole.shape[0], hole.shape[1])).slices
    image, hole = image[place], hole[place]
    rim, outer = _rings(hole)
    if not outer.any():
        return found
    doubtful = np.zeros_like(rim)
    for tile in _tiles(rim):  # of a large picture the rim is a small part
        near = tile.grown(WINDOW_PX // 2, (rim.shape[0], rim.shape[1]))
        mean, spread, there = _around(image[near.slices], outer[near.slices])
        far = largest(np.abs(image[near.slices] - mean)) - SPREADS * spread
        inner = tile.moved(-near.top, -near.left).slices
        doubtful[tile.slices] = (rim[near.slices] & there & (far > DEPARTURE))[inner]
    if doubtful.any():
        doubtful[doubtful] = _strangeness(image[doubtful], image[outer]) > STRANGE
        found[place] = _without_specks(doubtful)
    return found


def _rings(hole: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the pixels that are asked, and the ground that they are held against."""
    rim, outer = np.zeros_like(hole), np.zeros_like(hole)
    height, width = hole.shape
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            tile = Box(top, left, min(TILE_PX, height - top), min(TILE_PX, width - left))
            near = tile.grown(OUTER_PX[1] + 1, (height, width))
            if hole[near.slices].any():  # of a large picture most is far from the hole
                distance = distance_outside(hole[near.slices])[tile.moved(-near.top, -near.left).slices]
                rim[tile.slices] = (distance > 0) & (distance <= RIM_PX)
                outer[tile.slices] = (distance >= OUTER_PX[0]) & (distance <= OUTER_PX[1])
    return rim, outer


def _tiles(rim: NDArray[np.bool_]) -> Iterator[Box]:
    """Yield the box around what there is of the rim in each tile."""
    for top in range(0, rim.shape[0], TILE_PX):
        for left in range(0, rim.shape[1], TILE_PX):
            inner = Box.around(rim[top : top + TILE_PX, left : left + TILE_PX])
            if inner is not None:
                yield inner.moved(top, left)


def _around(image: NDArray[np.float32], outer: NDArray[np.bool_]) -> tuple[Any, Any, Any]:
    """Return the mean colour of the ground near each pixel, its spread, and where there is any."""
    import cv2

    weight = outer.astype(np.float32)
    size = (WINDOW_PX, WINDOW_PX)
    count = cv2.boxFilter(weight, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    total = np.maximum(count, 1)[..., None]
    masked = np.where(outer[..., None], image, np.float32(0))
    mean = cv2.boxFilter(masked, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT) / total
    square = cv2.boxFilter(masked**2, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT) / total
    return mean, np.sqrt(np.maximum(largest(square - mean**2), 0)), count > 8


def _strangeness(colours: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each colour lies from the most similar one of the ground, (n,)."""
    ground = ground[:: max(1, len(ground) // MOST_SAMPLES)]
    nearest = np.empty(len(colours), np.float32)
    for first in range(0, len(colours), 512):
        part = colours[first : first + 512]
        nearest[first : first + 512] = np.abs(part[:, None] - ground[None]).max(2).min(1)
    return nearest


def _without_specks(doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(doubtful.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= LEAST_PX
    keep[0] = False
    return keep[np.asarray(labels, np.int32)]
