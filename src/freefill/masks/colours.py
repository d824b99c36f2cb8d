"""Masks saved as pictures of two colours: as a plotting library's colour map shows 0 and 1, or as a pen draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole

# The colours for 0 and for 1 of the maps in which people save masks (matplotlib's names), 8 bit RGB.
_MAPS = {
    "viridis": ((68, 1, 84), (253, 231, 37)),
    "plasma": ((13, 8, 135), (240, 249, 33)),
    "inferno": ((0, 0, 4), (252, 255, 164)),
    "magma": ((0, 0, 4), (252, 253, 191)),
    "cividis": ((0, 34, 78), (254, 232, 56)),
    "turbo": ((48, 18, 59), (122, 4, 3)),
    "jet": ((0, 0, 128), (128, 0, 0)),
    "hot": ((11, 0, 0), (255, 255, 255)),
    "coolwarm": ((59, 76, 192), (180, 4, 38)),
    "bwr": ((0, 0, 255), (255, 0, 0)),
    "seismic": ((0, 0, 77), (128, 0, 0)),
    "cool": ((0, 255, 255), (255, 0, 255)),
    "spring": ((255, 0, 255), (255, 255, 0)),
    "summer": ((0, 128, 102), (255, 255, 102)),
    "autumn": ((255, 0, 0), (255, 255, 0)),
    "winter": ((0, 0, 255), (0, 255, 128)),
    "hsv": ((255, 0, 0), (255, 0, 24)),
    "Blues": ((247, 251, 255), (8, 48, 107)),
    "Reds": ((255, 245, 240), (103, 0, 13)),
    "Greens": ((247, 252, 245), (0, 68, 27)),
    "tab10": ((31, 119, 180), (23, 190, 207)),
}
_NEAR = 26  # JPEG moves colours by so much at the borders of flat parts
_DOMINANT = 0.9  # of all pixels are near one of the two
_COLOURED = 40  # a colour's largest channel over its smallest; below it is grey


def two_colours(pixels: NDArray[Any]) -> tuple[Hole, str] | None:
    """Return the hole of a picture in two colours of which one at least is no grey, and a note; else None.

    Parameters
    ----------
    pixels : (H, W, 3) uint8, uint16 or float in [0, 1]

    The colour of 1 is hole: for a known map as the map says, else the brighter one.
    """
    eight = _eight_bit(pixels)
    pair = _dominant(eight)
    if pair is None:
        return None
    name, low, high = _named(*pair)
    flat = eight.reshape(-1, 3)
    hole = np.empty(len(flat), bool)
    for start in range(0, len(flat), 1 << 20):  # bounds memory: squares are of 32 bits
        part = flat[start : start + (1 << 20)].astype(np.int32)
        hole[start : start + (1 << 20)] = ((part - high) ** 2).sum(axis=1) < ((part - low) ** 2).sum(axis=1)
    colour = "#{:02x}{:02x}{:02x}".format(*high.tolist())
    what = f"the colour map {name} was recognised" if name else "the mask is of two colours"
    return hole.reshape(eight.shape[:2]), f"{what}: {colour} is taken for hole; pass --invert for the other"


def _eight_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    full = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    return np.rint(pixels * (255.0 / full)).astype(np.uint8)


def _dominant(eight: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Return the two colours that nearly all pixels are near to, if one at least is coloured."""
    # A million pixels tell which two are most frequent.
    step = max(int(np.sqrt(eight.shape[0] * eight.shape[1] / 1e6)), 1)
    sample = np.ascontiguousarray(eight[::step, ::step]).reshape(-1, 3).astype(np.int32)
    first = _mode(sample)
    rest = sample[np.abs(sample - first).max(axis=1) > 2 * _NEAR]
    if len(rest) == 0:
        return None
    second = _mode(rest)
    gap = np.minimum(np.abs(sample - first).max(axis=1), np.abs(sample - second).max(axis=1))
    coloured = max(int(np.ptp(first)), int(np.ptp(second))) >= _COLOURED
    if not coloured or float((gap <= _NEAR).mean()) < _DOMINANT:
        return None
    return first, second


def _mode(sample: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the most frequent colour, found among cells of 8 levels, then as the median of its cell."""
    cells = (sample >> 3) @ np.array([1024, 32, 1], np.int32)
    cell = np.bincount(cells).argmax()
    return np.median(sample[cells == cell], axis=0).astype(np.int32)


def _named(a: NDArray[np.int32], b: NDArray[np.int32]) -> tuple[str | None, NDArray[np.int32], NDArray[np.int32]]:
    """Return the map's name (None: none fits), and the two colours as (0, 1)."""
    best: tuple[int, str, bool] = (_NEAR + 1, "", False)
    for name, (low, high) in _MAPS.items():
        for turned, (zero, one) in enumerate(((a, b), (b, a))):
            distance = max(int(np.abs(zero - low).max()), int(np.abs(one - high).max()))
            best = min(best, (distance, name, bool(turned)))
    if best[0] <= _NEAR:
        return best[1], *((b, a) if best[2] else (a, b))
    weights = np.array([299, 587, 114])  # luma of ITU-R BT.601
    return None, *((a, b) if int(a @ weights) <= int(b @ weights) else (b, a))
