"""The pyramid: what is unknown has no influence, and the hole shrinks upwards."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.synthesis.compiled import Crew
from freefill.synthesis.pyramid import push_pull, reduce


def halved(image: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with Crew(1) as crew:
        return reduce(image, known, known, crew)


def test_a_plain_picture_stays_plain():
    coarse, known, _ = halved(np.full((9, 12, 3), 77, np.uint8), np.ones((9, 12), np.uint8))
    assert coarse.shape == (5, 6, 3)
    assert (coarse == 77).all()
    assert known.all()


def test_a_hole_loses_two_pixels_of_each_side_before_it_is_halved():
    known = np.ones((32, 32), np.uint8)
    known[8:24, 8:24] = 0
    _, coarse_known, _ = halved(np.zeros((32, 32, 3), np.uint8), known)
    rows, cols = np.nonzero(coarse_known == 0)
    # The sixteen pixels of a side would be eight; twelve of them are left before halving.
    assert (rows.min(), rows.max()) == (5, 10)
    assert (cols.min(), cols.max()) == (5, 10)


def test_five_by_five_golden():
    image = np.zeros((5, 5, 1), np.uint8)
    image[2, 2] = 200
    coarse, _, _ = halved(image, np.ones((5, 5), np.uint8))
    # The Gaussian of sigma 0.8 has 0.4991 in its middle and 0.0219 at its ends; at the border two taps are cut off.
    assert coarse[..., 0].tolist() == [[0, 3, 0], [3, 50, 3], [0, 3, 0]]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), size=st.tuples(st.integers(8, 24), st.integers(8, 24)))
def test_what_lies_in_the_hole_has_no_influence(seed, size):
    rng = np.random.default_rng(seed)
    known = (rng.random(size) < 0.6).astype(np.uint8)
    image = rng.integers(0, 255, (*size, 3), np.uint8)
    other = np.where(known[..., None] > 0, image, np.uint8(255) - image)
    for one, two in zip(halved(image, known), halved(other, known), strict=True):
        assert np.array_equal(one, two)


def test_a_pixel_touched_by_what_may_not_be_copied_is_no_source():
    known = np.ones((16, 16), np.uint8)
    source = known.copy()
    source[:, 8:] = 0
    with Crew(1) as crew:
        _, coarse_known, coarse_source = reduce(np.zeros((16, 16, 3), np.uint8), known, source, crew)
    assert coarse_known.all()
    assert coarse_source[:, :3].all()
    assert not coarse_source[:, 4:].any()


def test_the_smooth_fill_keeps_known_pixels_and_stays_within_their_range():
    rng = np.random.default_rng(1)
    image = rng.random((37, 23, 3)).astype(np.float32)
    known = rng.random((37, 23)) < 0.2
    filled = push_pull(image, known)
    assert np.array_equal(filled[known], image[known])
    assert filled.min() >= image[known].min() - 1e-5
    assert filled.max() <= image[known].max() + 1e-5


def test_the_smooth_fill_of_a_ramp_lies_near_the_ramp():
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0)
    known = np.ones((64, 64), bool)
    known[24:40, 24:40] = False
    assert np.abs(push_pull(ramp, known) - ramp).max() < 0.1
