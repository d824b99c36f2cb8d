"""The georeference of a TIFF whose picture got rows above it or columns beside it.

References
----------
OGC GeoTIFF 1.1, section 7.1: ModelTiepointTag, ModelTransformationTag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from freefill.images.tiff.tags import Tag

_TIEPOINTS, _TRANSFORMATION, _RPC = 33922, 34264, 50844


def moved_geo(tags: Mapping[int, Tag], rows: int, cols: int) -> dict[int, Tag]:
    """Return the tags for a picture whose first pixel is now at (rows, cols).

    Rational polynomials (RPC) cannot be moved without their meaning, and are left out.
    """
    moved = dict(tags)
    if (rows, cols) == (0, 0):
        return moved
    moved.pop(_RPC, None)
    points = _doubles(tags.get(_TIEPOINTS), 6)
    if points is not None:  # column, row, 0, then x, y, z on the ground
        points[0::6] += cols
        points[1::6] += rows
        moved[_TIEPOINTS] = replace(tags[_TIEPOINTS], data=points.tobytes())
    matrix = _doubles(tags.get(_TRANSFORMATION), 16)
    if matrix is not None:
        for line in range(3):
            # The origin goes back by as many pixels.
            matrix[4 * line + 3] -= matrix[4 * line] * cols + matrix[4 * line + 1] * rows
        moved[_TRANSFORMATION] = replace(tags[_TRANSFORMATION], data=matrix.tobytes())
    return moved


def _doubles(tag: Tag | None, several: int) -> np.ndarray | None:
    """Return the numbers of a tag of doubles; None where it is none, or not whole."""
    if tag is None or tag.kind != 12 or not tag.data or len(tag.data) % (8 * several):
        return None
    return np.frombuffer(tag.data, "<f8").copy()
