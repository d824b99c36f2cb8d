"""Random masks as the field's protocols draw them: from a seed, the same on every machine.

References
----------
Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022: narrow, medium and wide
masks at 512 px. The authors' generator has no fixed seed, so that the law is theirs and the masks are not.
DeepFillv2's own masks are in masks/draw.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freefill.errors import InputError, did_you_mean

# Exact on every machine, where the library's sine is not.
from freefill.masks.draw import _integer, _sine_cosine, box_mask, deepfill_mask, free_form_mask, stroke_mask
from freefill.values import Box, Hole

KINDS = ("deepfill", "strokes", "thin", "medium", "thick", "boxes", "person")


@dataclass(frozen=True)
class StrokeLaw:
    """LaMa's law of strokes and boxes, px at 512.

    Attributes
    ----------
    strokes, boxes : fewest and most
    length_px, width_px : lengths are 10 and below this more, widths 5 and below this more
    box_weight : how often boxes are drawn, where strokes have weight 1
    box_px : shortest and longest side
    margin_px : between a box and the border
    """

    strokes: tuple[int, int]
    length_px: int
    width_px: int
    box_weight: float = 0.0
    boxes: tuple[int, int] = (0, 0)
    box_px: tuple[int, int] = (30, 150)
    margin_px: int = 0


LAMA = {
    "thin": StrokeLaw((4, 70), 100, 20),
    "medium": StrokeLaw((4, 10), 200, 100, 0.3, (1, 5), (30, 150), 0),
    "thick": StrokeLaw((1, 5), 450, 250, 0.3, (1, 4), (30, 300), 10),
}
_TRIES = 100  # a mask of more than half the picture is drawn again


def random_mask(
    kind: str, size: tuple[int, int], seed: int, *, scale: float | None = None, shapes: Sequence[Hole] = ()
) -> Hole:
    """Draw a mask of one of KINDS.

    Parameters
    ----------
    kind : "deepfill" (strokes and a box, for 256 px), "strokes" (those strokes alone), "thin", "medium" and "thick"
        (LaMa, for 512 px), "boxes" (1 to 4 boxes), "person" (one of `shapes`, placed at random)
    size : (height, width)
    seed : the same seed, kind and size give the same mask on every machine
    scale : lengths by this factor; None = by the picture's short side over the size that the protocol is for
    shapes : holes that "person" takes its outlines from

    Returns
    -------
    (H, W) bool, never empty

    Raises
    ------
    InputError
        If the kind is not known, or "person" has no shapes.
    """
    if kind not in KINDS:
        raise InputError(
            f"random masks: '{kind}' is not a kind of mask;{did_you_mean(kind, KINDS)} all: {', '.join(KINDS)}"
        )
    if min(size) < 2 or (scale is not None and not 0 < scale < 1000):
        raise InputError(f"random masks: {size[1]}x{size[0]} px at scale {scale} leaves no room for a mask")
    native = min(size) / (256 if kind in ("deepfill", "strokes") else 512)
    factor = native if scale is None else scale
    if kind == "deepfill":
        return deepfill_mask(size, seed, factor)
    rng = np.random.Generator(np.random.PCG64(seed))
    if kind == "strokes":
        return free_form_mask(size, rng, factor)
    if kind == "boxes":
        return _boxes(size, rng, (1, 4), (30, 300), 10, factor)
    if kind == "person":
        return _person(size, rng, [shape for shape in shapes if shape.any()])
    return _lama(size, rng, LAMA[kind], factor)


def _lama(size: tuple[int, int], rng: np.random.Generator, law: StrokeLaw, scale: float) -> Hole:
    hole = np.zeros(size, bool)
    for _ in range(_TRIES):
        if rng.random() * (1 + law.box_weight) < 1:
            hole = _strokes(size, rng, law, scale)
        else:
            hole = _boxes(size, rng, law.boxes, law.box_px, law.margin_px, scale)
        if 0 < hole.sum() <= hole.size / 2:
            break
    return hole


def _strokes(size: tuple[int, int], rng: np.random.Generator, law: StrokeLaw, scale: float) -> Hole:
    height, width = size
    hole = np.zeros(size, bool)
    for stroke in range(_integer(rng, *law.strokes)):
        points = [(_integer(rng, 0, height - 1), _integer(rng, 0, width - 1))]
        for _ in range(_integer(rng, 1, 5)):
            angle = 0.01 + _integer(rng, 0, 3)  # as the authors draw it: 0, 1, 2 or 3 radians, and a little
            sine, cosine = _sine_cosine(angle)
            length = (10 + _integer(rng, 0, law.length_px - 1)) * scale
            thickness = max(round((5 + _integer(rng, 0, law.width_px - 1)) * scale), 1)
            row = points[-1][0] + int(length * cosine)
            # Every second stroke turns the other way.
            col = points[-1][1] + int(length * (-sine if stroke % 2 == 0 else sine))
            points.append((min(max(row, 0), height), min(max(col, 0), width)))
            hole |= stroke_mask(size, points[-2:], thickness)
    return hole


def _boxes(
    size: tuple[int, int],
    rng: np.random.Generator,
    count: tuple[int, int],
    side_px: tuple[int, int],
    margin_px: int,
    scale: float,
) -> Hole:
    """Draw boxes whose sides are drawn apart; they lie within the margin and may overlap."""
    hole = np.zeros(size, bool)
    margin = min(round(margin_px * scale), (min(size) - 1) // 4)
    room = (size[0] - 2 * margin, size[1] - 2 * margin)
    low, high = max(round(side_px[0] * scale), 1), max(round(side_px[1] * scale), 1)
    for _ in range(_integer(rng, *count)):
        sides = [min(_integer(rng, low, high), each) for each in room]
        top, left = (margin + _integer(rng, 0, each - side) for each, side in zip(room, sides, strict=True))
        hole |= box_mask(size, Box(top, left, sides[0], sides[1]))
    return hole


def _person(size: tuple[int, int], rng: np.random.Generator, shapes: Sequence[Hole]) -> Hole:
    """Place one outline, 0.25 to 0.75 of the picture, mirrored half the time, at most a third of it cut off."""
    if not shapes:
        raise InputError("random masks: 'person' takes its outlines from annotations; pass --shapes instances.json")
    shape = shapes[_integer(rng, 0, len(shapes) - 1)]
    around = Box.around(shape)
    shape = shape if around is None else shape[around.slices]
    if rng.random() < 0.5:
        shape = shape[:, ::-1]
    share = 0.25 + 0.5 * rng.random()
    factor = min(size[0] * share / shape.shape[0], size[1] * share / shape.shape[1])
    high, wide = (max(int(side * factor), 1) for side in shape.shape)
    # Nearest neighbour in whole numbers: pixel i of n comes from the middle of its span, (2 i + 1) m / (2 n).
    down = (2 * np.arange(high) + 1) * shape.shape[0] // (2 * high)
    across = (2 * np.arange(wide) + 1) * shape.shape[1] // (2 * wide)
    scaled = shape[down[:, None], across[None, :]]
    hole = np.zeros(size, bool)
    top = _integer(rng, -(high // 3), max(size[0] - high + high // 3, 0))
    left = _integer(rng, -(wide // 3), max(size[1] - wide + wide // 3, 0))
    part = scaled[max(-top, 0) : size[0] - top, max(-left, 0) : size[1] - left]
    hole[max(top, 0) : max(top, 0) + part.shape[0], max(left, 0) : max(left, 0) + part.shape[1]] = part
    return hole if hole.any() else box_mask(size, Box(size[0] // 2, size[1] // 2, 1, 1))
