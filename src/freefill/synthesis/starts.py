"""How a field begins: at random, or with what the coarser level found.

`nnf.draw` and `settle` are compiled into the kernels here. numba keeps a kernel on disk until the kernel's own file
changes: whoever changes `draw` touches this file too.
"""

from __future__ import annotations

import numpy as np

from freefill.synthesis.compiled import kernel, part
from freefill.synthesis.nnf import draw


@part
def settle(sheet, wanted_y, wanted_x):
    """Return the usable source nearest to a place (by rings of squares), or (-1, -1) where there is none."""
    height, width = sheet.height, sheet.width
    wanted_y = min(max(wanted_y, 3), height - 4)
    wanted_x = min(max(wanted_x, 3), width - 4)
    if sheet.usable[wanted_y * width + wanted_x]:
        return wanted_y, wanted_x
    for ring in range(1, max(height, width)):
        best, best_y, best_x = 1 << 60, -1, -1
        for y in range(max(wanted_y - ring, 3), min(wanted_y + ring, height - 4) + 1):
            whole = abs(y - wanted_y) == ring
            x = wanted_x - ring
            while x <= wanted_x + ring:
                if 3 <= x < width - 3 and sheet.usable[y * width + x]:
                    far = (y - wanted_y) ** 2 + (x - wanted_x) ** 2
                    if far < best:
                        best, best_y, best_x = far, y, x
                x += 1 if whole else 2 * ring
        if best_y >= 0:
            return best_y, best_x
    return -1, -1


@kernel
def spread(first, last, bounds, sheet, coarse_index, coarse_width, coarse_field, coarse_votes, field, votes):
    """Carry a coarse field to the next finer level: offsets doubled, places that cannot be used moved to the nearest.

    A coarse pixel that is no target copies itself, with a vote of 1.
    """
    for n in range(bounds[first], bounds[last]):
        row, col = np.int64(sheet.targets[n, 0]), np.int64(sheet.targets[n, 1])
        up_row, up_col = row >> 1, col >> 1
        parent = coarse_index[up_row * coarse_width + up_col]
        y, x = row, col
        votes[n] = 1
        if parent >= 0:
            y += 2 * (coarse_field[parent, 0] - up_row)
            x += 2 * (coarse_field[parent, 1] - up_col)
            votes[n] = coarse_votes[parent]
        field[n, 0], field[n, 1] = settle(sheet, y, x)


@kernel
def scatter(first, last, bounds, sheet, seed, field):
    """Start a field at random usable places."""
    height, width = sheet.height, sheet.width
    for n in range(bounds[first], bounds[last]):
        bits = draw(seed, sheet.targets[n, 0] * width + sheet.targets[n, 1], 0, 99)
        y = 3 + np.int64((bits >> np.uint64(32)) % np.uint64(height - 6))
        x = 3 + np.int64((bits & np.uint64(0xFFFFFFFF)) % np.uint64(width - 6))
        field[n, 0], field[n, 1] = settle(sheet, y, x)
