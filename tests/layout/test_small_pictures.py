"""Pictures smaller than a patch have no layout, and are filled all the same."""

from __future__ import annotations

import numpy as np
import pytest

import freefill


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (3, 3), (1, 40), (40, 5), (8, 8)])
@pytest.mark.parametrize("structure", ["auto", "layout"])
def test_a_picture_smaller_than_a_patch_is_filled(size: tuple[int, int], structure: str) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    hole = np.zeros(size, bool)
    hole.flat[0] = True
    filled = freefill.inpaint(picture, hole, engine="texture", structure=structure).image  # type: ignore[arg-type]
    assert np.array_equal(filled[~hole], picture[~hole])
