"""How little each token of the fill resembles any token of known ground, by a network that looks at both.

Picture and mirror image are both looked at, since where the network's squares happen to lie moves a close call. Tokens
are DINOv2's after half of its blocks, where they say what a place looks like rather than what it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Box, Hole, Image, Pixels, Tokens

_SIDE_PX = 336  # 24 tokens along the longer side
_PATCH_PX = 14  # ViT-S/14
_NEIGHBOUR = 2  # tokens: known ones nearer than this are left out, where known ground is judged as if it were filled
_TOUCHED = 0.02  # a token with so much hole under it is judged; known ones have less
_FULL = 0.5  # with so much hole under it a token counts fully: with less it mostly shows what was there before


@dataclass(frozen=True, eq=False)
class Likeness:
    """Tokens of the hole and of known ground, each held against all known ones; by picture and mirror image.

    Attributes
    ----------
    box : what the network saw, picture px
    touched : (h, w) bool, tokens of the hole
    fill : (2, n) 1 - the largest cosine to a known token, of the hole's tokens
    weight : (n,) how far each of them counts, 0 to 1
    ground : (2, m) the same of known tokens, each judged as if it and its neighbours were filled
    """

    box: Box
    touched: Hole
    fill: NDArray[np.float32]
    weight: NDArray[np.float32]
    ground: NDArray[np.float32]


def likeness_of(whole: Pixels, hole: Hole, tokens: Tokens) -> Likeness | None:
    """Look at hole and surroundings; None where no token is known.

    Parameters
    ----------
    whole : (H, W, 1 or 3) uint8, uint16 or float in [0, 1]: the result
    hole : (H, W) bool, True = hole
    tokens : of the network, half way
    """
    box = _box(hole)
    image, share = _crop(whole[box.slices], hole[box.slices])
    touched = share > _TOUCHED
    if touched.all():
        return None
    mirrored = tokens(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    fill, ground = zip(*(_away(grid, touched) for grid in (tokens(image), mirrored)), strict=True)
    weight = np.minimum(share[touched] / np.float32(_FULL), 1)
    return Likeness(box, touched, np.stack(fill), weight, np.stack(ground))


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


def worst(away: NDArray[np.float32], count: int) -> float:
    """Return the mean of so many of the least alike tokens, of picture and mirror image; 0 where there is none."""
    return float(np.sort(away, axis=1)[:, -max(1, count) :].mean()) if away.size else 0.0


def _box(hole: Hole) -> Box:
    around = Box.around(hole)
    assert around is not None  # a view has a hole
    return around.grown(max(around.height, around.width) // 3 + 16, (hole.shape[0], hole.shape[1]))


def _crop(whole: Pixels, hole: Hole) -> tuple[Image, NDArray[np.float32]]:
    """Return the crop for the network, long side 336, and the share of hole under each token."""
    scale = _SIDE_PX / max(hole.shape)
    height, width = (max(round(side * scale / _PATCH_PX), 1) * _PATCH_PX for side in hole.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(whole, (width, height), interpolation=how)
    share = cv2.resize(hole.astype(np.float32), (width // _PATCH_PX, height // _PATCH_PX), interpolation=cv2.INTER_AREA)
    return as_float(image.reshape(height, width, -1)), np.asarray(share, np.float32)


def as_float(pixels: Pixels) -> Image:
    """Return (h, w, 3) float32 RGB in [0, 1] of uint8, uint16 or float, grey or colour."""
    full = float(np.iinfo(pixels.dtype).max) if np.issubdtype(pixels.dtype, np.integer) else 1.0
    image = pixels.astype(np.float32) / np.float32(full)
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
