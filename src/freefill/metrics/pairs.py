"""What metrics of two pictures ask of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values import Hole, Image


def same_images(name: str, a: Image, b: Image) -> None:
    """Check that both are (H, W, 3).

    Raises
    ------
    InputError
        If they are not.
    """
    if a.shape != b.shape or a.ndim != 3 or a.shape[2] != 3:
        raise InputError(f"{name}: the images must both be (H, W, 3), not {a.shape} and {b.shape}")


def checked(
    name: str, truth: Image, composite: Image, hole: Hole | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pixels to compare, (n, 3) of the hole or (H, W, 3) of the picture, in double precision.

    Raises
    ------
    InputError
        If the shapes disagree or the hole is empty.
    """
    if truth.shape != composite.shape or (hole is not None and truth.shape[:2] != hole.shape):
        shape = None if hole is None else hole.shape
        raise InputError(f"{name}: truth {truth.shape}, fill {composite.shape} and hole {shape} must agree in size")
    if hole is None:
        return truth.astype(np.float64), composite.astype(np.float64)
    if not hole.any():
        raise InputError(f"{name}: the hole is empty; there is nothing to compare")
    return truth[hole].astype(np.float64), composite[hole].astype(np.float64)
