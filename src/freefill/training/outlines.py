"""Holes in the shape of what people remove: persons and things, drawn by code.

Proportions are a standing person's, loosely; what matters is that holes are as thick, as tall and as ragged as real
ones, and stand where persons and things stand.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole

Mark = NDArray[np.uint8]


def outline(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Hole:
    """Draw one or two persons or up to three things.

    Parameters
    ----------
    kind : "persons" or "things"
    size : (height, width); shapes may reach beyond it

    Returns
    -------
    (H, W) bool, True = hole; may be empty where a shape lies outside
    """
    mark = np.zeros(size, np.uint8)
    for _ in range(int(rng.integers(1, 3 if kind == "persons" else 4))):
        if kind == "persons":
            _person(mark, rng)
        elif rng.random() < 0.6:
            _thing(mark, rng)
        else:
            _chain(mark, rng)
    return mark > 0


def _person(mark: Mark, rng: np.random.Generator) -> None:
    """Head, trunk, two legs, two arms, sometimes a bag or a shadow."""
    rows, cols = mark.shape
    tall = rng.uniform(0.3, 0.95) * rows
    thick, lean = tall * rng.uniform(0.16, 0.28), rng.normal(0, 0.12)
    middle, top = rng.uniform(0.1, 0.9) * cols, rng.uniform(-0.15 * rows, 1.05 * rows - tall * rng.uniform(0.6, 1))

    def at(aside: float, down: float) -> tuple[int, int]:
        """A place by its distance from the middle (in thicknesses) and from the top (in heights)."""
        return int(middle + aside * thick + lean * down * tall), int(top + down * tall)

    cv2.ellipse(mark, at(0, 0.08), (max(int(tall * 0.055), 1), max(int(tall * 0.08), 1)), 0, 0, 360, 1, -1)
    shoulder, hip = rng.uniform(0.75, 1.1), rng.uniform(0.5, 0.9)
    trunk = [at(-shoulder, 0.17), at(shoulder, 0.17), at(hip, 0.52), at(-hip, 0.52)]
    cv2.fillPoly(mark, [np.array(trunk, np.int32)], 1)
    for side in (-1, 1):
        knee = at(side * rng.uniform(0.2, 1.4), 0.74)
        elbow = at(side * rng.uniform(0.9, 2.2), rng.uniform(0.15, 0.42))
        _limb(mark, at(side * 0.35, 0.5), knee, thick * 0.62)
        _limb(mark, knee, at(side * rng.uniform(0.2, 1.8), 1.0), thick * 0.45)
        _limb(mark, at(side * 0.85, 0.2), elbow, thick * 0.42)
        _limb(mark, elbow, at(side * rng.uniform(0.2, 2.4), rng.uniform(0.2, 0.6)), thick * 0.36)
    if rng.random() < 0.3:
        _limb(mark, at(0.9, 0.3), at(1.2, 0.55), thick)
    if rng.random() < 0.25:
        foot = at(0, 0.98)
        end = int(foot[0] + rng.uniform(-0.6, 0.6) * tall), int(foot[1] + rng.uniform(0.02, 0.15) * tall)
        _limb(mark, foot, end, thick)


def _limb(mark: Mark, start: tuple[int, int], end: tuple[int, int], thick: float) -> None:
    cv2.line(mark, start, end, 1, max(round(thick), 1))


def _thing(mark: Mark, rng: np.random.Generator) -> None:
    """A smooth closed outline: a circle with some waves, stretched and turned."""
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = np.ones(24)
    for waves in range(2, 6):
        radius += rng.normal(0, 0.28 / waves) * np.cos(waves * around + rng.uniform(0, 2 * np.pi))
    size, stretch = rng.uniform(0.08, 0.3) * min(mark.shape), np.exp(rng.uniform(-0.7, 0.7))
    turn = rng.normal(0, 0.4) if rng.random() < 0.7 else rng.uniform(0, np.pi)
    x, y = radius * np.cos(around) * size * stretch, radius * np.sin(around) * size / stretch
    row, col = rng.uniform(0.05, 0.95, 2) * mark.shape
    points = np.stack([col + x * np.cos(turn) - y * np.sin(turn), row + x * np.sin(turn) + y * np.cos(turn)], 1)
    cv2.fillPoly(mark, [points.astype(np.int32)], 1)


def _chain(mark: Mark, rng: np.random.Generator) -> None:
    """Ellipses in a row, mostly upright: an animal, a bush, a group of persons far away."""
    place = rng.uniform(0.1, 0.9, 2) * mark.shape
    size = rng.uniform(0.06, 0.16) * min(mark.shape)
    heading = np.pi / 2 + rng.normal(0, 0.3) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(2, 6))):
        axes = max(int(size * rng.uniform(0.6, 1.6)), 1), max(int(size * rng.uniform(0.5, 1.2)), 1)
        angle = float(np.degrees(heading + rng.normal(0, 0.4)))
        cv2.ellipse(mark, (int(place[1]), int(place[0])), axes, angle, 0, 360, 1, -1)
        place = place + np.array([np.sin(heading), np.cos(heading)]) * size * rng.uniform(0.7, 1.6)
        size *= rng.uniform(0.7, 1.25)
