"""Where each pixel of a fill was copied from, in the picture's own coordinates: what the diagnosis asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compose.canvas import inside
from freefill.values import Crop, Fill, Hole, Window


class Origins:
    """Sources of hole pixels, noted window by window; memory goes with the hole, not with the picture.

    Parameters
    ----------
    hole : (H, W) bool, the final mask

    Examples
    --------
    >>> from freefill.values import Box
    >>> hole = np.zeros((4, 6), bool)
    >>> hole[1, 2] = True
    >>> crop = Crop(np.zeros((3, 4, 3), np.float32), hole[:3, 1:5])
    >>> copied = np.full((3, 4, 2), -1, np.int32)
    >>> copied[1, 1] = (2, 3)  # of the crop, which begins at row 0, column 1
    >>> origins = Origins(hole)
    >>> origins.note(Fill(crop.image, copied), crop, Window(Box(0, 1, 3, 4), Box(1, 2, 1, 1)))
    >>> origins.found.tolist()
    [[2, 4]]
    """

    def __init__(self, hole: Hole) -> None:
        self._at, self._width = np.flatnonzero(hole), hole.shape[1]
        self._from = np.full((len(self._at), 2), -1, np.int32)

    @property
    def found(self) -> NDArray[np.int32] | None:
        """(n, 2), row and column of each hole pixel's source, row by row; -1 = not copied. None where nothing was."""
        return self._from if (self._from >= 0).any() else None

    def note(self, fill: Fill, crop: Crop, window: Window) -> None:
        """Note what a fill was copied from; before it is pasted, for then its crop has no hole any more.

        What lay in the hole when it was copied had been filled before: its own source counts. A fill of another scale
        has no sources among the picture's pixels.
        """
        if fill.copied_from is None or window.scale != 1:
            return
        part = inside(window.core, window.box)
        rows, cols = np.nonzero(crop.hole[part.slices])
        source = fill.copied_from[rows + part.top, cols + part.left]
        copied = source[:, 0] >= 0
        rows, cols, source = rows[copied] + window.core.top, cols[copied] + window.core.left, source[copied]
        for axis, side in enumerate((window.box.height, window.box.width)):
            folded = source[:, axis] % (2 * side)  # beyond the window its mirror image was laid
            source[:, axis] = np.minimum(folded, 2 * side - 1 - folded)
        source += np.array([window.box.top, window.box.left], np.int32)
        earlier, known = self._place(source[:, 0], source[:, 1])
        before = self._from[earlier]
        own = np.where((known & (before[:, 0] >= 0))[:, None], before, source)
        place, _ = self._place(rows, cols)
        self._from[place] = own

    def _place(
        self, rows: NDArray[np.integer], cols: NDArray[np.integer]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return each pixel's place in the list of hole pixels, and whether it is one."""
        flat = rows.astype(np.int64) * self._width + cols
        place = np.minimum(np.searchsorted(self._at, flat), max(len(self._at) - 1, 0))
        return place, self._at[place] == flat
