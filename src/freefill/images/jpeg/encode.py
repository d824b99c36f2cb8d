"""Pixels as a JPEG's blocks, for samplings that Pillow does not write (4:1:1, 4:4:0, RGB with two planes at half size).

References
----------
ITU-T T.81, section A.3.3 (DCT), A.3.4 (quantization); JFIF 1.02 (colours); ITU-T T.871.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.images.jpeg.blocks import ZIGZAG_COL, ZIGZAG_ROW, DctBlocks, laid_out, unit

_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_STEPS = np.arange(8)
# Rows of length 1, so that the matrix undoes itself transposed: T.81's C(u) C(v) / 4 shared out to both sides.
_DCT = np.where(_STEPS[:, None] == 0, np.sqrt(1 / 8), np.sqrt(1 / 4)) * np.cos(
    (2 * _STEPS[None] + 1) * _STEPS[:, None] * np.pi / 16
)


def encode(
    pixels: NDArray[np.uint8], sampling: tuple[tuple[int, int], ...], tables: Sequence[Sequence[int]], rgb: bool
) -> DctBlocks | None:
    """Return the blocks of (H, W, 3) uint8 RGB.

    Parameters
    ----------
    sampling : of the three components, across and down
    tables : 64 divisors each, in natural order; the last stands for all that follow
    rgb : the components are R, G and B, not luma and chroma

    Returns
    -------
    DctBlocks, or None where a component's size is no whole part of the largest
    """
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    if len(sampling) != 3 or any(across % h or down % v for h, v in sampling):
        return None
    blocks = laid_out((pixels.shape[0], pixels.shape[1]), sampling, progressive=False)
    tall, wide = unit(sampling)
    # Beyond the picture its border goes on (T.81, A.2.4): a jump there would cost bits and ring into the picture.
    fill = ((0, -pixels.shape[0] % tall), (0, -pixels.shape[1] % wide), (0, 0))
    colours = np.pad(pixels, fill, mode="edge").astype(np.float64)
    if not rgb:
        colours = colours @ _TO_YCC.T + (0, 128, 128)
    for i, (h, v) in enumerate(sampling):
        plane = colours[:, :, i]
        rows, cols = down // v, across // h
        plane = plane.reshape(plane.shape[0] // rows, rows, plane.shape[1] // cols, cols).mean(axis=(1, 3))
        squares = plane.reshape(plane.shape[0] // 8, 8, plane.shape[1] // 8, 8).swapaxes(1, 2) - 128  # 128: T.81, A.3.1
        divisors = np.array(tables[min(i, len(tables) - 1)], np.float64).reshape(8, 8)
        numbers = np.rint(_DCT @ squares @ _DCT.T / divisors)[:, :, ZIGZAG_ROW, ZIGZAG_COL]
        grid = blocks.grid(i)
        grid[...] = np.clip(numbers, -32767, 32767)[: grid.shape[0], : grid.shape[1]]  # coefficients are kept as int16
    return blocks
