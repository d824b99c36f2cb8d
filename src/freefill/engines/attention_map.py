"""Shows where the attention found what it put into a hole, as one picture."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside
from freefill.values import Hole, Image

LEAST_PX = 640  # a smaller window is drawn enlarged, by a whole number
MOST_ARROWS = 16
LINE_PX, FONT, FONT_SCALE = 20, cv2.FONT_HERSHEY_SIMPLEX, 0.45
LEGEND = (
    "White outlines: the holes. Outside, each place has a colour of its own.",
    "Inside, each square of 8 px has the colour of the place it resembles most;",
    "arrows lead from some of these places to their squares. Others were used",
    "as well, with less weight. What is copied are features, not pixels.",
)
NOTHING = ("White outlines: the holes. Nothing was copied: no known place is far enough (8 to 16 px) from them.",)
CORNERS = np.array([[[0.95, 0.25, 0.2], [0.98, 0.85, 0.1]], [[0.2, 0.3, 0.95], [0.1, 0.8, 0.45]]], np.float32)


def attention_map(image: Image, hole: Hole, copied_from: NDArray[np.int32] | None) -> Image:
    """Paint every known place in a colour of its own, and the hole in the colours of its main sources.

    The known part is thereby its own legend; text below says how to read it, and arrows lead from sources to some
    places of the hole, at least one to each of its parts while they are few.

    Parameters
    ----------
    image : (h, w, 3) float32, RGB in [0, 1]
    hole : (h, w) bool
    copied_from : (h, w, 2) int32, (row, col) of each pixel's source; read in the hole only. None = nothing was copied

    Returns
    -------
    (n h + 90 or 30, max(n w, 640), 3) float32, RGB in [0, 1]; n = how often 640 px need a small window's longer side
    """
    height, width = hole.shape
    zoom = -(-LEAST_PX // max(height, width))
    places = cv2.resize(CORNERS, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = image.mean(axis=2, keepdims=True)
    painted = 0.55 * places + 0.45 * grey
    painted[hole] = 0.5 if copied_from is None else places[tuple(copied_from[hole].T)]
    painted = np.kron(painted, np.ones((zoom, zoom, 1), np.float32))
    large = np.kron(hole.astype(np.uint8), np.ones((zoom, zoom), np.uint8))
    painted[(large > 0) & (cv2.erode(large, np.ones((3, 3), np.uint8)) == 0)] = 1  # the outermost pixels of the hole
    legend = NOTHING if copied_from is None else LEGEND
    below = LINE_PX * len(legend) + LINE_PX // 2
    out = np.full((zoom * height + below, max(zoom * width, LEAST_PX), 3), 255, np.uint8)  # OpenCV draws on bytes only
    out[: zoom * height, : zoom * width] = np.rint(painted * 255)
    if copied_from is not None:
        for row, col in _shown(hole):
            from_row, from_col = (zoom * int(place) + zoom // 2 for place in copied_from[row, col])
            _draw_arrow(out, (from_col, from_row), (zoom * col + zoom // 2, zoom * row + zoom // 2))
    for number, line in enumerate(legend):
        at = (6, zoom * height + LINE_PX * (number + 1))
        cv2.putText(out, line, at, FONT, FONT_SCALE, (25, 25, 25), 1, cv2.LINE_AA)
    return out.astype(np.float32) / np.float32(255)


def _shown(hole: Hole) -> Iterator[tuple[int, int]]:
    """Yield the pixels that get an arrow: the deepest, then the deepest that is not near it, and so on."""
    rows, cols = np.nonzero(hole)
    apart = max(int(max(np.ptp(rows), np.ptp(cols)) / 5), 16)
    depth = distance_inside(np.pad(hole, 1))[1:-1, 1:-1]  # padded: the picture's border ends a hole too
    for _ in range(MOST_ARROWS):
        row, col = divmod(int(depth.argmax()), hole.shape[1])
        if depth[row, col] == 0:
            return
        yield row, col
        depth[max(row - apart, 0) : row + apart + 1, max(col - apart, 0) : col + apart + 1] = 0


def _draw_arrow(out: NDArray[np.uint8], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Draw an arrow that shows on any ground, with a head of 10 px."""
    tip = min(10 / max(np.hypot(end[0] - start[0], end[1] - start[1]), 1), 1)
    for colour, thickness in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        cv2.arrowedLine(out, start, end, colour, thickness, cv2.LINE_AA, tipLength=tip)
