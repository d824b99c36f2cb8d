"""What the removed thing shades on the ground beside it is not copied.

A mask ends where the thing and its hard shadow end; the soft rest of the shadow stays outside and is known. Copied, it
becomes a dark blot elsewhere in the hole. So plain ground beside the hole that is darker than the same ground farther
away, evenly in all colours, is no source. It stays what it is, and the paste meets it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.distance import thickness
from freefill.synthesis.pieces import large_pieces
from freefill.synthesis.seen_smaller import outside, seen_smaller
from freefill.values import Box

REACH = 0.35  # of the hole's thickness: so far a shadow is looked for
LEAST_REACH_PX = 8.0
SEEN_PX = 20.0  # of that reach, where the picture is larger it is looked at smaller
LONG_PX = 640  # and no larger than this
LEAST_SEEN_PX = 4.0  # a hole that is thin then throws no shadow that matters
FARTHER = 2.2  # reaches: from one to so many lies the ground that is compared with
WINDOW = 1.5  # reaches to each side
LEAST_THERE = 0.1  # of the window
PLAIN = 0.07  # spread of that ground's light, of its mean
DARKER = (0.45, 0.94)  # of that ground's light
TINT = 0.07  # by which channels may differ, and more the darker it is
DEEPER_TINT = 0.3
FLOOR = 0.1  # of full scale, added to both: what is nearly black has no ratio
LEAST_SHARE = 0.01  # of the hole, in one piece
LEAST_ALL = 0.08  # and in all pieces: dark spots of ground are as large as small shadows


def penumbra(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the known pixels beside the hole that lie in the shadow of what is removed.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool

    Returns
    -------
    (H, W) bool, outside `hole`
    """
    found = np.zeros(hole.shape, bool)
    box = Box.around(hole)
    assert box is not None  # there is no fill without a hole
    reach = max(LEAST_REACH_PX, REACH * thickness(hole, closed=True))
    if reach * LONG_PX < LEAST_SEEN_PX * (max(box.height, box.width) - 1):
        return found
    place = box.grown(round((1 + FARTHER) * reach), (hole.shape[0], hole.shape[1])).slices
    part = hole[place]
    factor = min(1.0, SEEN_PX / reach, LONG_PX / max(part.shape))
    if factor * reach < LEAST_SEEN_PX:
        return found
    colours, share = seen_smaller(image[place], part, factor)
    dark = _shaded(colours, share, reach * factor)
    pieces = _touching(dark, share, LEAST_SHARE * float((1 - share).sum()))
    if pieces.sum() >= LEAST_ALL * float((1 - share).sum()):
        found[place] = outside(pieces, part)
    return found


def _shaded(colours: NDArray[np.float32], share: NDArray[np.float32], reach: float) -> NDArray[np.bool_]:
    """Return where the light is less than that of plain ground farther from the hole; `colours` are means x `share`."""
    import cv2

    sigma = max(1.5, reach / 6)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), sigma), 1e-3)
    light = (np.asarray(cv2.GaussianBlur(colours, (0, 0), sigma)) / weight[..., None] + FLOOR).astype(np.float32)
    known = share > 0.5
    distance = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    far = (known & (distance > reach) & (distance <= FARTHER * reach)).astype(np.float32)
    side = 2 * round(WINDOW * reach) + 1

    def total(values: NDArray[Any]) -> NDArray[np.float32]:
        way = {"normalize": False, "borderType": cv2.BORDER_CONSTANT}
        return np.asarray(cv2.boxFilter(np.ascontiguousarray(values), -1, (side, side), **way), np.float32)

    there = total(far)
    count = np.maximum(there, 1)[..., None]
    mean = total(light * far[..., None]) / count
    spread = np.sqrt(np.maximum(total(light**2 * far[..., None]) / count - mean**2, 0))
    plain = (there > LEAST_THERE * side**2) & ((spread / np.maximum(mean, FLOOR)).max(axis=2) < PLAIN)
    ratio = light / np.maximum(mean, FLOOR)
    even = np.ptp(ratio, axis=2) < TINT + DEEPER_TINT * (1 - ratio.mean(axis=2))
    darker = (ratio.max(axis=2) < DARKER[1]) & (ratio.min(axis=2) > DARKER[0])
    return known & (distance <= reach) & plain & even & darker


def _touching(dark: NDArray[np.bool_], share: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """Return the pieces that reach the hole and are not small."""
    import cv2

    near = cv2.dilate((share < 0.5).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    count, labels = cv2.connectedComponents(large_pieces(dark, least).astype(np.uint8), connectivity=8)
    labels = np.asarray(labels, np.int64)
    keep = np.bincount(labels[near & dark], minlength=count) > 0
    keep[0] = False
    return keep[labels]
