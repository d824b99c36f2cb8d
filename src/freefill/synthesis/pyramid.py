"""Smaller and smaller versions of a picture with a hole; the hole shrinks upwards.

A coarse pixel is the mean of the known pixels near it, so the hole loses about two pixels of each side per level before
it is halved, and is gone after a few levels: what the coarsest level starts from are the rim's own colours run inwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.compiled import Crew, kernel

# Gaussian of sigma 0.8 over five pixels.
_RAW = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 0.8**2))
TAPS = (_RAW / _RAW.sum()).astype(np.float32)
LEAST_COVERAGE = 0.02  # one full row of known pixels at the far end of the taps
MOST_FORBIDDEN = np.float32(0.1)


@kernel
def reduce_rows(first, last, bounds, image, known, source, taps, out, out_known, out_source):
    """Write the coarse rows of strips first to last; see `reduce`."""
    height, width, channels = image.shape
    total = np.empty(channels, np.float32)
    for row in range(bounds[first], bounds[last]):
        for col in range(out.shape[1]):
            total[:] = 0
            weight = np.float32(0)
            inside = np.float32(0)
            allowed = np.float32(0)
            for i in range(5):
                y = 2 * row + i - 2
                if y < 0 or y >= height:
                    continue
                for j in range(5):
                    x = 2 * col + j - 2
                    if x < 0 or x >= width:
                        continue
                    tap = taps[i] * taps[j]
                    inside += tap
                    if known[y, x]:
                        weight += tap
                        for k in range(channels):
                            total[k] += tap * np.float32(image[y, x, k])
                        if source[y, x]:
                            allowed += tap
            if weight > np.float32(LEAST_COVERAGE) * inside:
                out_known[row, col] = 1
                out_source[row, col] = allowed >= (np.float32(1) - MOST_FORBIDDEN) * weight
                for k in range(channels):
                    out[row, col, k] = np.uint8(total[k] / weight + np.float32(0.5))  # 0.5: to the nearest


def reduce(
    image: NDArray[np.uint8], known: NDArray[np.uint8], source: NDArray[np.uint8], crew: Crew
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Halve a picture; a coarse pixel (r, c) lies on the fine pixel (2r, 2c).

    Parameters
    ----------
    image : (H, W, K) uint8, any channels; what lies outside `known` is not read
    known : (H, W) uint8, 1 = known
    source : (H, W) uint8, 1 = may be copied from; within `known`

    Returns
    -------
    ((H + 1) // 2, (W + 1) // 2, ...) the same three; image is 0 where nothing is known
    """
    height, width, channels = image.shape
    rows, cols = (height + 1) // 2, (width + 1) // 2
    out = np.zeros((rows, cols, channels), np.uint8)
    out_known = np.zeros((rows, cols), np.uint8)
    out_source = np.zeros((rows, cols), np.uint8)
    outs = out, out_known, out_source
    crew.run(reduce_rows, 8, strips_of(rows), image, known, source, TAPS, *outs, work=rows * cols)
    return out, out_known, out_source


def strips_of(count: int, strips: int = 8) -> NDArray[np.int64]:
    """Return the edges of equal strips, (strips + 1,): fixed, so that results do not depend on threads."""
    return np.arange(strips + 1, dtype=np.int64) * count // strips


def push_pull(image: NDArray[np.float32], known: NDArray[Any]) -> NDArray[np.float32]:
    """Fill smoothly: means of known pixels from coarser and coarser levels, blended back down.

    Parameters
    ----------
    image : (H, W, K) float32; what lies outside `known` is not read
    known : (H, W) bool or uint8, non-zero = known

    Returns
    -------
    (H, W, K) float32, equal to `image` where known; 0 everywhere where nothing is known
    """
    weight = (known != 0).astype(np.float32)
    filled, _ = _pull(np.where(weight[..., None] > 0, image, np.float32(0)), weight)
    return np.where(weight[..., None] > 0, image, filled)


def _pull(image: NDArray[np.float32], weight: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (image, weight) with the gaps filled from the next coarser level."""
    import cv2

    height, width = weight.shape
    if weight.min() >= 1 or (height <= 2 and width <= 2):
        mean_weight = weight.sum()
        if mean_weight > 0:
            mean = (image * weight[..., None]).sum((0, 1)) / mean_weight
            image = image * weight[..., None] + mean * (1 - weight[..., None])
        return image, weight
    rows, cols = (height + 1) // 2, (width + 1) // 2
    blurred = cv2.GaussianBlur(weight, (5, 5), 1.0, borderType=cv2.BORDER_REPLICATE)[::2, ::2]
    colours = cv2.GaussianBlur(image * weight[..., None], (5, 5), 1.0, borderType=cv2.BORDER_REPLICATE)
    coarse = colours.reshape(height, width, -1)[::2, ::2] / np.maximum(blurred, 1e-6)[..., None]
    # A coarse pixel counts as sure as soon as a twentieth of its neighbourhood is known.
    coarse, _ = _pull(coarse.astype(np.float32), np.minimum(blurred * 20, 1).astype(np.float32))
    assert coarse.shape[:2] == (rows, cols)
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float32) / 2, np.arange(height, dtype=np.float32) / 2)
    fine = cv2.remap(coarse, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(image.shape)
    return (image * weight[..., None] + fine * (1 - weight[..., None])).astype(np.float32), weight
