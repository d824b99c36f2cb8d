"""What a pixel is compared by: its colour, the strength of the texture around it, and a guide where there is one.

The position of a patch counts too, but needs no channel: all its pixels lie equally far from their sources (lines.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.pyramid import push_pull

TEXTURE_WINDOW = 16  # pixels
TEXTURE_GAIN = 3.0  # mean differences are a third of colour contrasts, or less
FORBIDDEN = 255  # texture of a pixel that may not be copied from: dear, but not out of the question


def largest(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the largest of three channels, (H, W); NumPy's own maximum over so short an axis takes ten times as long.

    Examples
    --------
    >>> largest(np.array([[[1.0, 3.0, 2.0]]], np.float32)).tolist()
    [[3.0]]
    """
    return np.maximum(np.maximum(values[..., 0], values[..., 1]), values[..., 2])


def texture_energy(image: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean absolute differences of the luminance along rows and along columns, over known pixels.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB; not read outside `known`
    known : (H, W) uint8, 1 = known

    Returns
    -------
    (H, W, 2) uint8: mean of |dx| and of |dy| over 16 x 16 pixels, times 3; smooth where nothing is known near

    References
    ----------
    Newson et al., Video inpainting of complex scenes, SIAM J. Imaging Sciences 2014, section 3.2.
    """
    import cv2

    luminance = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    height, width = known.shape
    energy = np.zeros((height, width, 2), np.float32)
    for k, (rows, cols) in enumerate(((0, 1), (1, 0))):
        # A difference that touches the hole does not count.
        both = (known[: height - rows, : width - cols] & known[rows:, cols:]).astype(np.float32)
        step = np.abs(luminance[: height - rows, : width - cols] - luminance[rows:, cols:]) * both
        padding = ((0, rows), (0, cols))
        size = (TEXTURE_WINDOW, TEXTURE_WINDOW)
        summed = cv2.boxFilter(np.pad(step, padding), -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
        counted = cv2.boxFilter(np.pad(both, padding), -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
        there = (counted > 0.5).astype(np.uint8)
        mean = (summed / np.maximum(counted, 1))[..., None]
        energy[..., k] = mean[..., 0] if there.all() else push_pull(mean.astype(np.float32), there)[..., 0]
    return np.clip(np.rint(energy * TEXTURE_GAIN), 0, FORBIDDEN - 1).astype(np.uint8)
