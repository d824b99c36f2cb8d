"""The smoothest fill."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from freefill.synthesis.harmonic import harmonic_fill


@settings(deadline=None)  # the first call compiles
@given(hole=arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), seed=st.integers(0, 99))
def test_known_pixels_stay_and_the_fill_lies_within_their_range(hole, seed):
    image = np.random.default_rng(seed).random((*hole.shape, 3)).astype(np.float32)
    filled = harmonic_fill(np.where(hole[..., None], np.float32(np.nan), image), hole)
    assert np.array_equal(filled[~hole], image[~hole])
    if hole.all():
        assert not filled.any()
    else:
        known = image[~hole]
        assert (filled >= known.min(0) - 1e-5).all()
        assert (filled <= known.max(0) + 1e-5).all()


def test_a_ramp_goes_on_through_a_wide_hole():
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[:, None, None], (1, 64, 3))
    hole = np.zeros((64, 64), bool)
    hole[10:54, 10:54] = True
    assert np.abs(harmonic_fill(ramp, hole) - ramp).max() < 0.06


def test_a_mirrored_picture_gives_a_mirrored_fill():
    image = np.random.default_rng(0).random((32, 32, 1)).astype(np.float32)
    hole = np.zeros((32, 32), bool)
    hole[8:24, 4:28] = True
    there = harmonic_fill(image, hole)
    back = harmonic_fill(np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(hole[:, ::-1]))[:, ::-1]
    assert np.abs(there - back).max() < 0.05
