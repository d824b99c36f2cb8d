"""Numbers that are no picture's (signed, 32 bits, float beyond 0 to 1, NaN) as pixels in [0, 1], and back.

The file's own numbers are kept, and written wherever the picture is not filled; only fills go through the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError


@dataclass(frozen=True)
class TiffNumbers:
    """How a file's numbers are shown: low as 0, high as 1."""

    dtype: np.dtype[Any]
    low: float
    high: float
    nodata: float | None = None  # the number that stands for none

    def unknown_in(self, native: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return (H, W) bool, True where a channel holds no number; None where all do."""
        bad = np.zeros(native.shape[:2], bool)
        if native.dtype.kind == "f":
            bad |= ~np.isfinite(native).all(axis=2)
        if self.nodata is not None:
            bad |= (native == self.nodata).all(axis=2)
        return bad if bad.any() else None

    def shown(self, native: NDArray[Any]) -> NDArray[Any]:
        """Return (H, W, C) float in [0, 1]; what is no number is shown as the middle."""
        with np.errstate(invalid="ignore", over="ignore"):  # NaN that signals, numbers near the end of float64
            share = (native.astype(np.float64) - self.low) / (self.high - self.low)
        share = np.nan_to_num(share, nan=0.5, posinf=0.5, neginf=0.5)
        return np.clip(share, 0, 1).astype(np.float32 if self.dtype in (np.float16, np.float32) else np.float64)

    def stored(self, pixels: NDArray[Any], native: NDArray[Any], unknown: NDArray[np.bool_] | None) -> NDArray[Any]:
        """Return the file's numbers with new ones wherever `pixels` are no longer what they show.

        Parameters
        ----------
        unknown : (H, W) bool, True where there still is no number; elsewhere one that was none has been filled
        """
        filled = (pixels != self.shown(native)).any(axis=2)
        before = self.unknown_in(native)
        if before is not None:
            filled |= before if unknown is None else before & ~unknown
        out = native.copy()
        values = self.low + pixels[filled].astype(np.float64) * (self.high - self.low)
        if self.dtype.kind in "iu":
            info = np.iinfo(self.dtype)
            most = float(info.max) if info.bits <= 32 else np.nextafter(float(info.max), 0)  # 2^64 does not fit
            values = np.clip(np.rint(values), info.min, most)
        out[filled] = values.astype(self.dtype)
        return out


def numbers_of(native: NDArray[Any], nodata: float | None = None) -> TiffNumbers:
    """Return how (H, W, C) numbers are to be shown; those that lie in [0, 1] as they are.

    Raises
    ------
    InputError
        If they lie so far apart that nothing can be told of them. The message has no file name: the caller adds it.
    """
    unknown = TiffNumbers(native.dtype, 0, 1, nodata).unknown_in(native)
    known = native if unknown is None else native[~unknown]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if native.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    # A flat picture: any scale shows it, but a width of 0 would divide by nothing.
    if high == low:
        high = low + max(abs(low), 1.0)
    if not np.isfinite(high - low):
        raise InputError(f"its numbers run from {low:g} to {high:g}, too far apart to be filled; scale them first")
    return TiffNumbers(native.dtype, low, high, nodata)
