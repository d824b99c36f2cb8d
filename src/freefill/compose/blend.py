"""Paste a fill so that no border shows, and no known pixel is written."""

from __future__ import annotations

import numpy as np

from freefill.distance import distance_inside, distance_outside
from freefill.errors import InputError
from freefill.values import Hole, Image


def blend(image: Image, fill: Image, hole: Hole, core: Hole) -> Image:
    """Paste the fill into the hole and let it fade over the ring by which the mask was grown.

    The fill's weight is 1 in the core and falls to 0 at the border of the hole; known pixels are never written.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    fill : (H, W, 3) float32, RGB in [0, 1]; read in the hole only
    hole : (H, W) bool, True = hole, the final mask
    core : (H, W) bool, what the fill covers fully; within `hole`

    Returns
    -------
    (H, W, 3) float32, RGB in [0, 1]; bit-identical to `image` outside `hole`

    Raises
    ------
    InputError
        If the shapes disagree, or `core` leaves `hole`.

    Examples
    --------
    >>> image = np.zeros((1, 5, 3), np.float32)
    >>> hole = np.array([[True, True, True, True, False]])
    >>> core = np.array([[True, False, False, False, False]])
    >>> blend(image, image + 1, hole, core)[0, :, 0].tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    if not (image.shape == fill.shape and image.shape[:2] == hole.shape == core.shape):
        raise InputError(f"blend: shapes disagree: {image.shape}, {fill.shape}, {hole.shape}, {core.shape}")
    if (core & ~hole).any():
        raise InputError("blend: the core leaves the hole")
    filled = image.copy()
    if np.array_equal(core, hole):
        filled[hole] = fill[hole]
        return filled
    outwards = distance_inside(hole)
    inwards = distance_outside(core)
    # Where the ring is uneven each pixel fades by its own place between the core and the border.
    # `where` computes both: without any border it is infinite over infinite.
    with np.errstate(invalid="ignore"):
        weight = np.where(np.isinf(outwards), 1, outwards / (outwards + inwards))
    ring = hole & ~core
    filled[core] = fill[core]
    share = weight[ring].astype(np.float32)[:, None]
    filled[ring] = image[ring] + share * (fill[ring] - image[ring])
    return filled
