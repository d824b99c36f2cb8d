"""The ground in small squares: colour, and how strong its texture is at three scales."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole, Image

SIDE_PX = 6  # a square's side, view px
NEIGHBOURS = 8
MOST_KNOWN = 1500  # squares around the hole that are compared with; more say nothing new
_COLOUR = 6.0  # Lab units that count as much as one thickness of the hole's distance


@dataclass(frozen=True, eq=False)
class Blocks:
    """Squares that lie wholly in the hole, and squares wholly outside it.

    Attributes
    ----------
    rows, cols : (n,) centre of each square, view px
    colour : (n, 3) mean Lab
    bands : (n, 3) log2 of the root mean square of lightness in bands of about 1, 2 and 4 px
    filled : (n,) bool, True = in the hole
    """

    rows: NDArray[np.float32]
    cols: NDArray[np.float32]
    colour: NDArray[np.float32]
    bands: NDArray[np.float32]
    filled: NDArray[np.bool_]

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """Indices of the squares compared with: evenly taken where there are too many."""
        every = np.flatnonzero(~self.filled)
        return every[:: max(1, -(-every.size // MOST_KNOWN))]

    def alike(self, of: NDArray[np.intp], gap_px: float) -> NDArray[np.intp]:
        """Return (m, NEIGHBOURS) indices of the known squares nearest to each of `of` in colour and place.

        Parameters
        ----------
        of : (m,) indices of squares
        gap_px : known squares nearer than this are left out (so that known ground can be judged as if it were filled)
        """
        squares = self._apart(of, gap_px, 0.0)
        count = min(NEIGHBOURS, self.known.size)
        return self.known[np.argpartition(squares, count - 1, axis=1)[:, :count]]

    def strangeness(self, of: NDArray[np.intp], gap_px: float, texture: float) -> NDArray[np.float32]:
        """Return (m,) how far the nearest known square lies from each of `of`, in Lab units.

        Parameters
        ----------
        of, gap_px : as `alike`
        texture : how many Lab units an octave of a band's strength counts
        """
        return np.sqrt(np.maximum(self._apart(of, gap_px, texture).min(axis=1), 0)).astype(np.float32)

    def _apart(self, of: NDArray[np.intp], gap_px: float, texture: float) -> NDArray[np.float32]:
        """Return (m, k) squared distances in colour, place and texture to every known square."""
        known = self.known
        extent = max(float(np.ptp(self.rows)), float(np.ptp(self.cols)), 1.0)
        place = _COLOUR / (extent / 4)
        every = np.concatenate(
            [self.colour, place * np.stack([self.rows, self.cols], axis=1), texture * self.bands], axis=1
        )
        a, b = every[of], every[known]
        squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        if gap_px > 0:
            apart = (self.rows[of][:, None] - self.rows[known]) ** 2 + (self.cols[of][:, None] - self.cols[known]) ** 2
            squares[apart < gap_px**2] = 1e6
        return squares


def blocks_of(lab: Image, hole: Hole) -> Blocks:
    """Measure the squares of a picture.

    Parameters
    ----------
    lab : (h, w, 3) float32, CIE Lab
    hole : (h, w) bool
    """
    side = SIDE_PX
    rows, cols = hole.shape[0] // side, hole.shape[1] // side
    light = lab[..., 0]
    blurred = [light] + [cv2.GaussianBlur(light, (0, 0), sigma) for sigma in (0.8, 1.6, 3.2)]
    bands = [np.square(fine - coarse) for fine, coarse in pairwise(blurred)]

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        cut = np.ascontiguousarray(values[: rows * side, : cols * side])
        return np.asarray(cv2.resize(cut, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)

    share = mean(hole.astype(np.float32))
    pure = (share <= 0) | (share >= 1)
    centre = np.mgrid[:rows, :cols].astype(np.float32) * side + (side - 1) / 2
    strength = np.stack([mean(band) for band in bands], axis=2)
    return Blocks(
        rows=centre[0][pure],
        cols=centre[1][pure],
        colour=mean(lab)[pure],
        bands=(0.5 * np.log2(strength[pure] + 0.02)).astype(np.float32),
        filled=share[pure] >= 1,
    )
