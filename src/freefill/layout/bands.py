"""What joined lines part: on each side of a horizon or a kerb only that side's own rim says what belongs there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ANY = 0  # on a line: every side's


class Bands(NamedTuple):
    """Parts of a hole.

    Attributes
    ----------
    parts : (h, w) int32, from 1 in the hole, ANY on a line; elsewhere the part that is nearest. ANY all over where
        nothing is cut off.
    strips : (h, w) bool, the part lies between two lines
    """

    parts: NDArray[np.int32]
    strips: NDArray[np.bool_]


def bands(hole: NDArray[np.bool_], curves: Sequence[NDArray[np.float64]]) -> Bands:
    """Number the parts into which lines cut a hole.

    Parameters
    ----------
    hole : (h, w) bool
    curves : (n, 2) rows and columns each, places at most a pixel apart
    """
    import cv2

    free = hole.astype(np.uint8)
    for curve in curves:
        points = np.rint(curve[:, ::-1]).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(free, [points], isClosed=False, color=0, thickness=1, lineType=cv2.LINE_8)
    # Parts are joined by their sides only: a line of one pixel parts them wherever it goes.
    parts = np.asarray(cv2.connectedComponents(free, connectivity=4)[1], np.int32)
    if parts.max() < 2:
        return Bands(np.zeros_like(parts), np.zeros(hole.shape, bool))
    _, nearest = cv2.distanceTransformWithLabels(1 - free, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.asarray(nearest, np.int64)
    of_label = np.zeros(int(nearest.max()) + 1, np.int32)
    of_label[nearest[free > 0]] = parts[free > 0]
    touching = np.zeros(int(parts.max()) + 1, np.int64)
    for curve in curves:
        beside = np.zeros(hole.shape, np.uint8)
        points = np.rint(curve[:, ::-1]).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(beside, [points], isClosed=False, color=1, thickness=3)
        touching[np.unique(parts[beside > 0])] += 1
    touching[ANY] = 0
    return Bands(np.where(hole, parts, of_label[nearest]), touching[parts] >= 2)
