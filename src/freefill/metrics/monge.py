"""Monge distance between two sets of features (MIND, where they are Inception's)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.metrics.sets import checked_sets

DIRECTIONS = 1000
_AT_ONCE = 100  # bounds memory: pictures times directions


def monge_distance(a: NDArray[np.floating], b: NDArray[np.floating], seed: int = 0) -> float:
    """Return the sliced squared Wasserstein distance, scaled: 0 for equal sets; little biased with few pictures.

    Parameters
    ----------
    a, b : features of both sets, checked as in `checked_sets`; the larger set is thinned to the smaller's size
    seed : of the directions and of the thinning

    Returns
    -------
    3 d / (n M) times the sum, over M = 1,000 random unit directions, of squared differences of sorted projections

    References
    ----------
    Monge Inception Distance, arXiv 2605.06797; the constant 3 d is theirs.
    """
    a, b = checked_sets("Monge distance", a, b)
    rng = np.random.default_rng(seed)
    n, width = min(len(a), len(b)), a.shape[1]
    a, b = (x if len(x) == n else x[np.sort(rng.permutation(len(x))[:n])] for x in (a, b))
    total = 0.0
    for _ in range(DIRECTIONS // _AT_ONCE):
        directions = rng.normal(size=(width, _AT_ONCE))
        directions /= np.linalg.norm(directions, axis=0)
        total += float(((np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0)) ** 2).sum())
    return 3 * width * total / (n * DIRECTIONS)
