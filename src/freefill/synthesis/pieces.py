"""Masks without their small pieces: what is found in single pixels is mostly noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def large_pieces(mask: NDArray[np.bool_], least_px: float, connectivity: int = 8) -> NDArray[np.bool_]:
    """Return the mask without the pieces that have fewer than `least_px` pixels, (H, W) bool.

    Examples
    --------
    >>> large_pieces(np.array([[True, True, False, True]]), 2).tolist()
    [[True, True, False, False]]
    """
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=connectivity)
    keep = stats[:, cv2.CC_STAT_AREA] >= least_px
    keep[0] = False
    return keep[np.asarray(labels, np.int64)]
