"""Repeat: the same patch stands there again and again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.view import View
from freefill.values import Hole, Image

_SIDE_PX = 9
_MOST = 300  # patches of the hole that are looked for
_SEEN_PX = 60_000  # they are looked for in the view reduced to this
# along a straight edge a patch looks like its neighbour there: the least change over all ways is what counts
_WAYS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
_ENOUGH = 12  # copies of one source: more count no more
_CLOSE = 0.6  # a copy is nearer than this share of the distance to the patch's own neighbour


def repeat(view: View) -> Measurement:
    """Count, for patches of the hole that have texture, how often the picture shows them again.

    A patch once copied has one twin: that is what patch synthesis does. Two and more are what people see. Where it is
    known what each pixel was copied from, places that look alike count only as far as they have the same source.
    Twins in known ground beyond the first are the picture's own: where it repeats itself the fill may.

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
    filled, known, textured = _twins(light, depth > 0, rows, cols)
    if view.copied_from is not None:
        copies = _copies(view, view.copied_from, depth > 0, rows, cols)
        filled = np.where(copies >= 0, np.minimum(copies, filled), filled)  # a copy that no one can see is none
    further = np.where(textured, filled + np.minimum(known, 1) - 1 - np.maximum(known - 1, 0), 0)
    where = np.zeros(light.shape, np.float32)
    where[rows, cols] = np.clip(further / 3, 0, 1)
    where = np.asarray(cv2.resize(cv2.dilate(where, np.ones((5, 5), np.uint8)), view.hole.shape[::-1]), np.float32)
    return Measurement(float(np.clip(further, 0, 4).mean()), where)


def _copies(
    view: View, copied_from: NDArray[np.int32], hole: Hole, rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return (m,) how many other places of the hole, 12 at most, were copied from where each patch was; -1: unknown.

    Parameters
    ----------
    view, copied_from : of the picture
    hole : (h, w) bool, the view reduced
    rows, cols : (m,) middles of the patches, px of `hole`
    """
    at = np.flatnonzero(view.whole_hole)
    per_px = np.array([view.box.height / hole.shape[0], view.box.width / hole.shape[1]])
    corner = np.array([view.box.top, view.box.left])
    places = np.argwhere(hole)
    row, col = (corner + (places + 0.5) * per_px).astype(np.int64).T
    flat = row * view.whole_hole.shape[1] + col
    index = np.minimum(np.searchsorted(at, flat), len(at) - 1)
    source = copied_from[index].astype(np.int64)
    told = (at[index] == flat) & (source[:, 0] >= 0)
    places = places[told]
    source = np.floor((source[told] - corner) / per_px).astype(np.int64)
    span = np.int64(1 << 20)  # wider than any picture reduced: a source may lie outside the view
    code = (source[:, 0] + span) * 4 * span + source[:, 1] + span
    of = np.full(hole.shape, -1, np.int64)
    of[places[:, 0], places[:, 1]] = code
    own = of[rows, cols]
    order = np.argsort(code, kind="stable")
    code, places = code[order], places[order]
    around = np.array([r * 4 * span + c for r in (-1, 0, 1) for c in (-1, 0, 1)])
    first, last = (np.searchsorted(code, own[:, None] + around + more) for more in (0, 1))
    count = np.full(len(rows), -1, np.float32)
    for number in np.flatnonzero(own >= 0):
        others = [places[a:b] for a, b in zip(first[number], last[number], strict=True)]
        count[number] = _apart(np.concatenate(others), np.array((rows[number], cols[number])))
    return count


def _apart(places: NDArray[np.intp], own: NDArray[np.intp]) -> int:
    """Return how many of the places lie a patch apart from `own` and from each other; of more than enough, enough."""
    count = 0
    while True:
        places = places[np.abs(places - own).max(axis=1, initial=0) > _SIDE_PX // 2]
        if not len(places) or count == _ENOUGH:
            return count
        own, count = places[0], count + 1


def _twins(
    light: Image, hole: Hole, rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return (m,) how many separate places in the hole and on known ground look like each patch; which have texture.

    Without texture nothing is looked for.
    """
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
    textured = own > 4.0
    looked = np.flatnonzero(textured)
    filled, known = np.zeros((2, len(rows)), np.float32)
    norms = (all_codes**2).sum(1)
    in_hole = hole[half : hole.shape[0] - half, half : width - half].ravel()
    # Fifty at once: each is compared with every patch of the picture, which takes memory.
    for part in np.array_split(looked, max(1, looked.size // 50)):
        apart2 = norms - 2 * (codes[part] @ all_codes.T) + (codes[part] ** 2).sum(1)[:, None]
        patch, found = np.nonzero(apart2 < _CLOSE**2 * own[part][:, None])
        r = found // across - (rows[part][patch] - half)
        c = found % across - (cols[part][patch] - half)
        elsewhere = (abs(r) > half) | (abs(c) > half)
        for side, count in ((True, filled), (False, known)):
            take = elsewhere & (in_hole[found] == side)
            # What is found a pixel or two apart is one place.
            places = set(zip(patch[take].tolist(), (r[take] // 3).tolist(), (c[take] // 3).tolist(), strict=True))
            count[part] = np.bincount([place[0] for place in places], minlength=len(part))
    return filled, known, textured


def _patches(light: Image) -> NDArray[np.float32]:
    return np.lib.stride_tricks.sliding_window_view(light, (_SIDE_PX, _SIDE_PX))


def _basis() -> NDArray[np.float32]:
    """Return (81, 20) the lowest cosines of a patch, the mean left out."""
    n = np.arange(_SIDE_PX)
    waves = np.cos(np.pi * (n[:, None] + 0.5) * np.arange(5) / _SIDE_PX)
    waves /= np.linalg.norm(waves, axis=0)
    pairs = sorted(((i, j) for i in range(5) for j in range(5) if i + j), key=sum)[:20]
    return np.stack([np.outer(waves[:, i], waves[:, j]).ravel() for i, j in pairs], axis=1).astype(np.float32)
