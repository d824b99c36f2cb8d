"""Growing and shrinking by a round kernel."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from freefill.distance import distance_outside
from freefill.errors import InputError
from freefill.masks.grow import grow, object_size_px, shrink

HOLES = arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)))


def grown_the_plain_way(hole: np.ndarray, radius: float) -> np.ndarray:
    rows, cols = np.indices(hole.shape)
    out = np.zeros_like(hole)
    for row, col in np.argwhere(hole):
        out |= (rows - row) ** 2 + (cols - col) ** 2 <= radius**2
    return out


@given(HOLES, st.sampled_from([0, 0.5, 1, 1.5, 2, 2.2360679, 3, 5, 7.5, 20]))
def test_growing_takes_every_pixel_within_the_radius(hole: np.ndarray, radius: float) -> None:
    assert np.array_equal(grow(hole, radius), grown_the_plain_way(hole, radius + 1e-4))


@given(HOLES, st.sampled_from([1, 1.5, 2, 5]))
def test_shrinking_takes_away_every_pixel_within_the_radius_of_what_is_known(hole: np.ndarray, radius: float) -> None:
    assert np.array_equal(shrink(hole, radius), hole & ~grown_the_plain_way(~hole, radius + 1e-4))


@given(HOLES)
def test_distances_are_exact(hole: np.ndarray) -> None:
    if hole.any():
        rows, cols = np.mgrid[0 : hole.shape[0], 0 : hole.shape[1]]
        at_rows, at_cols = np.nonzero(hole)
        squares = (rows[..., None] - at_rows) ** 2 + (cols[..., None] - at_cols) ** 2
        assert np.allclose(distance_outside(hole), np.sqrt(squares.min(axis=-1)), atol=1e-4)


def test_the_hole_itself_is_never_changed() -> None:
    hole = np.zeros((9, 9), bool)
    hole[4, 4] = True
    hole.setflags(write=False)
    assert grow(hole, 2).sum() == 13
    assert hole.sum() == 1


@pytest.mark.parametrize("radius", [-1, np.nan, np.inf])
def test_impossible_radii_are_refused(radius: float) -> None:
    with pytest.raises(InputError, match="radius"):
        grow(np.ones((3, 3), bool), radius)


def test_specks_do_not_make_an_object_larger() -> None:
    hole = np.zeros((50, 50), bool)
    hole[5:15, 5:15] = True
    hole[40, ::2] = True
    assert object_size_px(hole) == 10
    assert object_size_px(np.zeros((4, 4), bool)) == 0


def test_a_small_hole_in_a_large_picture_is_grown_at_once() -> None:
    hole = np.zeros((4000, 6000), bool)
    hole[2000:2100, 3000:3100] = True
    start = time.perf_counter()
    grow(hole, 40)
    assert time.perf_counter() - start < 1
