"""Moves the seams between copied pieces to where they do not show.

Each hole pixel copies one known pixel. Where two neighbours copy with different offsets there is a seam, which costs
as much as the two pieces differ there; a pixel also costs as much as its copy differs from what the votes agreed on.
The sum is made smaller by letting pixels take over the offsets of their neighbours, in turns of a chequerboard, so that
the result does not depend on threads.

References
----------
Kwatra et al., Graphcut textures, SIGGRAPH 2003, equation 1, for the cost of a seam; the descent is ours.
"""

from __future__ import annotations

import numpy as np

from freefill.synthesis.compiled import kernel, part

OUTSIDE = np.float32(3 * 60.0**2)  # a piece that ends here (at a pixel that may not be copied) joins badly


@part
def join_cost(sheet, row, col, y, x, near_row, near_col, near_y, near_x):
    """Return the cost of the seam between a pixel that copies (y, x) and a neighbour that copies (near_y, near_x).

    Where the neighbour is known it copies itself.
    """
    down, right = near_row - row, near_col - col
    if near_y - y == down and near_x - x == right:
        return np.float32(0)
    height, width = sheet.height, sheet.width
    channels = len(sheet.marks)
    total = np.float32(0)
    # The neighbour as this pixel's piece would have it, and this pixel as the neighbour's piece would have it.
    for side in range(2):
        if side == 0:
            a_y, a_x, b_y, b_x = y + down, x + right, near_y, near_x
        else:
            a_y, a_x, b_y, b_x = near_y - down, near_x - right, y, x
        if a_y < 0 or a_y >= height or a_x < 0 or a_x >= width or not sheet.valid[a_y * width + a_x]:
            # Beside a known pixel its own piece always ends: that side says nothing.
            if side == 0 or near_y != near_row or near_x != near_col:
                total += OUTSIDE
            else:
                total *= np.float32(2)
            continue
        a, b = (a_y * width + a_x) * channels, (b_y * width + b_x) * channels
        for k in range(3):
            d = np.float32(sheet.source[a + k]) - np.float32(sheet.source[b + k])
            total += d * d
    return total


@part
def pixel_cost(sheet, number, copied, n, row, col, y, x, loyalty, seam):
    """Return what it costs when hole pixel n copies (y, x)."""
    channels = len(sheet.marks)
    here, there = (row * sheet.width + col) * channels, (y * sheet.width + x) * channels
    total = np.float32(0)
    for k in range(3):
        d = np.float32(sheet.filled[here + k]) - np.float32(sheet.source[there + k])
        total += d * d
    total *= loyalty
    for side in range(4):
        near_row = row + (side == 0) - (side == 1)
        near_col = col + (side == 2) - (side == 3)
        if near_row < 0 or near_row >= sheet.height or near_col < 0 or near_col >= sheet.width:
            continue
        other = number[near_row * sheet.width + near_col]
        if other >= 0:
            near_y, near_x = np.int64(copied[other, 0]), np.int64(copied[other, 1])
        else:
            near_y, near_x = np.int64(near_row), np.int64(near_col)
        cost = join_cost(sheet, row, col, y, x, near_row, near_col, near_y, near_x)
        if cost > 0:
            total += np.sqrt(cost) * seam + seam
    return total


@kernel
def settle_seams(first, last, bounds, sheet, number, copied, parity, loyalty, seam, changed):
    """One half turn: hole pixels of one colour of the chequerboard take the best of the offsets around them."""
    height, width = sheet.height, sheet.width
    for strip in range(first, last):
        count = 0
        for n in range(bounds[strip], bounds[strip + 1]):
            row, col = np.int64(sheet.holes[n, 0]), np.int64(sheet.holes[n, 1])
            if (row + col) % 2 != parity:
                continue
            own_y, own_x = np.int64(copied[n, 0]), np.int64(copied[n, 1])
            best = pixel_cost(sheet, number, copied, n, row, col, own_y, own_x, loyalty, seam)
            best_y, best_x = own_y, own_x
            for side in range(8):
                reach = 1 if side < 4 else 2
                turn = side % 4
                near_row = row + reach * ((turn == 0) - np.int64(turn == 1))
                near_col = col + reach * ((turn == 2) - np.int64(turn == 3))
                if near_row < 0 or near_row >= height or near_col < 0 or near_col >= width:
                    continue
                other = number[near_row * width + near_col]
                if other < 0 or (side >= 4):
                    continue
                y = copied[other, 0] + row - near_row
                x = copied[other, 1] + col - near_col
                if y < 0 or y >= height or x < 0 or x >= width or (y == best_y and x == best_x):
                    continue
                if sheet.valid[y * width + x]:
                    cost = pixel_cost(sheet, number, copied, n, row, col, y, x, loyalty, seam)
                    if cost < best:
                        best, best_y, best_x = cost, y, x
            if best_y != own_y or best_x != own_x:
                copied[n, 0], copied[n, 1] = best_y, best_x
                count += 1
        changed[strip] = count
