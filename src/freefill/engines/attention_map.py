"""Shows where each part of a hole was copied from, as one picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole, Image

BAND_PX = 34
TEXT = "colour in the hole = colour of the place it came from; arrows: from there to here"
CORNERS = np.array([[[0.95, 0.25, 0.2], [0.98, 0.85, 0.1]], [[0.2, 0.3, 0.95], [0.1, 0.8, 0.45]]], np.float32)


def attention_map(image: Image, hole: Hole, copied_from: NDArray[np.int32]) -> Image:
    """Paint every known place in a colour of its own, and the hole in the colours of its sources.

    The known part is thereby its own legend; a line of text below says so, and arrows lead from sources to some places
    of the hole.

    Parameters
    ----------
    image : (h, w, 3) float32, RGB in [0, 1]
    hole : (h, w) bool
    copied_from : (h, w, 2) int32, (row, col) of each pixel's source; read in the hole only

    Returns
    -------
    (h + 34, max(w, 480), 3) float32, RGB in [0, 1]
    """
    height, width = hole.shape
    places = cv2.resize(CORNERS, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = image.mean(axis=2, keepdims=True)
    painted = 0.55 * places + 0.45 * grey
    rows, cols = copied_from[..., 0], copied_from[..., 1]
    painted[hole] = places[rows[hole], cols[hole]]
    edge = hole & ~cv2.erode(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    painted[edge] = 1
    out = np.full((height + BAND_PX, max(width, 480), 3), 255, np.uint8)  # OpenCV writes on bytes only
    out[:height, :width] = np.rint(painted * 255)
    _draw_arrows(out, hole, copied_from)
    cv2.putText(out, TEXT, (6, height + 22), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (25, 25, 25), 1, cv2.LINE_AA)
    return out.astype(np.float32) / np.float32(255)


def _draw_arrows(out: NDArray[np.uint8], hole: Hole, copied_from: NDArray[np.int32]) -> None:
    """Draw an arrow for every eighth of the hole's longer side or so."""
    rows, cols = np.nonzero(hole)
    step = max(int(max(np.ptp(rows), np.ptp(cols)) / 5), 24)
    for row in range(int(rows.min()) + step // 2, int(rows.max()) + 1, step):
        for col in range(int(cols.min()) + step // 2, int(cols.max()) + 1, step):
            if hole[row, col]:
                start = (int(copied_from[row, col, 1]), int(copied_from[row, col, 0]))
                cv2.arrowedLine(out, start, (col, row), (0, 0, 0), 3, cv2.LINE_AA, tipLength=0.06)
                cv2.arrowedLine(out, start, (col, row), (255, 255, 255), 1, cv2.LINE_AA, tipLength=0.06)
