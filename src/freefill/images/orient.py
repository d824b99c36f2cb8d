"""EXIF orientation, applied to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def turn(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the array (H, W, ...) as EXIF orientation 1 to 8 says it is to be seen; other numbers change nothing.

    Examples
    --------
    >>> turn(np.array([[1, 2]]), 6).tolist()
    [[1], [2]]
    >>> turn(np.array([[1, 2]]), 3).tolist()
    [[2, 1]]
    """
    # First swapped: the mirrorings below are those of the upright picture.
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array) if 2 <= orientation <= 8 else array
