"""Repeat: the same patch stands there again and again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.view import View
from freefill.values import Image

_SIDE_PX = 9
_MOST = 300  # patches of the hole that are looked for
_SEEN_PX = 60_000  # they are looked for in the view reduced to this
# along a straight edge a patch looks like its neighbour there: the least change over all ways is what counts
_WAYS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
_CLOSE = 0.6  # a copy is nearer than this share of the distance to the patch's own neighbour


def repeat(view: View) -> Measurement:
    """Count, for patches of the hole that have texture, how often the picture shows them again.

    A patch once copied has one twin: that is what patch synthesis does. Two and more are what people see.

    Returns
    -------
    Measure: mean number of further twins, at most 4 a patch
    """
    light, depth = view.lab[..., 0], view.depth
    share = min(1.0, float(np.sqrt(_SEEN_PX / light.size)))
    light, depth = (
        np.asarray(cv2.resize(x, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.float32)
        for x in (light, depth)
    )
    half = _SIDE_PX // 2
    height, width = light.shape
    if min(height, width) < 3 * _SIDE_PX:
        return Measurement.nothing(view.hole.shape)
    rows, cols = np.nonzero(depth[half : height - half - 1, half : width - half - 1] > 2)
    if rows.size < 8:
        return Measurement.nothing(view.hole.shape)
    take = np.linspace(0, rows.size - 1, min(_MOST, rows.size)).astype(int)
    rows, cols = rows[take] + half, cols[take] + half
    twins = _twins(light, rows, cols)
    where = np.zeros(light.shape, np.float32)
    where[rows, cols] = np.clip((twins - 1) / 3, 0, 1)
    where = np.asarray(cv2.resize(cv2.dilate(where, np.ones((5, 5), np.uint8)), view.hole.shape[::-1]), np.float32)
    return Measurement(float(np.clip(twins - 1, 0, 4).mean()), where)


def _twins(light: Image, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return (m,) how many separate places look like each patch; 0 for patches without texture."""
    every = _patches(light)
    width = light.shape[1]
    half = _SIDE_PX // 2
    across = width - 2 * half
    mine = (rows - half) * across + (cols - half)
    basis = _basis()
    all_codes = every.reshape(-1, _SIDE_PX**2) @ basis
    codes = all_codes[mine]
    own = np.minimum.reduce(
        [
            ((codes - all_codes[np.minimum(mine + r * across + c, len(all_codes) - 1)]) ** 2).sum(1) / (r * r + c * c)
            for r, c in _WAYS
        ]
    )
    textured = np.flatnonzero(own > 4.0)
    count = np.zeros(len(rows), np.float32)
    norms = (all_codes**2).sum(1)
    # Fifty at once: each is compared with every patch of the picture, which takes memory.
    for part in np.array_split(textured, max(1, textured.size // 50)):
        apart2 = norms - 2 * (codes[part] @ all_codes.T) + (codes[part] ** 2).sum(1)[:, None]
        patch, found = np.nonzero(apart2 < _CLOSE**2 * own[part][:, None])
        r = found // across - (rows[part][patch] - half)
        c = found % across - (cols[part][patch] - half)
        elsewhere = (abs(r) > half) | (abs(c) > half)
        # What is found a pixel or two apart is one place.
        places = set(
            zip(patch[elsewhere].tolist(), (r[elsewhere] // 3).tolist(), (c[elsewhere] // 3).tolist(), strict=True)
        )
        count[part] = np.bincount([place[0] for place in places], minlength=len(part))
    return count


def _patches(light: Image) -> NDArray[np.float32]:
    return np.lib.stride_tricks.sliding_window_view(light, (_SIDE_PX, _SIDE_PX))


def _basis() -> NDArray[np.float32]:
    """Return (81, 20) the lowest cosines of a patch, the mean left out."""
    n = np.arange(_SIDE_PX)
    waves = np.cos(np.pi * (n[:, None] + 0.5) * np.arange(5) / _SIDE_PX)
    waves /= np.linalg.norm(waves, axis=0)
    pairs = sorted(((i, j) for i in range(5) for j in range(5) if i + j), key=sum)[:20]
    return np.stack([np.outer(waves[:, i], waves[:, j]).ravel() for i, j in pairs], axis=1).astype(np.float32)
