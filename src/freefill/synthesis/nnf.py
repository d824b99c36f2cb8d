"""The nearest-neighbour field: for every patch that touches the hole, the known patch most like it.

Pictures of a level are flat (H x W x C) uint8 with C = 4 or 8. C comes in as the length of a tuple (`Sheet.marks`), so
that it is a constant to the compiler and a patch row of 7 x C values becomes a few wide operations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from freefill.synthesis.compiled import kernel, part

PATCH = 7
REACH = 3  # pixels from a patch's centre to its side
SPARE = 4
DEAR = np.float32(3e38)


class Sheet(NamedTuple):
    """What the kernels read of a level; H x W arrays are flat."""

    marks: tuple[int, ...]  # as long as there are channels
    height: int
    width: int
    source: Any  # (H x W x C + 4) uint8, what may be copied; four more, for a row of 32 values is read at the end
    filled: Any  # (H x W x C) uint8, the present picture; written by votes
    root: Any  # (H x W) float32, root of a pixel's weight in comparisons
    scale: Any  # (C,) float32, root of a channel's weight
    pull: Any  # (6,) float32, what dy^2, 2 dy dx (nothing) and dx^2 cost everywhere, and more where layers hold
    near: Any  # (targets, 2) float32, how far the pull in clutter counts at each target down and across, 0 to 1
    hold: Any  # (targets,) float32, how sure the layers are at each target, 0 to 1
    worn: Any  # (H x W) float32, what a source costs because many targets copy it; empty = nothing
    trust: Any  # (H x W) float32, root of how far the guide's channels count for a pixel of a target
    expected: Any  # what a source costs because a network expects something else at the target; see expected.py
    valid: Any  # (H x W) uint8, 1 = may be copied from
    usable: Any  # (H x W) uint8, 1 = a source patch may be centred here
    index: Any  # (H x W) int32, number of the target centred here, or -1
    targets: Any  # (targets, 2) int32, centres of the patches that touch the hole, in reading order
    holes: Any  # (holes, 2) int32, hole pixels in reading order


@part
def draw(seed, place, turn, shot):
    """Return a random uint64 that depends on the four numbers only (splitmix64's finaliser)."""
    z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(place)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z += np.uint64(turn) * np.uint64(0xD1342543DE82EF95) + np.uint64(shot) * np.uint64(0x2545F4914F6CDD1D)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return z ^ (z >> np.uint64(31))


@part
def row_values(marks):
    """Return how many values a patch row has: 56, or 32 instead of 28 (the last four weigh nothing)."""
    return 32 if len(marks) == 4 else 7 * len(marks)


@part
def gather(sheet, row, col, patch, factor):
    """Copy a target patch, each value times the root of its weight; return the sum of its pixels' weights."""
    channels = len(sheet.marks)
    wide = row_values(sheet.marks)
    total = np.float32(0)
    if 3 <= row < sheet.height - 3 and 3 <= col < sheet.width - 3:
        for i in range(7):
            here = (row + i - 3) * sheet.width + col - 3
            for j in range(7):
                root = sheet.root[np.uint64(here + j)]
                total += root * root
                to, at = np.uint64(i * wide + j * channels), np.uint64((here + j) * channels)
                guided = root * sheet.trust[np.uint64(here + j)]
                for k in range(channels):
                    f = (guided if k >= 5 else root) * sheet.scale[k]
                    factor[to + np.uint64(k)] = f
                    patch[to + np.uint64(k)] = f * np.float32(sheet.filled[at + np.uint64(k)])
        return total
    patch[:] = 0  # cut at the picture's edge
    factor[:] = 0
    for i in range(7):
        y = row + i - 3
        for j in range(7):
            x = col + j - 3
            if 0 <= y < sheet.height and 0 <= x < sheet.width:
                here = y * sheet.width + x
                root = sheet.root[here]
                total += root * root
                guided = root * sheet.trust[here]
                for k in range(channels):
                    f = (guided if k >= 5 else root) * sheet.scale[k]
                    factor[i * wide + j * channels + k] = f
                    patch[i * wide + j * channels + k] = f * np.float32(sheet.filled[here * channels + k])
    return total


@part
def distance(marks, patch, factor, source, corner, stride, start, limit):
    """Return `start` plus the weighted squared difference to the source patch at `corner`; stop beyond `limit`."""
    wide = row_values(marks)
    total = start
    for i in range(7):
        here = np.uint64(corner + i * stride)
        there = np.uint64(i * wide)
        part = np.float32(0)
        for k in range(wide):
            at = there + np.uint64(k)
            difference = patch[at] - factor[at] * np.float32(source[here + np.uint64(k)])
            part += difference * difference
        total += part
        if total >= limit:
            return total
    return total


@part
def position_form(sheet, n, total):
    """Return what dy^2, dy dx and dx^2 between target n and its source cost, the weight of all its pixels, and how far
    and from where on what a network expects there costs.
    """
    expected = sheet.expected
    share, first = np.float32(0), np.int64(0)
    if expected.share.size:
        share, first = total * expected.share[n], expected.row[n]
    hold = sheet.hold[n]
    down = total * (sheet.near[n, 0] * sheet.pull[0] + hold * sheet.pull[3])
    both = total * 2 * hold * sheet.pull[4]
    across = total * (sheet.near[n, 1] * sheet.pull[2] + hold * sheet.pull[5])
    return down, both, across, total, share, first


@part
def compare(sheet, patch, factor, form, row, col, y, x, limit):
    """Return what it costs to put the source patch at (y, x) onto the target at (row, col), or more than `limit`."""
    down, across = np.float32(y - row), np.float32(x - col)
    start = form[0] * down * down + form[1] * down * across + form[2] * across * across
    if sheet.worn.size:
        start += form[3] * sheet.worn[np.uint64(y * sheet.width + x)]
    if form[4] > 0:
        start += form[4] * sheet.expected.costs[form[5] + sheet.expected.cell[y * sheet.width + x]]
    if start >= limit:
        return start
    channels = len(sheet.marks)
    corner = ((y - 3) * sheet.width + x - 3) * channels
    return distance(sheet.marks, patch, factor, sheet.source, corner, sheet.width * channels, start, limit)


@part
def promised(sheet, patch, factor, form, field, n, first):
    """Return a little more than what the best source beside that of a neighbour costs; target `first` has none before.

    Targets that touch mostly copy what touches. The first comparison is then so good that nearly all others end after
    a row or two: the whole search takes a third to a ninth of the time. The little more lets the search find that
    source again in its turn, so that equal ones are chosen as without it, wherever a strip begins.
    """
    row, col = sheet.targets[n, 0], sheet.targets[n, 1]
    best = DEAR
    for side in range(2):
        near_y, near_x = row - side, col - 1 + side
        if near_y < 0 or near_x < 0:
            continue
        near = sheet.index[near_y * sheet.width + near_x]
        if near < first:
            continue
        y, x = np.int64(field[near, 0]) + side, np.int64(field[near, 1]) + 1 - side
        if y < sheet.height - 3 and x < sheet.width - 3 and sheet.usable[y * sheet.width + x]:
            best = min(best, compare(sheet, patch, factor, form, row, col, y, x, best))
    return best * np.float32(1.00001) + np.float32(1e-6)


@kernel
def exhaust(first, last, bounds, sheet, field, cost):
    """Compare every target with every usable source; write the best, of equal ones the first in reading order."""
    patch = np.zeros(7 * row_values(sheet.marks), np.float32)
    factor = np.zeros(7 * row_values(sheet.marks), np.float32)
    for n in range(bounds[first], bounds[last]):
        row, col = sheet.targets[n, 0], sheet.targets[n, 1]
        total = gather(sheet, row, col, patch, factor)
        form = position_form(sheet, n, total)
        best = promised(sheet, patch, factor, form, field, n, bounds[first])
        for y in range(3, sheet.height - 3):
            for x in range(3, sheet.width - 3):
                if sheet.usable[y * sheet.width + x]:
                    d = compare(sheet, patch, factor, form, row, col, y, x, best)
                    if d < best:
                        best = d
                        field[n, 0], field[n, 1] = y, x
        cost[n] = best / total


@kernel
def search(first, last, bounds, sheet, field, before, cost, forward, radius, turn, seed):
    """One pass of PatchMatch over the targets of strips first to last.

    Offsets come from the left and upper neighbours (`forward`) or the right and lower ones, then from random places
    within `radius`, `radius` / 2, ... 1. Neighbours in other strips are read from `before`, the field before the pass.

    References
    ----------
    Barnes et al., PatchMatch, SIGGRAPH 2009, section 3. Here targets are only those patches that touch the hole.
    """
    height, width = sheet.height, sheet.width
    patch = np.zeros(7 * row_values(sheet.marks), np.float32)
    factor = np.zeros(7 * row_values(sheet.marks), np.float32)
    step = -1 if forward else 1
    for strip in range(first, last):
        low, high = bounds[strip], bounds[strip + 1]
        for m in range(high - low):
            n = low + m if forward else high - 1 - m
            row, col = sheet.targets[n, 0], sheet.targets[n, 1]
            total = gather(sheet, row, col, patch, factor)
            form = position_form(sheet, n, total)
            best_y, best_x = np.int64(field[n, 0]), np.int64(field[n, 1])
            best = compare(sheet, patch, factor, form, row, col, best_y, best_x, DEAR)
            for side in range(2):
                near_y = row + step if side == 0 else row
                near_x = col + step if side == 1 else col
                if near_y < 0 or near_y >= height or near_x < 0 or near_x >= width:
                    continue
                near = sheet.index[near_y * width + near_x]
                if near < 0:
                    continue
                if low <= near < high:
                    y, x = np.int64(field[near, 0]), np.int64(field[near, 1])
                else:
                    y, x = np.int64(before[near, 0]), np.int64(before[near, 1])
                y += row - near_y
                x += col - near_x
                if y < 3 or y >= height - 3 or x < 3 or x >= width - 3 or (y == best_y and x == best_x):
                    continue
                if sheet.usable[y * width + x]:
                    d = compare(sheet, patch, factor, form, row, col, y, x, best)
                    if d < best:
                        best, best_y, best_x = d, y, x
            reach = radius
            shot = 0
            while reach >= 1:
                bits = draw(seed, row * width + col, turn, shot)
                span = np.uint64(2 * reach + 1)
                y = best_y + np.int64((bits >> np.uint64(32)) % span) - reach
                x = best_x + np.int64((bits & np.uint64(0xFFFFFFFF)) % span) - reach
                y = min(max(y, 3), height - 4)
                x = min(max(x, 3), width - 4)
                if sheet.usable[y * width + x]:
                    d = compare(sheet, patch, factor, form, row, col, y, x, best)
                    if d < best:
                        best, best_y, best_x = d, y, x
                reach //= 2
                shot += 1
            field[n, 0], field[n, 1] = best_y, best_x
            cost[n] = best / total


@kernel
def wear(sheet, field, counted, share, most, cost):
    """Write what each source costs because more targets copy it than its `share`: `cost` for each, at most `most`.

    `counted` (targets,) int32 are the sources of the time before, and becomes those of now.
    """
    for n in range(counted.shape[0]):
        sheet.worn[counted[n]] = 0
    for n in range(counted.shape[0]):
        counted[n] = field[n, 0] * sheet.width + field[n, 1]
        sheet.worn[counted[n]] -= 1
    for n in range(counted.shape[0]):
        uses = -sheet.worn[counted[n]]
        if uses > 0:  # else it is written already
            sheet.worn[counted[n]] = cost * min(max(uses / share - 1, np.float32(0)), most)
