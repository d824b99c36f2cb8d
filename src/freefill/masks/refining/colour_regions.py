"""Cut a close-up into small regions of one colour each, and say which ones are neighbours.

Decisions about a few hundred regions are quick and follow the edges of the image; decisions about pixels do neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole

PerRegion = NDArray[np.float64]  # (n,) or (n, k): what is known of each region


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a close-up and their graph.

    Attributes
    ----------
    labels : (h, w) int32, from 0; a region lies on one side of the part's contour only
    areas : (n,) px
    colours : (n, 3) CIELAB
    places : (n, 2) row and col of the centre, px
    pairs : (m, 2) int, neighbours, the lower label first
    borders : (m,) length of the border between a pair, px
    contrasts : (m,) colour difference of a pair
    """

    labels: NDArray[np.int32]
    areas: PerRegion
    colours: PerRegion
    places: PerRegion
    pairs: NDArray[np.int64]
    borders: PerRegion
    contrasts: PerRegion

    def share(self, hole: Hole) -> PerRegion:
        """Return what share of each region lies in a mask."""
        return np.bincount(self.labels.ravel(), hole.ravel(), len(self.areas)) / self.areas

    def mean(self, values: NDArray[np.floating]) -> PerRegion:
        """Average an (h, w) array over each region."""
        return np.bincount(self.labels.ravel(), values.ravel(), len(self.areas)) / self.areas

    def unlike(self, samples: NDArray[np.bool_], size_px: float) -> PerRegion:
        """Return how far each region is from the nearest 5 samples: colour difference, and 3 levels per object size."""
        points = np.concatenate([self.colours, self.places * (3.0 / size_px)], axis=1)
        some = points[samples]
        squares = (points**2).sum(axis=1)[:, None] - 2 * points @ some.T + (some**2).sum(axis=1)
        nearest = np.partition(np.maximum(squares, 0), min(4, len(some) - 1), axis=1)[:, :5]
        return np.sqrt(nearest).mean(axis=1)

    def spread(self, score: PerRegion, free: NDArray[np.bool_], rounds: int = 40, levels: float = 7.0) -> PerRegion:
        """Average a score over free neighbours, the more the less their colours differ; at `levels` little."""
        kept = free[self.pairs].all(axis=1)
        one, two = self.pairs[kept].T
        weight = self.borders[kept] * np.exp(-((self.contrasts[kept] / levels) ** 2))
        own = 2 * np.sqrt(self.areas)
        count = len(own)
        whole = own + np.bincount(one, weight, count) + np.bincount(two, weight, count)
        for _ in range(rounds):
            near = np.bincount(one, weight * score[two], count) + np.bincount(two, weight * score[one], count)
            score = (own * score + near) / whole
        return score

    def joined(self, linked: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return for each region the lowest one that it is connected with by the linked pairs, (m,) bool."""
        one, two = self.pairs[linked].T
        lowest = np.arange(len(self.areas))
        while True:
            before = lowest.copy()
            np.minimum.at(lowest, one, before[two])
            np.minimum.at(lowest, two, before[one])
            lowest = lowest[lowest]  # halves the way that is left, so that few rounds are needed
            if np.array_equal(lowest, before):
                return lowest


def cut_into_regions(lab: NDArray[np.float32], part: Hole, cell_px: int = 5) -> Regions:
    """Grow one region from the flattest pixel of each cell of a grid (watershed), and split them at the contour.

    Parameters
    ----------
    lab : (h, w, 3) float32, CIELAB
    part : (h, w) bool
    cell_px : side of a cell; a region has about its area
    """
    height, width = part.shape
    slopes = [cv2.Sobel(lab[..., c], cv2.CV_32F, dx, 1 - dx) ** 2 for c in range(3) for dx in (0, 1)]
    seeds = _seeds(np.sqrt(np.sum(slopes, axis=0)), cell_px)
    # Watershed takes 8 bits only.
    levels = np.clip(lab * np.array([2.55, 1, 1]) + np.array([0, 128, 128]), 0, 255).astype(np.uint8)
    flooded = cv2.watershed(levels, seeds).astype(np.float32)
    # The lines between basins (and the frame, which OpenCV leaves out) go to a neighbour.
    for _ in range(cell_px * 2 + 2):
        open_px = flooded <= 0
        if not open_px.any():
            break
        flooded = np.where(open_px, cv2.dilate(np.maximum(flooded, 0), np.ones((3, 3), np.uint8)), flooded)
    split = np.maximum(flooded, 0).astype(np.int64) * 2 + part
    labels = np.unique(split, return_inverse=True)[1].reshape(height, width).astype(np.int32)
    return _graph(lab, labels)


def _seeds(slope: NDArray[np.float32], cell_px: int) -> NDArray[np.int32]:
    """Mark the flattest pixel of each cell with the cell's number, from 1."""
    height, width = slope.shape
    rows, cols = -(-height // cell_px), -(-width // cell_px)
    padded = np.pad(slope, ((0, rows * cell_px - height), (0, cols * cell_px - width)), constant_values=np.inf)
    cells = padded.reshape(rows, cell_px, cols, cell_px).transpose(0, 2, 1, 3).reshape(rows, cols, -1)
    row, col = np.divmod(cells.argmin(axis=-1), cell_px)
    seeds = np.zeros(slope.shape, np.int32)
    at = (np.arange(rows)[:, None] * cell_px + row, np.arange(cols) * cell_px + col)
    seeds[at] = np.arange(1, rows * cols + 1).reshape(rows, cols)
    return seeds


def _graph(lab: NDArray[np.float32], labels: NDArray[np.int32]) -> Regions:
    """Measure the regions and find the neighbours (4 neighbours, border in px)."""
    flat = labels.ravel()
    count = int(flat.max()) + 1
    areas = np.bincount(flat, minlength=count).astype(np.float64)
    colours = np.stack([np.bincount(flat, lab[..., c].ravel(), count) for c in range(3)], axis=1) / areas[:, None]
    places = np.stack([np.bincount(flat, axis.ravel(), count) for axis in np.indices(labels.shape)], axis=1)
    one = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()]).astype(np.int64)
    two = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()]).astype(np.int64)
    touching = one != two
    keys = np.minimum(one, two)[touching] * count + np.maximum(one, two)[touching]
    unique, borders = np.unique(keys, return_counts=True)
    pairs = np.stack(np.divmod(unique, count), axis=1)
    contrasts = np.linalg.norm(colours[pairs[:, 0]] - colours[pairs[:, 1]], axis=1)
    return Regions(labels, areas, colours, places / areas[:, None], pairs, borders.astype(np.float64), contrasts)
