"""What distances between sets of features ask of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError


def checked_sets(
    name: str, a: NDArray[np.floating], b: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both sets in double precision; what is said here holds for each distance of two sets.

    Parameters
    ----------
    name : of the distance, for the message
    a, b : (n, d) and (m, d), one row of features a picture, of any range; at least two rows each. The network that made
        them says how pictures were resized

    Raises
    ------
    InputError
        If the widths disagree or a set has fewer than two rows.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise InputError(f"{name}: the sets must be (n, d) and (m, d), not {a.shape} and {b.shape}")
    if min(len(a), len(b)) < 2:
        raise InputError(f"{name}: at least two pictures are needed in each set, not {len(a)} and {len(b)}")
    return a.astype(np.float64), b.astype(np.float64)
