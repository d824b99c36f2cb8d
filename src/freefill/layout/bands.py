"""What joined lines part: on each side of a horizon or a kerb only that side's own rim says what belongs there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ANY = 0  # on a line: every side's


def bands(hole: NDArray[np.bool_], curves: Sequence[NDArray[np.float64]]) -> NDArray[np.int32]:
    """Number the parts into which lines cut a hole.

    Parameters
    ----------
    hole : (h, w) bool
    curves : (n, 2) rows and columns each, places at most a pixel apart

    Returns
    -------
    (h, w) int32, from 1 in the hole, ANY on a line; elsewhere the part that is nearest. ANY all over where nothing is
    cut off.
    """
    import cv2

    free = hole.astype(np.uint8)
    for curve in curves:
        points = np.rint(curve[:, ::-1]).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(free, [points], isClosed=False, color=0, thickness=1, lineType=cv2.LINE_8)
    # Parts are joined by their sides only: a line of one pixel parts them wherever it goes.
    parts = np.asarray(cv2.connectedComponents(free, connectivity=4)[1], np.int32)
    if parts.max() < 2:
        return np.zeros_like(parts)
    _, nearest = cv2.distanceTransformWithLabels(1 - free, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.asarray(nearest, np.int64)
    of_label = np.zeros(int(nearest.max()) + 1, np.int32)
    of_label[nearest[free > 0]] = parts[free > 0]
    return np.where(hole, parts, of_label[nearest])
