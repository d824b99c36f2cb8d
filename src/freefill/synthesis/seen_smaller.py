"""The ground around a hole, seen smaller: what is soft, as light and colour, is told by few pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def seen_smaller(
    image: NDArray[np.float32], hole: NDArray[np.bool_], factor: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the known ground at `factor` of its size.

    Parameters
    ----------
    image : (H, W, 3) float32; not read in the hole
    hole : (H, W) bool
    factor : 0 to 1

    Returns
    -------
    colours : (h, w, 3) float32, means in which the hole counts as 0
    share : (h, w) float32, how much of each pixel is known
    """
    import cv2

    height, width = hole.shape
    size = max(1, round(width * factor)), max(1, round(height * factor))
    every = max(1, int(0.4 / factor))  # of a large picture some pixels tell it
    hole = hole[::every, ::every]
    colours = np.where(hole[..., None], np.float32(0), image[::every, ::every])
    share = np.asarray(cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.float32), share


def outside(found: NDArray[np.bool_], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what was found on the smaller picture, at the size of the hole and outside it."""
    import cv2

    wide = cv2.resize(found.astype(np.uint8), hole.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return (wide > 0) & ~hole
