"""Fréchet distance between two sets of features (FID, where they are Inception's)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.metrics.sets import checked_sets


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Return the squared Fréchet distance of two Gaussians fitted to the sets: 0 for equal sets.

    Kept for habit. With fewer pictures than features the covariance is singular and the figure depends on their number
    more than on their look: two halves of 160 photographs differ by 210. Compare with the same originals only.

    Parameters
    ----------
    a, b : features of both sets, checked as in `checked_sets`

    References
    ----------
    M. Heusel et al.: GANs trained by a two time-scale update rule, NIPS 2017, section 2.
    """
    a, b = checked_sets("Fréchet distance", a, b)
    off = a.mean(axis=0) - b.mean(axis=0)
    centred_a, centred_b = (x - x.mean(axis=0) for x in (a, b))
    centred_a /= np.sqrt(len(a) - 1)
    centred_b /= np.sqrt(len(b) - 1)
    # tr sqrt(Sa Sb) is the sum of the singular values of A B', which is n x m instead of d x d
    cross = np.linalg.svd(centred_a @ centred_b.T, compute_uv=False).sum()
    # Rounding may leave it just below 0.
    return max(float(off @ off + (centred_a**2).sum() + (centred_b**2).sum() - 2 * cross), 0.0)
