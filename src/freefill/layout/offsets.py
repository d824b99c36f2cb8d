"""From how far away things repeat: the shifts at which known patches have their likeness, and those along joined lines.

References
----------
He, Sun, Statistics of patch offsets for image completion, ECCV 2012, section 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept, least
from freefill.layout.sight import Sight

PATCH = 8  # as He and Sun 2012
DIMENSIONS = 24  # of a patch, after principal components
QUERIES = 1200  # patches that look for their likeness
NEAR_SHARE = 1 / 15  # of the longer side: nearer patches overlap, and are alike for that reason
BLOCK = 128  # patches that are looked through at once: they stay in the processor's nearest cache
FIRST = 8  # axes that tell first whether a block is worth the others
FARTHEST = 1e9  # along an axis: like nothing
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
    planes = np.ascontiguousarray(np.moveaxis(sight.lab, 2, 0), np.float32)
    total = np.zeros((PATCH, PATCH, 3), np.float32)
    add_patches(sight.lab, rows, cols, total)
    mean = (total.ravel() / len(rows)).astype(np.float32)
    some = np.s_[:: max(len(rows) // 3000, 1)]  # some three thousand tell the axes
    seen = sliding_window_view(sight.lab, (PATCH, PATCH), axis=(0, 1))[rows[some], cols[some]]
    patches = np.moveaxis(seen, 1, -1).reshape(len(seen), -1) - mean
    _, axes = np.linalg.eigh(patches.T @ patches)
    axes = np.ascontiguousarray(axes[:, ::-1][:, :DIMENSIONS])  # `eigh` sorts upwards
    # Whole blocks of patches: what is beyond the last one is like nothing.
    reduced = np.full((DIMENSIONS, -(-len(rows) // BLOCK) * BLOCK), FARTHEST, np.float32)
    project(planes, rows, cols, mean, axes, reduced)
    every = max(int(np.sqrt(len(rows) / QUERIES)), 1)
    asking = np.flatnonzero((rows % every == 0) & (cols % every == 0))
    best = np.zeros(len(asking), np.int64)
    likest(reduced, rows, cols, asking, max(sight.size) * NEAR_SHARE, best)
    return np.stack((rows[best] - rows[asking], cols[best] - cols[asking]), 1)


@kept(nogil=True, error_model="numpy")
def add_patches(lab, rows, cols, total):
    """Add up the patches at rows and columns, one after the other."""
    for n in range(rows.shape[0]):
        for i in range(PATCH):
            for j in range(PATCH):
                for c in range(3):
                    total[i, j, c] += lab[rows[n] + i, cols[n] + j, c]


@kept(nogil=True, error_model="numpy", fastmath={"contract"})
def project(planes, rows, cols, mean, axes, reduced):
    """Write what the patches at rows and columns are along the axes, (DIMENSIONS, at least n); `planes` (3, h, w)."""
    wide = planes.shape[2] - PATCH + 1
    along = np.empty((DIMENSIONS, wide), np.float32)
    one, two = np.empty(wide, np.float32), np.empty(wide, np.float32)
    first = 0
    while first < rows.shape[0]:
        row = rows[first]
        along[:] = 0
        # All patches of a row together: whole runs of numbers are added then.
        for k in range(0, PATCH * PATCH * 3, 2):
            i, j, c = k // (PATCH * 3), k // 3 % PATCH, k % 3
            one[:] = planes[c, row + i, j : j + wide] - mean[k]
            i, j, c = (k + 1) // (PATCH * 3), (k + 1) // 3 % PATCH, (k + 1) % 3
            two[:] = planes[c, row + i, j : j + wide] - mean[k + 1]
            for d in range(DIMENSIONS):
                u, v = axes[k, d], axes[k + 1, d]
                line = along[d]
                for n in range(wide):
                    line[n] += u * one[n] + v * two[n]
        while first < rows.shape[0] and rows[first] == row:
            for d in range(DIMENSIONS):
                reduced[d, first] = along[d, cols[first]]
            first += 1


@kept(nogil=True, error_model="numpy", fastmath={"contract"})
def likest(reduced, rows, cols, asking, nearest, best):
    """Write the number of the patch that is most like each asking one and not nearer than `nearest` px.

    Squares are added up axis by axis, so the sum over the first axes is never more than the whole: a block in which
    nothing comes near by these is left.
    """
    count, places = asking.shape[0], rows.shape[0]
    lowest = np.full(count, np.float32(np.inf), np.float32)
    apart = np.empty((4, BLOCK), np.float32)
    block = np.empty((DIMENSIONS, BLOCK), np.float32)
    for first in range(0, reduced.shape[1], BLOCK):
        block[:] = reduced[:, first : first + BLOCK]
        last = min(first + BLOCK, places)
        for start in range(0, count, 4):
            few = min(4, count - start)
            add_squares(reduced, block, asking, start, count, apart)
            for m in range(few):
                n, line = start + m, apart[m]
                own = asking[n]
                # Patches are in reading order: those too near lie in a band of it.
                if rows[last - 1] > rows[own] - nearest and rows[first] < rows[own] + nearest:
                    for j in range(last - first):
                        down, across = rows[first + j] - rows[own], cols[first + j] - cols[own]
                        if down * down + across * across < nearest * nearest:
                            line[j] = np.float32(np.inf)
                if least(line) >= lowest[n]:
                    continue
                for d in range(FIRST, DIMENSIONS, 4):
                    p0, p1, p2, p3 = reduced[d, own], reduced[d + 1, own], reduced[d + 2, own], reduced[d + 3, own]
                    for j in range(BLOCK):
                        a, b = block[d, j] - p0, block[d + 1, j] - p1
                        e, f = block[d + 2, j] - p2, block[d + 3, j] - p3
                        line[j] += (a * a + b * b) + (e * e + f * f)
                bound = least(line)
                if bound < lowest[n]:
                    lowest[n] = bound
                    for j in range(BLOCK):
                        if line[j] == bound:
                            best[n] = first + j
                            break


@kept(nogil=True, error_model="numpy", fastmath={"contract"})
def add_squares(reduced, block, asking, start, count, apart):
    """Write how far the patches of a block lie from four asking ones along the first axes, squared, (4, BLOCK)."""
    for m in range(4):
        own = asking[min(start + m, count - 1)]
        line = apart[m]
        line[:] = 0
        for d in range(0, FIRST, 4):
            p0, p1, p2, p3 = reduced[d, own], reduced[d + 1, own], reduced[d + 2, own], reduced[d + 3, own]
            for j in range(BLOCK):
                a, b = block[d, j] - p0, block[d + 1, j] - p1
                e, f = block[d + 2, j] - p2, block[d + 3, j] - p3
                line[j] += (a * a + b * b) + (e * e + f * f)
