"""What a network expects where, laid over the levels of a picture: a cost of each source at each target.

Unlike a guide it has no colours of its own and blurs nothing: a source is dear where the network expects something that
looks different there. It counts as far as the network is sure, deep inside the hole more than at the rim, where
synthesis knows better, and on coarse levels more than on fine ones, where a cell of the network is many pixels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.tuning import Tuning

GREY_LEVELS = 3 * 255**2  # of three colours in [0, 1], squared


class Expected(NamedTuple):
    """The costs at one level, for the kernels; all empty where nothing is expected.

    Attributes
    ----------
    costs : (n * cells,) float32, squared grey levels of a pixel's three colours, row by row
    cell : (H * W,) int32, the number of the cell that a pixel lies in
    row : (targets,) int64, where a target's row starts in `costs`
    share : (targets,) float32, how far the costs count at a target; 0 = no cell of the hole
    """

    costs: Any
    cell: Any
    row: Any
    share: Any


NOTHING = Expected(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float32))


class ExpectedPyramid:
    """Lays a network's costs over the levels of a picture.

    Parameters
    ----------
    cells, costs, disagreement, cell_px : as in `freefill.values.Pointing`
    """

    def __init__(
        self,
        cells: NDArray[np.int32],
        costs: NDArray[np.float32],
        disagreement: NDArray[np.float32],
        cell_px: tuple[float, float],
        tuning: Tuning,
    ) -> None:
        self._cells, self._cell_px, self._tuning = cells, cell_px, tuning
        self._costs = (costs * np.float32(GREY_LEVELS)).ravel()
        self._sure = np.exp(-disagreement / np.float32(tuning.expected_doubt)).astype(np.float32)

    def at(
        self, number: int, size: tuple[int, int], targets: NDArray[np.int32], depth: NDArray[np.float32]
    ) -> Expected:
        """Return the costs at a level; its pixel r lies on r x 2^number of the finest.

        Parameters
        ----------
        number, size : of the level; 0 is the finest
        targets : (n, 2) int32
        depth : (n,) float32, distance of the targets to the rim, pixels of the level
        """
        tuning = self._tuning
        weight = tuning.expected_weight * tuning.expected_fade ** max(np.log2(self._cell_px[0]) - number, 0.0)
        if weight < tuning.expected_least:
            return NOTHING
        step = 2.0**number
        grid = self._cells.shape
        rows = np.minimum((np.arange(size[0]) * step / self._cell_px[0]).astype(np.int64), grid[0] - 1)
        cols = np.minimum((np.arange(size[1]) * step / self._cell_px[1]).astype(np.int64), grid[1] - 1)
        cell = (rows[:, None] * grid[1] + cols).astype(np.int32).ravel()
        asked = self._cells[rows[targets[:, 0]], cols[targets[:, 1]]]
        fade = 1 - np.float32(tuning.guide_rim_base) ** (-depth * np.float32(step / self._cell_px[0]))
        share = np.where(asked >= 0, weight * fade * self._sure[asked], 0).astype(np.float32)
        return Expected(self._costs, cell, np.maximum(asked, 0).astype(np.int64) * self._cells.size, share)
