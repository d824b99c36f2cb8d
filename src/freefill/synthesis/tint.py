"""What the removed thing colours on the ground beside it is not copied.

A bright thing throws its colour on what stands next to it, and a lossy file smears it over some pixels: a soft tint
that no mask takes away. Copied, it becomes a stain elsewhere in the hole. So ground near the hole whose soft colour is
nowhere farther out is no source. It stays what it is, and the paste meets it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside, thickness
from freefill.synthesis.pieces import large_pieces
from freefill.synthesis.residue import apart
from freefill.synthesis.seen_smaller import outside, seen_smaller
from freefill.values import Box

REACH = 0.15  # of the hole's thickness: so far a tint is looked for
LEAST_REACH_PX = 8.0
SEEN_PX = 12.0  # of that reach, where the picture is larger it is looked at smaller
LONG_PX = 640  # and no larger than this
LEAST_THICK_PX = 24.0  # of that: a wire or a crease throws no colour that matters
FARTHER = 3.0  # reaches: from one to so many lies the ground that is compared with
SOFT_PX = 1.5  # what is finer than this is grain
LIGHT = 0.3  # how much lightness counts beside colour: shade and light are not asked here
STRANGE = 4.0  # Lab, with that lightness, from the most similar soft colour of that ground
LEAST_PX = 12
FADES = 1.15  # times as strange on the half that is nearer to the hole: light fades, things do not
THING = 20.0  # Lab: what departs by more is a thing


def tint(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the known pixels near the hole that bear a colour of what is removed.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool

    Returns
    -------
    (H, W) bool, outside `hole`
    """
    import cv2

    found = np.zeros(hole.shape, bool)
    box = Box.around(hole)
    assert box is not None  # there is no fill without a hole
    thick = thickness(hole, closed=True)
    if thick * LONG_PX < LEAST_THICK_PX * (max(box.height, box.width) - 1):
        return found
    reach = max(LEAST_REACH_PX, REACH * thick)
    place = box.grown(round(FARTHER * reach) + 1, (hole.shape[0], hole.shape[1])).slices
    part = hole[place]
    factor = min(1.0, SEEN_PX / reach, LONG_PX / max(part.shape))
    colours, share = seen_smaller(image[place], part, factor)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), SOFT_PX), 1e-3)
    soft = np.asarray(cv2.GaussianBlur(colours, (0, 0), SOFT_PX) / weight[..., None], np.float32)
    soft = np.asarray(cv2.cvtColor(soft, cv2.COLOR_RGB2LAB), np.float32) * np.array([LIGHT, 1, 1], np.float32)
    distance = distance_outside(share < 0.5)
    near = (distance > 0) & (distance <= factor * reach)
    farther = (distance > factor * reach) & (distance <= FARTHER * factor * reach)
    if near.any() and farther.any():
        strange = np.zeros(near.shape, np.float32)
        strange[near] = apart(soft[near], soft[farther], STRANGE)
        found[place] = outside(_fading(strange, distance), part)
    return found


def _fading(strange: NDArray[np.float32], distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the pieces that are faint and fade away from the hole."""
    import cv2

    pieces = large_pieces(strange > 0, LEAST_PX)
    count, labels = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        piece = np.asarray(labels == number)
        far, values = distance[piece], strange[piece]
        inner, outer = values[far <= np.median(far)].mean(), values[far >= np.median(far)].mean()
        if values.max() > THING or inner < FADES * outer:
            pieces[piece] = False
    return pieces
