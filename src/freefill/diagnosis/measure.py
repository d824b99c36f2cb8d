"""What a finding returns before it is calibrated, and how values of the rim become a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Image

if TYPE_CHECKING:
    from freefill.diagnosis.blocks import Blocks
    from freefill.diagnosis.rim import Rim
    from freefill.diagnosis.view import View


@dataclass(frozen=True, eq=False)
class Measurement:
    """One fault, measured and not yet judged.

    Attributes
    ----------
    raw : rises with the fault; its scale is the measure's own (calibration.py makes 0..1 of it)
    where : (h, w) float32 in [0, 1], how much of it lies where
    """

    raw: float
    where: Image

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> Measurement:
        """Return what is said where a fault cannot be looked for: minus infinity, which no threshold calls a fault."""
        return cls(float("-inf"), np.zeros(shape[:2], np.float32))


def along(rim: Rim, values: NDArray[np.float32], run_px: int) -> NDArray[np.float32]:
    """Average (n, c) values along the border, within each closed piece of it."""
    out = np.empty_like(values, dtype=np.float32)
    for number in range(int(rim.piece.max()) + 1 if len(rim) else 0):
        mine = rim.piece == number
        part = values[mine].astype(np.float32)
        run = min(run_px, len(part) | 1)
        # The border is closed: behind its end comes its beginning.
        wrapped = np.concatenate([part[-(run // 2) :], part, part[: run // 2]]) if run > 1 else part
        out[mine] = cv2.blur(wrapped, (1, run), borderType=cv2.BORDER_REPLICATE)[run // 2 : run // 2 + len(part)]
    return out


def paint(view: View, rim: Rim, values: NDArray[np.float32]) -> Image:
    """Return an (h, w) map with the rim's values on the border and 3 px around it."""
    where = np.zeros(view.hole.shape, np.float32)
    middle, (height, width) = len(rim.rows) // 2, view.hole.shape
    rows, cols = np.rint(rim.rows[middle]).astype(int), np.rint(rim.cols[middle]).astype(int)
    # `at`: several points of the border may lie in one pixel.
    np.maximum.at(where, (rows.clip(0, height - 1), cols.clip(0, width - 1)), values)
    soft = cv2.GaussianBlur(cv2.dilate(where, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    return np.clip(soft, 0, 1, dtype=np.float32)


def spread(view: View, blocks: Blocks, of: NDArray[np.intp], values: NDArray[np.float32], side: int) -> Image:
    """Return an (h, w) map with a value for each square of the ground."""
    height, width = view.hole.shape
    rows, cols = (blocks.rows[of] // side).astype(int), (blocks.cols[of] // side).astype(int)
    small = np.zeros((-(-height // side), -(-width // side)), np.float32)
    small[rows, cols] = values
    large = np.repeat(np.repeat(small, side, 0), side, 1)[:height, :width]
    return np.clip(cv2.GaussianBlur(large, (0, 0), side / 2), 0, 1, dtype=np.float32)
