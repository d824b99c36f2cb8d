"""Unlike: parts of the fill that mean nothing known, by a network's tokens.

Of all scores tried against people's verdicts this one told most: each token of the hole is held against every token of
known ground, and the least alike eighth is averaged. A person who sees a bulge, half a window or a smear sees
something for which the rest of the picture has no likeness. In a picture of many things the untouched ground has little
likeness either: half of what known tokens lack among themselves is taken off. Picture and mirror image are both looked
at, since where the network's squares happen to lie moves a close call. Tokens are DINOv2's after half of its blocks,
where they say what a place looks like rather than what it belongs to (docs/results/diagnosis.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.view import View, as_float
from freefill.values import Box, Hole, Image

Tokens = Callable[[Image], NDArray[np.float32]]
"""Image (h, w, 3) in [0, 1], sides multiples of 14, to (h / 14, w / 14, d)."""

_SIDE_PX = 336  # 24 tokens along the longer side
_PATCH_PX = 14  # ViT-S/14
_NEIGHBOUR = 2  # tokens: known ones nearer than this are left out, where known ground is judged as if it were filled
_USUAL = 0.5
_TOUCHED = 0.02  # a token with so much hole under it is judged; known ones have less


def unlike(view: View, tokens: Tokens) -> Measurement:
    """Measure how little the least known eighth of the fill's tokens resembles any token of known ground.

    Parameters
    ----------
    view : of the fill
    tokens : of the network, half way

    Returns
    -------
    Measure: mean of 1 - the largest cosine over the worst eighth of the tokens that touch the hole, less half of the
    same for known tokens, each judged as if it and its neighbours were filled
    """
    image, share = _crop(view)
    touched = share > _TOUCHED
    if touched.all():
        return Measurement.nothing(view.hole.shape)
    both = [_away(tokens(image), touched)]
    mirrored = tokens(np.ascontiguousarray(image[:, ::-1]))
    both.append(_away(mirrored[:, ::-1], touched))
    raw = np.mean([_worst(away) - _USUAL * _worst(usual) for away, usual in both])
    small = np.zeros(share.shape, np.float32)
    small[touched] = np.clip((np.mean([away for away, _ in both], axis=0) - 0.15) / 0.5, 0, 1)
    return Measurement(float(raw), _laid_over(small, view))


def _away(grid: NDArray[np.float32], touched: Hole) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return 1 - the largest cosine to a known token, of the hole's tokens and of known ones without their neighbours.

    Parameters
    ----------
    grid : (h, w, d) tokens
    touched : (h, w) bool, True = of the hole
    """
    unit = grid / np.maximum(np.linalg.norm(grid, axis=2, keepdims=True), 1e-9)
    known = unit[~touched]
    away = 1 - (unit[touched] @ known.T).max(axis=1)
    rows, cols = np.nonzero(~touched)
    near = (rows[:, None] - rows) ** 2 + (cols[:, None] - cols) ** 2 < _NEIGHBOUR**2
    alike = np.where(near, -np.inf, known @ known.T).max(axis=1)
    return away, 1 - alike[np.isfinite(alike)]


def _worst(away: NDArray[np.float32]) -> float:
    """Return the mean of the worst eighth; 0 where there is none."""
    return float(np.sort(away)[-max(1, away.size // 8) :].mean()) if away.size else 0.0


def _box(hole: Hole) -> Box:
    around = Box.around(hole)
    assert around is not None  # a view has a hole
    return around.grown(max(around.height, around.width) // 3 + 16, (hole.shape[0], hole.shape[1]))


def _crop(view: View) -> tuple[Image, NDArray[np.float32]]:
    """Return the crop for the network, long side 336, and the share of hole under each token."""
    box = _box(view.whole_hole)
    scale = _SIDE_PX / max(box.height, box.width)
    height, width = (max(round(side * scale / _PATCH_PX), 1) * _PATCH_PX for side in (box.height, box.width))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(view.whole[box.slices], (width, height), interpolation=how)
    hole = view.whole_hole[box.slices].astype(np.float32)
    share = cv2.resize(hole, (width // _PATCH_PX, height // _PATCH_PX), interpolation=cv2.INTER_AREA)
    return as_float(image.reshape(height, width, -1)), np.asarray(share, np.float32)


def _laid_over(small: NDArray[np.float32], view: View) -> Image:
    """Return the tokens' map over the view, in the hole and close around it."""
    box, inner = _box(view.whole_hole), view.box
    where = np.zeros(view.hole.shape, np.float32)
    top, left = (round((a - b) * view.scale) for a, b in ((box.top, inner.top), (box.left, inner.left)))
    height, width = max(round(box.height * view.scale), 1), max(round(box.width * view.scale), 1)
    large = cv2.resize(small, (width, height))
    bottom, right = view.hole.shape
    rows = slice(max(top, 0), min(top + height, bottom))
    cols = slice(max(left, 0), min(left + width, right))
    where[rows, cols] = large[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    return np.where(cv2.dilate(view.hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0, where, 0).astype(np.float32)
