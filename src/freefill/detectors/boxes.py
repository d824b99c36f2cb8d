"""Boxes of detectors: (n, 4) float arrays of top, left, bottom, right, in px of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.values import Box, Hole

Boxes = NDArray[np.float64]  # (n, 4): top, left, bottom, right


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """Return (n,) areas, px."""
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def overlaps(boxes: Boxes, one: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) intersection over union of each box with one.

    Examples
    --------
    >>> overlaps(np.array([[0.0, 0, 2, 2], [5, 5, 6, 6]]), np.array([0.0, 1, 2, 3])).round(3).tolist()
    [0.333, 0.0]
    """
    inner = np.concatenate([np.maximum(boxes[:, :2], one[:2]), np.minimum(boxes[:, 2:], one[2:])], axis=1)
    shared = areas(inner)
    return shared / np.maximum(areas(boxes) + areas(one[None])[0] - shared, 1e-9)  # two boxes without area


def suppress(boxes: Boxes, scores: NDArray[np.float64], most: float) -> NDArray[np.intp]:
    """Keep the best box of each thing: greedy non-maximum suppression.

    Parameters
    ----------
    most : a box that overlaps a better one by more than this (intersection over union) goes

    Returns
    -------
    (k,) indices of the boxes kept, the best first; equal scores in the order given
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best = int(order[0])
        kept.append(best)
        order = order[1:][overlaps(boxes[order[1:]], boxes[best]) <= most]
    return np.array(kept, np.intp)


def squared(box: NDArray[np.float64], margin: float) -> tuple[int, int, int]:
    """Return top, left, side of the square around a box, its longer side widened by `margin` at both ends, whole px."""
    centre = (box[:2] + box[2:]) / 2
    side = max(int(np.ceil(max(box[2] - box[0], box[3] - box[1]) * (1 + 2 * margin))), 2)
    return int(np.floor(centre[0] - side / 2)), int(np.floor(centre[1] - side / 2)), side


def whole(box: NDArray[np.float64], size: tuple[int, int]) -> Box:
    """Return a box in whole pixels, within the picture, of 2 px and more."""
    top, left = min(int(box[0]), size[0] - 2), min(int(box[1]), size[1] - 2)
    bottom, right = min(int(np.ceil(box[2])), size[0]), min(int(np.ceil(box[3])), size[1])
    return Box(max(top, 0), max(left, 0), max(bottom - top, 2), max(right - left, 2))


def touches(box: Box, hole: Hole) -> bool:
    """Tell whether a box, a little widened, holds something of a mask."""
    return bool(hole[box.grown(max(round(0.05 * max(box.height, box.width)), 4), hole.shape).slices].any())
