"""Re-inpainting self-consistency: ground beside a fill is filled anew, and what comes back is held against it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from freefill.errors import InputError
from freefill.values import Box, Hole, Image

DRAWS = 10
SIDE_PX = 512  # the hole and its surroundings are reduced to this
_PATCHES = 4  # new holes of a draw
_SHARE = 0.12  # a new hole's side, of the crop's


def self_consistency(
    image: Image,
    hole: Hole,
    refill: Callable[[Image, Hole], Image],
    distance: Callable[[Image, Image, Hole], float],
    draws: int = DRAWS,
    seed: int = 0,
) -> float:
    """Return how far known ground, filled anew from what the fill put beside it, departs from itself: 0 = not at all.

    The crop is the hole's box and as much again on each side, its long side reduced to 512 px at most (averaging). Each
    draw has up to four square holes around the fill, none of them touching it. It rewards fills that go well with
    what surrounds them, and blur and copies as well, since those are easily filled again.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1], the filled picture
    hole : (H, W) bool, True = filled
    refill : fills another hole of the crop; it gets an image whose new holes are grey
    distance : of (the crop, the crop filled anew, the new hole); `StLpips.in_hole`
    draws : how many sets of new holes
    seed : of their places

    Raises
    ------
    InputError
        If the hole is empty, or no place beside it is left for a new one.

    References
    ----------
    arXiv 2405.16263, D(F1) = mean over k of d(X1, F2(X1 M2k, M2k)); there the second network is any inpainting network
    and d is LPIPS, here whatever is passed.
    """
    around = Box.around(hole)
    if around is None:
        raise InputError("self-consistency: the hole is empty")
    box = around.grown(max(around.height, around.width, 32), (hole.shape[0], hole.shape[1]))
    share = min(1.0, SIDE_PX / max(box.height, box.width))
    size = max(round(box.width * share), 8), max(round(box.height * share), 8)
    crop = np.ascontiguousarray(cv2.resize(image[box.slices], size, interpolation=cv2.INTER_AREA), np.float32)
    filled = cv2.resize(hole[box.slices].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    rng, found = np.random.default_rng(seed), []
    for _ in range(draws):
        anew = _beside(filled, rng)
        if not anew.any():
            raise InputError("self-consistency: no room beside the hole")
        blank = np.where(anew[..., None], np.float32(0.5), crop)
        again = np.where(anew[..., None], refill(blank, anew), crop)
        found.append(distance(crop, again, anew))
    return float(np.mean(found))


def _beside(filled: Hole, rng: np.random.Generator) -> Hole:
    """Return up to four squares that touch neither the fill nor each other, nearest to the fill first."""
    side = max(round(_SHARE * max(filled.shape)), 8)
    taken = cv2.dilate(filled.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    anew = np.zeros(filled.shape, bool)
    for _ in range(_PATCHES):
        # a square fits with its upper left corner where nothing within `side` px below and right of it is taken
        free = cv2.erode((~taken).astype(np.uint8), np.ones((side, side), np.uint8), anchor=(0, 0), borderValue=0) > 0
        reach = cv2.distanceTransform((~filled).astype(np.uint8), cv2.DIST_L2, 3)
        places = np.argwhere(free & (reach < 3 * side))
        if not len(places):
            break
        row, col = places[rng.integers(len(places))]
        anew[row : row + side, col : col + side] = True
        taken[max(row - 4, 0) : row + side + 4, max(col - 4, 0) : col + side + 4] = True
    return anew
