"""Grain: the finest noise of the fill is stronger or weaker than that around it, looked at in full resolution."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.likeness import as_float
from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.view import View
from freefill.values import Box

_TILE_PX = 320  # grain does not outlive a reduced view: full resolution, in a few places
_MOST_TILES = 4
_SQUARE_PX = 8
# Immerkaer, Fast noise variance estimation, 1996: the difference of two Laplacians, blind to planes and to most edges
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # 6 is its norm: noise keeps its strength


def grain(view: View) -> Measurement:
    """Compare the noise of the calmest squares in the hole with that of the calmest around it, of the same lightness.

    Returns
    -------
    Measure: octaves between the two, either way
    """
    inside, outside = [], []
    for box in _tiles(view):
        a, b = _noise(view, box)
        inside.append(a)
        outside.append(b)
    a, b = np.concatenate(inside), np.concatenate(outside)
    if len(a) < 6 or len(b) < 6:
        return Measurement.nothing(view.hole.shape)
    apart = _level(a) - _level(b)
    where = np.where(view.hole, np.float32(min(abs(apart) / 3, 1)), np.float32(0))
    return Measurement(abs(apart), where)


def _level(noise: NDArray[np.float32]) -> float:
    """Return log2 of the noise in the calmest twentieth of squares, in levels of 255; less than a level is not seen."""
    return float(np.log2(np.percentile(noise, 5) * 255 + 1))


def _tiles(view: View) -> list[Box]:
    """Return up to four boxes of full resolution along the border, or the whole view where that is small."""
    size = view.whole_hole.shape[0], view.whole_hole.shape[1]
    if view.box.area <= _MOST_TILES * _TILE_PX**2:
        return [view.box]
    middle = len(view.rim.rows) // 2
    # The border is closed: its last point lies beside the first.
    picks = np.linspace(0, len(view.rim) - 1, _MOST_TILES + 1).astype(int)[:-1]
    boxes = []
    for at in picks:
        row = view.box.top + int(view.rim.rows[middle, at] / view.scale)
        col = view.box.left + int(view.rim.cols[middle, at] / view.scale)
        boxes.append(Box(min(max(row, 0), size[0] - 1), min(max(col, 0), size[1] - 1), 1, 1).grown(_TILE_PX // 2, size))
    return boxes


def _noise(view: View, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the noise of squares in the hole and outside it: root mean square of the kernel's answer."""
    light = as_float(view.whole[box.slices]).mean(axis=2)
    hole = view.whole_hole[box.slices].astype(np.float32)
    answer = np.square(cv2.filter2D(light, cv2.CV_32F, _KERNEL, borderType=cv2.BORDER_REFLECT_101))
    rows, cols = light.shape[0] // _SQUARE_PX, light.shape[1] // _SQUARE_PX
    if not rows or not cols:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        cut = np.ascontiguousarray(values[: rows * _SQUARE_PX, : cols * _SQUARE_PX])
        return np.asarray(cv2.resize(cut, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)

    share, noise, bright = mean(hole), np.sqrt(mean(answer)), mean(light)
    exposed = (bright > 0.03) & (bright < 0.97)  # clipped squares have lost their noise
    return noise[(share >= 1) & exposed], noise[(share <= 0) & exposed]
