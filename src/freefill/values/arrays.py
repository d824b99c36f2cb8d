"""The kinds of arrays that the other values are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]  # (H, W, 3), RGB in [0, 1]
Hole = NDArray[np.bool_]  # (H, W), True = hole
Pixels = NDArray[Any]  # (H, W, 1 or 3) uint8, uint16, float32 or float64: the file's or caller's own numbers
Tokens = Callable[[Image], NDArray[np.float32]]
"""What a vision transformer says: image, sides multiples of 14, to (h / 14, w / 14, d)."""

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view; the caller's own array stays writable."""
    view = array.view()
    view.setflags(write=False)
    return view
