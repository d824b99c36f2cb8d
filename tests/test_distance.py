"""Distances to a mask, and how thick it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from freefill.distance import distance_inside, distance_outside, thickness

HOLES = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.booleans())


@given(HOLES)
@settings(deadline=None)  # the first call loads OpenCV
def test_the_distance_inside_is_that_to_the_nearest_known_pixel_anywhere(hole):
    assert np.array_equal(distance_inside(hole), distance_outside(~hole))


@pytest.mark.parametrize("width", [1280, 5000])
def test_a_disc_is_as_thick_as_its_diameter_also_where_it_is_seen_smaller(width):
    rows, cols = np.ogrid[:1000, :width]
    disc = np.hypot(rows - 500, cols - width / 2) < 300
    assert thickness(disc) == pytest.approx(600, rel=0.02)
