"""The fill for holes that leave nothing to copy: as smooth as the known pixels allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.pyramid import push_pull


def smooth_fill(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill by means of known pixels at ever larger distance.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool; mid-grey comes out where everything is hole

    Returns
    -------
    (H, W, 3) float32 in [0, 1]; equal to `image` outside the hole
    """
    if hole.all():
        return np.full_like(image, 0.5)
    return np.clip(push_pull(image, ~hole), 0, 1)
