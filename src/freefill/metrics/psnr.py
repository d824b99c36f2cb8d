"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from freefill.metrics.pairs import checked
from freefill.values import Hole, Image


def psnr_db(truth: Image, fill: Image, hole: Hole | None = None) -> float:
    """Return the peak signal-to-noise ratio in decibels.

    Over the hole alone by preference: known pixels are equal by construction, and counting them makes a small hole look
    like a good fill. It rewards blur, and punishes a sharp texture that lies one pixel aside.

    Parameters
    ----------
    truth : (H, W, 3) float32, RGB in [0, 1]; nothing is resized
    fill : (H, W, 3) float32, RGB in [0, 1]; read in the hole only, where one is given
    hole : (H, W) bool, True = hole; None = over the whole picture

    Returns
    -------
    10 log10(1 / mean squared error over pixels and channels); infinite where both are equal

    Raises
    ------
    InputError
        If the shapes disagree or the hole is empty.

    Examples
    --------
    >>> truth = np.zeros((4, 4, 3), np.float32)
    >>> hole = np.eye(4, dtype=bool)
    >>> round(psnr_db(truth, truth + np.float32(0.1), hole), 3)
    20.0
    """
    a, b = checked("psnr", truth, fill, hole)
    error = float(np.mean((a - b) ** 2))
    return float("inf") if error == 0 else -10 * float(np.log10(error))
