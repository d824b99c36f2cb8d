"""Structural similarity."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.metrics.pairs import checked
from freefill.values import Hole, Image

SIGMA, RADIUS_PX = 1.5, 5  # the Gaussian of 11 x 11 of the paper
_K1, _K2 = 0.01, 0.03  # the paper's


def ssim(truth: Image, composite: Image, hole: Hole | None = None) -> float:
    """Return the mean structural similarity, 1 for equal pictures.

    It forgives a change of light, and rewards blur less than PSNR does; a sharp texture that is not the truth's own
    still loses to a smooth guess.

    Parameters
    ----------
    truth, composite : (H, W, 3) float32, RGB in [0, 1], no side under 11 px; nothing is resized
    hole : (H, W) bool; the mean is over its pixels alone, whose windows may reach 5 px beyond it; None = all pixels

    Returns
    -------
    the mean over pixels and channels of the index with a Gaussian window of sigma 1.5, 11 x 11; borders left out by
    5 px, as in the paper's own code, unless nothing of the hole is left then

    Raises
    ------
    InputError
        If the shapes disagree, the hole is empty, or a side is under 11 px.

    References
    ----------
    Z. Wang et al.: Image quality assessment: from error visibility to structural similarity, IEEE TIP 2004, eq. 13.

    Examples
    --------
    >>> image = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    >>> ssim(image, image)
    1.0
    """
    checked("ssim", truth, composite, hole)
    if min(truth.shape[:2]) < 2 * RADIUS_PX + 1:
        raise InputError(f"ssim: a picture of {truth.shape[1]}x{truth.shape[0]} is too small; the least side is 11 px")
    index = ssim_map(truth.astype(np.float64), composite.astype(np.float64)).mean(axis=2)
    inner = (slice(RADIUS_PX, -RADIUS_PX),) * 2
    if hole is None:
        return float(index[inner].mean())
    cut = hole[inner]
    return float(index[inner][cut].mean() if cut.any() else index[hole].mean())


def ssim_map(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (H, W, 3), the index around each pixel; the border is mirrored."""
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    both = _blur(a * b) - mean_a * mean_b
    c1, c2 = _K1**2, _K2**2  # times the range squared in the paper; ours is 1
    return ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


def _blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
    # BORDER_REFLECT_101 mirrors without repeating the border's own pixel, as NumPy's "reflect" does
    side = 2 * RADIUS_PX + 1
    return np.asarray(cv2.GaussianBlur(x, (side, side), SIGMA, borderType=cv2.BORDER_REFLECT_101), np.float64)
