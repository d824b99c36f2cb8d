"""Masks for training: another one for every view, from a seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from freefill.errors import InputError, did_you_mean
from freefill.masks.draw import box_mask, random_box
from freefill.masks.random_masks import random_mask
from freefill.training.outlines import outline
from freefill.values import Box, Hole

DRAWN = ("deepfill", "strokes", "thin", "medium", "thick", "boxes")  # as freefill mask random draws them
OUTLINED = ("persons", "things")
KINDS = (*DRAWN, *OUTLINED, "box", "halves", "frames", "everything")
_TRIES = 50  # a kind that is too large so often is a wrong option, not bad luck


def draw(
    masks: Mapping[str, float], size: tuple[int, int], rng: np.random.Generator, scale: float, largest: float
) -> Hole:
    """Draw one mask.

    Parameters
    ----------
    masks : kind to how often it is drawn. "deepfill" is the paper's strokes and box together, "strokes" and "box" one
        of them; "thin", "medium", "thick" are LaMa's; "persons" and "things" are outlines of such; "halves" a side of
        the picture, 30 to 70 %; "frames" all around, 10 to 25 % of each side; "everything" leaves nothing (for tests
        of what then happens)
    size : (height, width)
    rng : draws kind and mask
    scale : of lengths in px, which are meant for 256 (LaMa's: 512); 0 = by the short side
    largest : share of the picture; a larger mask is drawn again

    Returns
    -------
    (H, W) bool, True = hole, never empty

    Raises
    ------
    InputError
        If a kind is unknown, or draws nothing but larger masks.
    """
    unknown = next((kind for kind in masks if kind not in KINDS), None)
    if unknown is not None:
        raise InputError(
            f"masks: '{unknown}' is not a kind of mask;{did_you_mean(unknown, KINDS)} all: {', '.join(KINDS)}"
        )
    kinds, weights = list(masks), np.array(list(masks.values()), float)
    kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    for _ in range(_TRIES):
        hole = _one(kind, size, rng, scale)
        if 0 < hole.mean() <= largest:
            return hole
    raise InputError(
        f"masks: '{kind}' covered more than {largest:.0%} of {size[1]}x{size[0]} px {_TRIES} times in a row; take "
        "another kind, or a smaller mask_scale"
    )


def _one(kind: str, size: tuple[int, int], rng: np.random.Generator, scale: float) -> Hole:
    height, width = size
    if kind in DRAWN:
        return random_mask(kind, size, int(rng.integers(2**62)), scale=scale or None)
    if kind in OUTLINED:
        return outline(kind, size, rng)
    if kind == "box":
        factor = scale or min(size) / 256
        return box_mask(size, random_box(size, rng, max(round(128 * factor), 1), max(round(32 * factor), 1)))
    if kind == "frames":
        rows, cols = (max(round(side * rng.uniform(0.1, 0.25)), 1) for side in size)
        return ~box_mask(size, Box(rows, cols, height - 2 * rows, width - 2 * cols))
    if kind == "halves":
        hole = box_mask(size, Box(0, 0, max(round(height * rng.uniform(0.3, 0.7)), 1), width))
        if rng.random() < 0.5:
            hole = box_mask(size, Box(0, 0, height, max(round(width * rng.uniform(0.3, 0.7)), 1)))
        # A copy: torch takes no array that runs backwards.
        return hole[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])].copy()
    return np.ones(size, bool)
