"""Numbers of one depth as numbers of another: 8 bit, 16 bit and float in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def full_scale(dtype: DTypeLike) -> float:
    """Return the number that stands for 1.0 in arrays of that type: 255, 65535 or 1."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def to_unit(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Scale to float32 in [0, 1]; `from_unit` brings every uint8 and uint16 back exactly."""
    if np.issubdtype(pixels.dtype, np.integer):
        return np.multiply(pixels, np.float32(1.0 / full_scale(pixels.dtype)), dtype=np.float32)
    return pixels.astype(np.float32)


def from_unit(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Scale float in [0, 1] to `dtype`, rounded to the nearest and cut to its range.

    NaN becomes 0: an engine's slip must not turn into a random integer.
    """
    # The clipped copy is written, nothing of the caller's.
    values = np.nan_to_num(np.clip(values, 0.0, 1.0), copy=False)
    if np.issubdtype(dtype, np.integer):
        return np.rint(values * full_scale(dtype)).astype(dtype)
    return values.astype(dtype)


def change_depth(pixels: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return the same picture in another depth, each number rounded to the nearest.

    Examples
    --------
    >>> change_depth(np.array([0, 1, 255], np.uint8), np.uint16).tolist()
    [0, 257, 65535]
    >>> change_depth(np.array([0, 128, 129, 65535], np.uint16), np.uint8).tolist()
    [0, 0, 1, 255]
    """
    dtype = np.dtype(dtype)
    if pixels.dtype.newbyteorder("=") == dtype.newbyteorder("="):
        return pixels.astype(dtype, copy=False)
    if pixels.dtype == np.uint8 and dtype == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)  # 65535 / 255: white stays white
    if pixels.dtype == np.uint16 and dtype == np.uint8:
        # Half of 257 more, so that it rounds; 32 bits, or it would wrap.
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if np.issubdtype(dtype, np.integer):
        return np.rint(np.clip(pixels, 0.0, 1.0) * full_scale(dtype)).astype(dtype)
    return pixels.astype(dtype) / dtype.type(full_scale(pixels.dtype))
