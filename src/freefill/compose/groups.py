"""The hole's groups: which hole pixels belong together, where they lie, how thick they are.

Groups are found on a grid of cells, not of pixels: 100 megapixels need no label array of 400 MB, and specks within
reach of each other come out as one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from freefill.distance import distance_inside
from freefill.values import Box, Hole

CELL_PX = 16  # specks this near are one group; labels take a 256th of the memory that pixels would


@dataclass(frozen=True)
class Group:
    """Hole pixels that are filled together.

    Attributes
    ----------
    box : the smallest box around them
    area_px : how many they are
    thick_px : diameter of the largest disc that fits into the hole there
    """

    box: Box
    area_px: int
    thick_px: float

    def joined(self, other: Group) -> Group:
        """Return one group of both."""
        return Group(self.box.joined(other.box), self.area_px + other.area_px, max(self.thick_px, other.thick_px))


def pixels_across(hole: Hole) -> float:
    """Return how many pixels the largest disc inside the hole is across; beyond the picture counts as hole.

    A line of 1 px is 1 across; `distance.thickness` measures between the known pixels on both sides, and says 2.

    Above 4 megapixels it is measured on blocks of pixels, correct to a block's side.
    """
    block = 1
    while hole.size / block**2 > 4e6:
        block *= 2
    if block > 1:
        height, width = (side // block * block for side in hole.shape)
        blocks = hole[:height, :width].reshape(height // block, block, width // block, block)
        hole = np.logical_or.reduce(blocks, axis=(1, 3))
    if not hole.any():
        return 0.0
    if hole.all():
        return float(max(hole.shape) * block)
    # - 1: between centres of pixels; a line of 1 px is 1 thick.
    return (2 * float(distance_inside(hole).max()) - 1) * block


def find_groups(hole: Hole) -> list[Group]:
    """Split a hole into groups at least a cell apart, from top left to bottom right.

    Parameters
    ----------
    hole : (H, W) bool, True = hole

    Returns
    -------
    list of Group; empty for an empty hole

    Examples
    --------
    >>> hole = np.zeros((100, 200), bool)
    >>> hole[10:14, 20:30] = hole[60:70, 150:155] = True
    >>> [(p.box.top, p.box.left, p.area_px, p.thick_px) for p in find_groups(hole)]
    [(10, 20, 40, 3.0), (60, 150, 50, 5.0)]
    """
    height, width = hole.shape
    rows, cols = -(-height // CELL_PX), -(-width // CELL_PX)
    if (height, width) != (rows * CELL_PX, cols * CELL_PX):
        hole_cells = np.zeros((rows * CELL_PX, cols * CELL_PX), np.bool_)
        hole_cells[:height, :width] = hole
    else:
        hole_cells = hole
    cells = hole_cells.reshape(rows, CELL_PX, cols, CELL_PX)
    row_used = np.logical_or.reduce(cells, axis=3)  # (rows, 16, cols)
    col_used = np.logical_or.reduce(cells, axis=1)  # (rows, cols, 16)
    used = np.logical_or.reduce(row_used, axis=1).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(used, connectivity=8)
    groups = []
    for label in range(1, count):
        left, top, width_cells, height_cells = (int(n) for n in stats[label, :4])
        span = np.s_[top : top + height_cells, left : left + width_cells]
        inside = labels[span] == label
        used_rows = np.logical_or.reduce(row_used[span[0], :, span[1]] & inside[:, None], axis=2).ravel()
        used_cols = np.logical_or.reduce(col_used[span] & inside[..., None], axis=0).ravel()
        first_row, last_row = (int(i) + top * CELL_PX for i in np.flatnonzero(used_rows)[[0, -1]])
        first_col, last_col = (int(i) + left * CELL_PX for i in np.flatnonzero(used_cols)[[0, -1]])
        box = Box(first_row, first_col, last_row - first_row + 1, last_col - first_col + 1)
        around = box.grown(1, hole.shape)  # a ring of known pixels, except where the picture ends
        own = np.ascontiguousarray(hole[around.slices])
        if not inside.all():  # another group may reach into this group's box: only its own cells count
            cell_row = np.clip(np.arange(around.top, around.bottom) // CELL_PX - top, 0, height_cells - 1)
            cell_col = np.clip(np.arange(around.left, around.right) // CELL_PX - left, 0, width_cells - 1)
            own = own & inside[np.ix_(cell_row, cell_col)]  # a new array: a mask is read-only
        groups.append(Group(box, int(np.count_nonzero(own)), pixels_across(own)))
    return sorted(groups, key=lambda group: (group.box.top, group.box.left))
