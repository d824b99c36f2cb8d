"""Shapes that a user names by numbers, as a hole."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from freefill.errors import InputError
from freefill.masks.draw import disc_mask, polygon_mask, stroke_mask
from freefill.request import Shape
from freefill.values import Hole


def draw_shapes(shapes: Iterable[Shape], size: tuple[int, int]) -> Hole:
    """Return (H, W) bool, True inside any of the shapes; what lies outside the picture is cut.

    Raises
    ------
    InputError
        If a shape lies wholly outside: its numbers are meant for another picture.

    Examples
    --------
    >>> draw_shapes([Shape.parse("box:1,0,2,1")], (2, 4)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 0, 0, 0]]
    """
    hole = np.zeros(size, bool)
    for shape in shapes:
        drawn = _draw(shape, size)
        if not drawn.any():
            numbers = ",".join(f"{n:g}{'%' if p else ''}" for n, p in zip(shape.numbers, shape.percent, strict=True))
            raise InputError(f"{shape.kind} {numbers}: lies outside the picture, which is {size[1]}x{size[0]} px")
        hole |= drawn
    return hole


def _draw(shape: Shape, size: tuple[int, int]) -> Hole:
    numbers = _in_px(shape, size)
    if shape.kind == "box":
        left, top, width, height = (round(n) for n in numbers)
        hole = np.zeros(size, bool)
        hole[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = True
        return hole
    if shape.kind == "circle":
        x, y, radius = numbers
        return disc_mask(size, (y - 0.5, x - 0.5), radius)  # a corner of pixels is whole here, a centre there
    if shape.kind == "line":
        x1, y1, x2, y2, width = numbers
        return stroke_mask(size, [(y1 - 0.5, x1 - 0.5), (y2 - 0.5, x2 - 0.5)], width)
    points = [(y - 0.5, x - 0.5) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]
    return polygon_mask(size, points)


def _in_px(shape: Shape, size: tuple[int, int]) -> tuple[float, ...]:
    """Turn percent into px, each of what it is a share of."""
    height, width = size
    of = [width, height] * (len(shape.numbers) // 2 + 1)
    if shape.kind in ("circle", "line"):
        of[len(shape.numbers) - 1] = min(size)
    parts = zip(shape.numbers, shape.percent, of, strict=False)
    return tuple(number / 100 * whole if percent else number for number, percent, whole in parts)
