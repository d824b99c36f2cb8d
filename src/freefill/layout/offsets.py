"""From how far away things repeat: the shifts at which known patches have their likeness, and those along joined lines.

References
----------
He, Sun, Statistics of patch offsets for image completion, ECCV 2012, section 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.layout.sight import Sight

PATCH = 8  # as He and Sun 2012
DIMENSIONS = 24  # of a patch, after principal components
QUERIES = 1200  # patches that look for their likeness
NEAR_SHARE = 1 / 15  # of the longer side: nearer patches overlap, and are alike for that reason
BLOCK = 32  # of them at once: their distances to all others stay in the processor's cache
COMMONEST = 50  # He and Sun take 60
LINE_SHARES = (0.4, 0.55, 0.7, 0.85, 1.0, 1.15, 1.35, 1.6)  # of a joined line's gap
LINE_STEPS = (4, 7, 11, 16, 24)  # px along it


def candidates(sight: Sight, gaps: list[NDArray[np.float64]]) -> NDArray[np.int32]:
    """Return the shifts worth trying, (K, 2) rows and columns from a hole pixel to its source, in fixed order.

    `gaps` are the vectors from end to end of the joined lines, px.
    """
    found = [*_commonest(sight), *(shift for gap in gaps for shift in _along(gap))]
    height, width = sight.size
    unique = dict.fromkeys((int(dy), int(dx)) for dy, dx in found)
    kept = [s for s in unique if s != (0, 0) and abs(s[0]) < height and abs(s[1]) < width]
    return np.array(kept, np.int32).reshape(-1, 2)


def _along(gap: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return shifts along a joined line, both ways: what lies on it is copied onto it."""
    length = float(np.hypot(*gap))
    far = [*(share * length for share in LINE_SHARES), *LINE_STEPS]
    return [(round(gap[0] / length * d * sign), round(gap[1] / length * d * sign)) for d in far for sign in (1, -1)]


def _commonest(sight: Sight) -> list[tuple[int, int]]:
    """Return the peaks of the histogram of the shifts between each known patch and its nearest likeness."""
    import cv2

    shifts = _likenesses(sight)
    height, width = sight.size
    counts = np.zeros((2 * height + 1, 2 * width + 1), np.float32)
    np.add.at(counts, (shifts[:, 0] + height, shifts[:, 1] + width), 1)
    counts += counts[::-1, ::-1]  # a shift and its reverse say the same
    smooth = cv2.GaussianBlur(counts, (0, 0), 1.41)
    peaks = np.argwhere((smooth >= cv2.dilate(smooth, np.ones((9, 9), np.uint8))) & (smooth > 0.05))
    order = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")[:COMMONEST]
    return [(int(y) - height, int(x) - width) for y, x in peaks[order]]


def _likenesses(sight: Sight) -> NDArray[np.int64]:
    """Return the shift from each asking patch to the most similar one that is not near, (n, 2)."""
    from numpy.lib.stride_tricks import sliding_window_view

    if min(sight.size) < PATCH:
        return np.zeros((0, 2), np.int64)
    whole = sliding_window_view(sight.source, (PATCH, PATCH)).all((2, 3))
    rows, cols = np.nonzero(whole)
    if len(rows) < 2:
        return np.zeros((0, 2), np.int64)
    patches = sliding_window_view(sight.lab, (PATCH, PATCH), axis=(0, 1))[rows, cols].reshape(len(rows), -1)
    patches = patches - patches.mean(0)
    some = patches[:: max(len(patches) // 3000, 1)]  # some three thousand tell the axes
    _, axes = np.linalg.eigh(some.T @ some)
    patches = np.ascontiguousarray(patches @ axes[:, ::-1][:, :DIMENSIONS])  # `eigh` sorts upwards
    energy = (patches**2).sum(1)
    every = max(int(np.sqrt(len(rows) / QUERIES)), 1)
    asking = np.flatnonzero((rows % every == 0) & (cols % every == 0))
    least = max(sight.size) * NEAR_SHARE
    shifts = np.empty((len(asking), 2), np.int64)
    for start in range(0, len(asking), BLOCK):
        some = asking[start : start + BLOCK]
        apart = (-2 * patches[some]) @ patches.T  # the asking patch's own square is the same for all
        apart += energy
        # Patches are in reading order: those too near lie in a band of it.
        low = np.searchsorted(rows, rows[some[0]] - least)
        high = np.searchsorted(rows, rows[some[-1]] + least, side="right")
        down = rows[None, low:high] - rows[some, None]
        across = cols[None, low:high] - cols[some, None]
        apart[:, low:high][down**2 + across**2 < least**2] = np.inf
        best = apart.argmin(1)
        shifts[start : start + BLOCK] = np.stack((rows[best] - rows[some], cols[best] - cols[some]), 1)
    return shifts
