"""Figure and ground: things that stand before their surroundings are no source for what lies behind a hole.

Ground is what can be reached from the hole's rim or from the picture's edge without a step in colour; an animal on a
road cannot, a tree that grows into the picture can.

References
----------
Zhang et al., Minimum barrier salient object detection at 80 FPS, ICCV 2015, section 3 (the distance, its raster scans).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept
from freefill.layout.sight import Sight, softened

SCANS = 4  # alternately forwards and backwards
SMOOTH_PX = 1.0  # takes grain out first
THIN_PX = 5  # what is thinner is a line or an edge, not a thing
WIDE = 0.22  # of the longer side
CLEAR = 8.0  # Lab beyond the usual: less is ripples and leaves
FEET = 0.5  # of a thing's height: so far down
USUAL = 0.7  # quantile of the barriers: textured ground has some everywhere


def standing(sight: Sight) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return by how much each known pixel stands out, and the same with what lies right below, (h, w) each."""
    stands = figures(sight)
    return stands, with_feet(stands)


def figures(sight: Sight) -> NDArray[np.float32]:
    """Return by how much each known pixel stands out, Lab, (h, w); 0 for ground and in the hole."""
    import cv2

    hole = sight.hole
    inner = cv2.erode(
        (~hole).astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    seeds = ~hole & (inner == 0)
    lab = softened(sight.lab, hole, SMOOTH_PX)
    total = np.zeros(hole.shape, np.float64)
    for channel in range(3):
        values = np.ascontiguousarray(lab[..., channel], np.float64)
        far = np.where(seeds, 0.0, np.inf)
        barriers(values, hole, values.copy(), values.copy(), far, SCANS)
        # What the hole encloses is not reached at all.
        total += np.where(np.isfinite(far), far, 0.0) ** 2
    away = np.sqrt(total)
    if hole.all():
        return np.zeros(hole.shape, np.float32)
    away = np.where(hole, 0, away).astype(np.float32)
    wide = _disc(round(WIDE * max(hole.shape)))
    found = np.zeros(hole.shape, np.float32)
    # A whole scene may stand out, all of a lit hall behind a dark floor: then what stands out of that counts too.
    for stands, least in ((away, 0.0), (away - cv2.morphologyEx(away, cv2.MORPH_OPEN, wide), CLEAR)):
        beyond = np.maximum(stands - np.quantile(stands[~hole], USUAL), 0).astype(np.float32)
        beyond = np.asarray(cv2.morphologyEx(beyond, cv2.MORPH_OPEN, _disc(THIN_PX)), np.float32)
        found = np.maximum(found, np.where(beyond >= least, beyond, 0))
    return np.asarray(np.where(hole, 0, found), np.float32)


def with_feet(stands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `stands` (h, w) with what lies right below a thing, ever less: it stands on its feet and its shadow."""
    avoided = stands.copy()
    tall, last = np.zeros(stands.shape[1]), np.zeros(stands.shape[1])  # px in this column so far, and its lowest value
    gone = np.zeros(stands.shape[1])  # px since
    for row, values in enumerate(stands):
        clear = values >= CLEAR
        reach = FEET * tall + 1
        tall = np.where(clear, tall + 1, np.where(gone < reach, tall, 0))
        last, gone = np.where(clear, values, last), np.where(clear, 0, gone + 1)
        feet = np.where(tall > 0, last * np.maximum(1 - gone / reach, 0), 0)
        avoided[row] = np.maximum(values, feet)
    return avoided


def _disc(width: int) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)), np.uint8)


@kept(nogil=True, error_model="numpy")
def barriers(values, hole, high, low, far, scans):
    """Lower `far` to the least difference of highest and lowest value on any way from a seed, approximately.

    `high` and `low` are those of the best way so far; ways do not cross the hole.
    """
    height, width = values.shape
    for scan in range(scans):
        step = 1 if scan % 2 == 0 else -1
        for i in range(height):
            row = i if step > 0 else height - 1 - i
            for j in range(width):
                col = j if step > 0 else width - 1 - j
                if hole[row, col]:
                    continue
                for side in range(2):
                    y, x = (row - step, col) if side == 0 else (row, col - step)
                    if y < 0 or y >= height or x < 0 or x >= width or hole[y, x] or far[y, x] == np.inf:
                        continue
                    top, bottom = max(high[y, x], values[row, col]), min(low[y, x], values[row, col])
                    if top - bottom < far[row, col]:
                        far[row, col], high[row, col], low[row, col] = top - bottom, top, bottom
