"""Rows of "text" that are a bird, a player on a field, a zebra: the network for boxes tells, where it is here.

The network for text takes a small dark shape on plain ground for a glyph. Its box is then the being's own; a real row
on a shirt or across an animal is far smaller or larger. docs/decisions/0063-no-text-that-lives.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freefill.detectors.boxes import overlaps
from freefill.detectors.nanodet import NAME, find_kinds
from freefill.detectors.text import TextRow
from freefill.values import Image
from freefill.weights.locate import state

BEINGS = ("person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
SAME = 0.4  # intersection over union from which a row is the being itself: real rows reach 0.28


def without_beings(image: Image, rows: Sequence[TextRow]) -> list[TextRow]:
    """Return the rows that are no living being; all of them where the network is not on this machine.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    """
    if not rows or state(NAME) != "ready":
        return list(rows)
    beings = np.concatenate([found.boxes for found in find_kinds(image, BEINGS).values()])
    return [row for row in rows if not (overlaps(beings, _box(row)) >= SAME).any()]


def _box(row: TextRow) -> np.ndarray:
    """Return top, left, bottom, right of a row."""
    low, high = row.corners.min(axis=0), row.corners.max(axis=0)
    return np.array([low[1], low[0], high[1], high[0]], np.float64)
