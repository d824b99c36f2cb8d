"""Means with bootstrap intervals, and paired differences with a plain word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000  # of the bootstrap
LEVEL = 95  # percent

Word = Literal["better", "worse", "no difference seen"]


@dataclass(frozen=True)
class Interval:
    """A mean, and where 95 % of the means of resampled cases lie.

    Attributes
    ----------
    mean, low, high : the bounds are nan for fewer than two cases
    count : of cases
    """

    mean: float
    low: float
    high: float
    count: int


def mean_interval(values: NDArray[np.float64], seed: int = 0) -> Interval:
    """Return the mean of finite values and its interval, by resampling cases with replacement.

    References
    ----------
    B. Efron: Bootstrap methods, Annals of Statistics 1979; the percentile interval.
    """
    values = values[np.isfinite(values)]
    if not values.size:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    if values.size == 1:
        return Interval(float(values[0]), float("nan"), float("nan"), 1)
    draws = np.random.default_rng(seed).integers(0, values.size, (DRAWS, values.size))
    low, high = np.percentile(values[draws].mean(axis=1), [(100 - LEVEL) / 2, 50 + LEVEL / 2])
    return Interval(float(values.mean()), float(low), float(high), int(values.size))


def paired(a: NDArray[np.float64], b: NDArray[np.float64], better: Literal["up", "down"]) -> tuple[Interval, Word]:
    """Compare `a` with `b` case by case.

    Parameters
    ----------
    a, b : (n,) of the same cases; pairs with a value that is not finite are left out
    better : which way

    Returns
    -------
    difference : of a - b
    word : "better" or "worse" (a than b) where the interval leaves 0 out, else "no difference seen"
    """
    both = np.isfinite(a) & np.isfinite(b)
    difference = mean_interval(a[both] - b[both])
    if difference.count < 2 or difference.low <= 0 <= difference.high:
        return difference, "no difference seen"
    return difference, "better" if (difference.mean > 0) == (better == "up") else "worse"


def apart(a: NDArray[np.float64], b: NDArray[np.float64], seed: int = 0) -> Interval:
    """Return the difference of the means of two sets of different cases, a - b, and its interval.

    Parameters
    ----------
    a, b : (n,) and (m,), finite; each is resampled by itself

    Returns
    -------
    count is the smaller set's
    """
    rng = np.random.default_rng(seed)
    means = [each[rng.integers(0, each.size, (DRAWS, each.size))].mean(axis=1) for each in (a, b)]
    low, high = np.percentile(means[0] - means[1], [(100 - LEVEL) / 2, 50 + LEVEL / 2])
    return Interval(float(a.mean() - b.mean()), float(low), float(high), min(a.size, b.size))
