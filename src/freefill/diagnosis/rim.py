"""A border unrolled: samples along its normals, so that inside and outside lie side by side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Image

REACH_PX = 8  # samples on either side of the border


@dataclass(frozen=True, eq=False)
class Rim:
    """Points along a border and where their normals lead.

    Attributes
    ----------
    rows, cols : (2 * REACH_PX, n) float32; from REACH_PX - 0.5 outside (first) to as much inside (last), view px
    valid : (2 * REACH_PX, n) bool: the sample is in the picture, and on its own side of the border
    piece : (n,) int, which closed contour a point belongs to; points of a piece follow each other
    """

    rows: NDArray[np.float32]
    cols: NDArray[np.float32]
    valid: NDArray[np.bool_]
    piece: NDArray[np.int32]

    def __len__(self) -> int:
        return self.rows.shape[1]

    def sample(self, image: Image) -> NDArray[np.float32]:
        """Return (2 * REACH_PX, n[, c]) values of an (h, w[, c]) array, bilinear."""
        if len(self) == 0:
            return np.zeros((2 * REACH_PX, 0, *image.shape[2:]), np.float32)
        # remap takes at most 32,767 columns: long borders go in rows of their own
        parts = [slice(start, start + 16_000) for start in range(0, len(self), 16_000)]
        taken = [
            cv2.remap(image, self.cols[:, p], self.rows[:, p], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for p in parts
        ]
        return np.concatenate([np.asarray(part, np.float32) for part in taken], axis=1)


def unroll(signed: NDArray[np.float32], level_px: float, step_px: float = 1.0) -> Rim:
    """Unroll the line at distance `level_px` from the hole.

    Parameters
    ----------
    signed : (h, w), distance to the hole outside, minus the distance to the known inside
    step_px : between samples along a normal
    level_px : 0 = the hole's own border; more = a line around it

    Returns
    -------
    Rim; empty where no such line exists
    """
    # CCOMP: known islands within a hole have borders too.
    contours, _ = cv2.findContours((signed <= level_px).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    kept = [c[:, 0, ::-1].astype(np.float32) for c in contours if len(c) >= 8]
    if not kept:
        empty = np.zeros((2 * REACH_PX, 0), np.float32)
        return Rim(empty, empty, empty.astype(bool), np.zeros(0, np.int32))
    points = np.concatenate(kept)
    piece = np.concatenate([np.full(len(c), number, np.int32) for number, c in enumerate(kept)])
    smooth = cv2.GaussianBlur(signed, (0, 0), 2.5)
    by_row, by_col = cv2.Sobel(smooth, cv2.CV_32F, 0, 1), cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    at = points.astype(int)
    normal = np.stack([by_row[at[:, 0], at[:, 1]], by_col[at[:, 0], at[:, 1]]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6
    # findContours walks on the region's own outermost pixels: the border itself lies half a pixel further out.
    offsets = step_px * np.arange(REACH_PX, -REACH_PX, -1, dtype=np.float32)
    rows = points[:, 0] + offsets[:, None] * normal[:, 0]
    cols = points[:, 1] + offsets[:, None] * normal[:, 1]
    height, width = signed.shape
    inside = (rows >= 0) & (rows <= height - 1) & (cols >= 0) & (cols <= width - 1)
    found = Rim(rows, cols, inside, piece).sample(signed) - level_px
    own_side = np.where(offsets[:, None] > 0, found > 0, found <= 0.5)
    return Rim(rows, cols, inside & own_side, piece)
