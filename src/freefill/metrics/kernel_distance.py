"""Kernel distance between two sets of features (KID, where they are Inception's)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.metrics.sets import checked_sets


def kernel_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Return the squared maximum mean discrepancy with a cubic kernel, unbiased: about 0 for sets of one kind.

    Honest with few pictures, unlike the Fréchet distance. It can be slightly negative.

    Parameters
    ----------
    a, b : features of both sets, checked as in `checked_sets`

    Returns
    -------
    MMD^2 with k(x, y) = (x . y / d + 1)^3 over all pairs, the diagonals left out; no subsets are drawn

    References
    ----------
    M. Binkowski et al.: Demystifying MMD GANs, ICLR 2018, section 4. There on Inception features and subsets of 1,000.
    """
    a, b = checked_sets("kernel distance", a, b)
    n, m, width = len(a), len(b), a.shape[1]
    of_a, of_b, across = ((x @ y.T / width + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    within_a = (of_a.sum() - np.trace(of_a)) / (n * (n - 1))
    within_b = (of_b.sum() - np.trace(of_b)) / (m * (m - 1))
    return float(within_a + within_b - 2 * across.mean())
