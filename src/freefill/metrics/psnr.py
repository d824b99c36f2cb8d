"""Peak signal-to-noise ratio within the hole."""

from __future__ import annotations

import numpy as np

from freefill.errors import InputError
from freefill.values import Hole, Image


def psnr_db(truth: Image, fill: Image, hole: Hole) -> float:
    """Return the peak signal-to-noise ratio over the hole's pixels alone, in decibels.

    Known pixels are equal by construction; counting them would make a small hole look like a good fill.

    Parameters
    ----------
    truth : (H, W, 3) float32, RGB in [0, 1]
    fill : (H, W, 3) float32, RGB in [0, 1]; read in the hole only
    hole : (H, W) bool, True = hole

    Returns
    -------
    10 log10(1 / mean squared error over hole pixels and channels); infinite where both are equal

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
    if truth.shape != fill.shape or truth.shape[:2] != hole.shape:
        raise InputError(f"psnr: truth {truth.shape}, fill {fill.shape} and hole {hole.shape} must agree in size")
    if not hole.any():
        raise InputError("psnr: the hole is empty; there is nothing to compare")
    difference = truth[hole].astype(np.float64) - fill[hole].astype(np.float64)
    error = float(np.mean(difference**2))
    return float("inf") if error == 0 else -10 * float(np.log10(error))
