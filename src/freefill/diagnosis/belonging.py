"""Whose colour it is: the removed thing's or the known ground's, by histograms of both."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole, Image

_CELLS = 16  # of each axis of Lab: 6 in lightness, 8 in both colours
_LEAST = 1e-4  # share that a colour nobody has counts as: ratios stay within 13 octaves
_SMOOTH_PX = 1.2


def belonging(lab: Image, hole: Hole) -> NDArray[np.float32]:
    """Return how much more often a colour stands in the hole than on known ground.

    A colour of the ground that the hole holds too says nothing (about 0): a mask with room around the thing has those.

    Parameters
    ----------
    lab : (h, w, 3), the picture with the thing, in CIE Lab
    hole : (h, w) bool, True = hole

    Returns
    -------
    (h, w), octaves: log2 of the share of its colour in the hole over that outside, smoothed over 1.2 px

    Examples
    --------
    >>> lab = np.full((60, 60, 3), (60, 0, 0), np.float32)
    >>> lab[20:40, 20:46] = (40, 60, 40)  # a red thing, of which six columns stand outside the hole
    >>> hole = np.zeros((60, 60), bool)
    >>> hole[20:40, 20:40] = True
    >>> whose = belonging(lab, hole)
    >>> bool(whose[30, 42] > 2), bool(whose[5, 5] < -2)
    (True, True)
    """
    axes = (lab + np.array([0, 64, 64], np.float32)) * np.float32(_CELLS - 1) / np.array([100, 128, 128], np.float32)
    cell = np.rint(np.clip(axes, 0, _CELLS - 1)).astype(np.intp) @ np.array([_CELLS**2, _CELLS, 1])
    thing, ground = _shares(cell[hole]), _shares(cell[~hole])
    octaves = np.log2((thing + _LEAST) / (ground + _LEAST)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(octaves[cell], (0, 0), _SMOOTH_PX), np.float32)


def _shares(cells: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the share of each cell, a little of it given to its neighbours: no colour stops at a cell's wall."""
    counts = np.bincount(cells, minlength=_CELLS**3).reshape((_CELLS,) * 3) / max(cells.size, 1)
    for axis in range(3):
        padded = np.concatenate([counts.take([0], axis), counts, counts.take([-1], axis)], axis)
        before, after = (padded.take(range(start, start + _CELLS), axis) for start in (0, 2))
        counts = counts / 2 + (before + after) / 4
    return counts.ravel()
