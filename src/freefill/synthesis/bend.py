"""Light that curves: a glow, a flare's halo or a vignette goes on over smooth ground.

A membrane is flat between its rims: over a glow it sags, and the glow's middle becomes a plate. Where the ground all
round the hole is smooth and its light is a bowl or a dome, the membrane is stretched over that surface instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, distance_outside

LEAST_PX = 8.0  # so far out, and as far as the hole is deep, light is looked at
MOST_SMOOTH = 0.8  # of that ground must be smooth
EXPLAINED = 0.5  # a surface of second order leaves at most this of what a plane leaves
LEFT = 4.0 / 255  # and no more than this of full scale


def bend(light: NDArray[np.float32], known: NDArray[np.bool_], smooth: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Return a surface of second order that the light around the hole lies on, or None where it lies on none.

    Parameters
    ----------
    light : (h, w, 3) float32, of full scale; read where `smooth`
    known : (h, w) bool; the rest is the hole
    smooth : (h, w) bool, known ground without structure

    Returns
    -------
    (h, w, 3) float32 with mean 0 over the hole, made around the hole only (elsewhere 0), or None
    """
    hole = ~known
    rows, cols = np.nonzero(hole)
    height, width = hole.shape
    if rows.min() == 0 or cols.min() == 0 or rows.max() == height - 1 or cols.max() == width - 1:
        return None  # what is open on one side would be guessed, not surrounded
    reach = max(LEAST_PX, float(distance_inside(hole).max()))
    around = known & (distance_outside(hole) <= reach)
    used = around & smooth
    if used.sum() < MOST_SMOOTH * around.sum():
        return None
    middle, unit = np.array([rows.mean(), cols.mean()]), max(np.ptp(rows), np.ptp(cols)) + 1.0
    terms = _terms((np.argwhere(used) - middle) / unit)
    seen = light[used].astype(np.float64)
    flat, curved = (
        np.sqrt(np.mean((part @ np.linalg.lstsq(part, seen, rcond=None)[0] - seen) ** 2))
        for part in (terms[:, :3], terms)
    )
    if curved > LEFT or curved > EXPLAINED * flat:
        return None
    weights = np.linalg.lstsq(terms, seen, rcond=None)[0]
    surface = np.zeros(light.shape, np.float32)
    place = hole | around
    surface[place] = _terms((np.argwhere(place) - middle) / unit) @ weights
    surface[place] -= surface[hole].mean(axis=0)
    return surface


def _terms(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1, y, x, y^2, yx, x^2 of (n, 2) points, (n, 6)."""
    y, x = points.T
    return np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=1)
