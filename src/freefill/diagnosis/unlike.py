"""Unlike: parts of the fill that mean nothing known, by a network's tokens.

Of all scores tried against people's verdicts this one told most: each token of the hole is held against every token of
known ground, and the least alike eighth is averaged. A person who sees a bulge, half a window or a smear sees
something for which the rest of the picture has no likeness. In a picture of many things the untouched ground has little
likeness either: half of what known tokens lack among themselves is taken off (docs/results/diagnosis.md has the
figures).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.likeness import Likeness, worst
from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.view import View
from freefill.values import Image

_USUAL = 0.5


def unlike(view: View) -> Measurement:
    """Measure how little the least known eighth of the fill's tokens resembles any token of known ground.

    Returns
    -------
    Measure: mean of 1 - the largest cosine over the worst eighth of the tokens that touch the hole, those with little
    of it under them counted less, minus half of the same for known tokens, each judged as if it and its neighbours
    were filled
    """
    likeness = view.likeness
    if likeness is None:
        return Measurement.nothing(view.hole.shape)
    fill, ground = likeness.fill * likeness.weight, likeness.ground
    raw = worst(fill, fill.shape[1] // 8) - _USUAL * worst(ground, ground.shape[1] // 8)
    small = np.zeros(likeness.touched.shape, np.float32)
    small[likeness.touched] = np.clip((fill.mean(axis=0) - 0.15) / 0.5, 0, 1)
    return Measurement(raw, _laid_over(small, likeness, view))


def _laid_over(small: NDArray[np.float32], likeness: Likeness, view: View) -> Image:
    """Return the tokens' map over the view, in the hole and close around it."""
    box, inner = likeness.box, view.box
    where = np.zeros(view.hole.shape, np.float32)
    top, left = (round((a - b) * view.scale) for a, b in ((box.top, inner.top), (box.left, inner.left)))
    height, width = max(round(box.height * view.scale), 1), max(round(box.width * view.scale), 1)
    large = cv2.resize(small, (width, height))
    bottom, right = view.hole.shape
    rows = slice(max(top, 0), min(top + height, bottom))
    cols = slice(max(left, 0), min(left + width, right))
    where[rows, cols] = large[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    return np.where(cv2.dilate(view.hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0, where, 0).astype(np.float32)
