"""The smoothest fill: each hole pixel the mean of its four neighbours, solved from coarse to fine.

A membrane over the hole (Laplace's equation with the known pixels as its rim). It invents nothing, and is what a
network is given to start from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept

SWEEPS = 6  # at each scale; more than eight change the fill's error by less than a hundredth (training notes)


def harmonic_fill(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill the hole with a membrane that is held by the known pixels.

    Parameters
    ----------
    image : (H, W, C) float32, any range; not read in the hole
    hole : (H, W) bool; zeros come out where everything is hole

    Returns
    -------
    (H, W, C) float32, equal to `image` outside the hole; in it within the range of the known pixels

    Examples
    --------
    >>> row = np.array([[[0.0], [9.0], [9.0], [3.0]]], np.float32)
    >>> harmonic_fill(row, np.array([[False, True, True, False]]))[0, :, 0].round(1).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    scales = [(np.where(hole[..., None], np.float32(0), image).astype(np.float32), hole)]
    while max(scales[-1][1].shape) > 1 and scales[-1][1].any():
        scales.append(_halved(*scales[-1]))
    filled = scales[-1][0]
    for known, missing in reversed(scales[:-1]):
        filled = _relaxed(known, missing, filled, SWEEPS)
    return filled


@kept(nogil=True)
def _halved(image, hole):  # type: ignore[no-untyped-def]
    """Average the known pixels of each two by two; a cell is known as soon as one of them is."""
    height, width, channels = image.shape
    small = np.zeros(((height + 1) // 2, (width + 1) // 2, channels), np.float32)
    missing = np.ones(small.shape[:2], np.bool_)
    for row in range(small.shape[0]):
        for col in range(small.shape[1]):
            count = 0
            for y in range(2 * row, min(2 * row + 2, height)):
                for x in range(2 * col, min(2 * col + 2, width)):
                    if not hole[y, x]:
                        count += 1
                        for channel in range(channels):
                            small[row, col, channel] += image[y, x, channel]
            if count:
                missing[row, col] = False
                for channel in range(channels):
                    small[row, col, channel] /= count
    return small, missing


@kept(nogil=True)
def _relaxed(image, hole, coarse, sweeps):  # type: ignore[no-untyped-def]
    """Start the hole from the coarser fill (bilinear), then relax it: Gauss and Seidel, there and back in turn."""
    height, width, channels = image.shape
    filled = image.copy()
    last_row, last_col = coarse.shape[0] - 1, coarse.shape[1] - 1
    for y in range(height):
        for x in range(width):
            if hole[y, x]:
                # The centre of a coarse pixel lies between those of its two.
                down, right = max(y * 0.5 - 0.25, 0.0), max(x * 0.5 - 0.25, 0.0)
                top, left = int(down), int(right)
                down, right = down - top, right - left
                below, beside = min(top + 1, last_row), min(left + 1, last_col)
                for channel in range(channels):
                    upper = coarse[top, left, channel] * (1 - right) + coarse[top, beside, channel] * right
                    lower = coarse[below, left, channel] * (1 - right) + coarse[below, beside, channel] * right
                    filled[y, x, channel] = upper * (1 - down) + lower * down
    rows, cols = np.nonzero(hole)
    for sweep in range(sweeps):
        for step in range(rows.size):
            place = step if sweep % 2 == 0 else rows.size - 1 - step
            y, x = rows[place], cols[place]
            above, below = max(y - 1, 0), min(y + 1, height - 1)
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            for channel in range(channels):
                around = filled[above, x, channel] + filled[below, x, channel]
                around += filled[y, left, channel] + filled[y, right, channel]
                filled[y, x, channel] = around * np.float32(0.25)
    return filled
