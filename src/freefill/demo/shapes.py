"""Drawing masks and damage by hand's measure: points are (x, y) in px, as read off the picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole

Points = Sequence[tuple[float, float]]


def polygon(size: tuple[int, int], points: Points) -> Hole:
    """Return the inside of a polygon, its border included; points may lie outside the picture."""
    drawn = np.zeros(size, np.uint8)
    cv2.fillPoly(drawn, [np.rint(np.asarray(points)).astype(np.int32)], 1)
    return drawn.astype(bool)


def ellipse(size: tuple[int, int], centre: tuple[float, float], half: tuple[float, float]) -> Hole:
    """Return the inside of an upright ellipse; `half` are its half width and half height."""
    rows, cols = np.ogrid[: size[0], : size[1]]
    return ((cols - centre[0]) / half[0]) ** 2 + ((rows - centre[1]) / half[1]) ** 2 <= 1


def disc(size: tuple[int, int], centre: tuple[float, float], radius: float) -> Hole:
    """Return a disc."""
    return ellipse(size, centre, (radius, radius))


def stroke(size: tuple[int, int], points: Points, width: int) -> Hole:
    """Return what a round brush covers on its way through the points."""
    return coverage_of_stroke(size, points, width) > 0


def coverage_of_stroke(size: tuple[int, int], points: Points, width: int) -> NDArray[np.float32]:
    """Return how far a round brush covers each pixel, 0 to 1, with smooth edges."""
    drawn = np.zeros(size, np.uint8)
    fixed = np.rint(np.asarray(points) * 16).astype(np.int32)  # sixteenths of a pixel
    cv2.polylines(drawn, [fixed], False, 255, width, cv2.LINE_AA, shift=4)
    return drawn.astype(np.float32) / np.float32(255)


def coverage_of_text(
    size: tuple[int, int], text: str, corner: tuple[int, int], scale: float, width: int
) -> NDArray[np.float32]:
    """Return how far letters cover each pixel, 0 to 1; `corner` is their bottom left."""
    drawn = np.zeros(size, np.uint8)
    cv2.putText(drawn, text, corner, cv2.FONT_HERSHEY_DUPLEX, scale, 255, width, cv2.LINE_AA)
    return drawn.astype(np.float32) / np.float32(255)


def smooth(points: Points, steps: int = 12) -> list[tuple[float, float]]:
    """Lay a smooth curve (Catmull-Rom) through points, as a hand draws it."""
    # The ends twice: each piece of the curve asks a knot beyond both of its own.
    knots = np.asarray([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in (*np.concatenate(curve), knots[-1])]


def widened(hole: Hole, px: int) -> Hole:
    """Grow a hole by a round brush, so that no rim of what it covers is left."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * px + 1, 2 * px + 1))
    return cv2.dilate(hole.astype(np.uint8), brush).astype(bool)


def painted(
    pixels: NDArray[np.uint8], coverage: NDArray[np.float32], colour: float | tuple[float, float, float], opacity: float
) -> NDArray[np.uint8]:
    """Lay a colour, 0 to 255, over (H, W, C) pixels where coverage says."""
    weight = (coverage * opacity)[..., None]
    return np.rint(pixels * (1 - weight) + np.asarray(colour, np.float32) * weight).astype(np.uint8)
