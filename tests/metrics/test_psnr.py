import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freefill.errors import InputError
from freefill.metrics.psnr import psnr_db

TRUTH = np.random.default_rng(0).random((9, 11, 3)).astype(np.float32)
HOLE = np.zeros((9, 11), bool)
HOLE[2:5, 3:9] = True


@given(error=st.floats(0.01, 0.5))
def test_a_constant_error_gives_its_own_level_in_decibels(error):
    assert psnr_db(TRUTH, TRUTH + np.float32(error), HOLE) == pytest.approx(-20 * np.log10(error), abs=1e-3)


def test_known_pixels_do_not_count():
    fill = TRUTH.copy()
    fill[~HOLE] = np.nan
    fill[HOLE] += np.float32(0.1)
    assert psnr_db(TRUTH, fill, HOLE) == pytest.approx(20.0, abs=1e-4)


def test_an_equal_fill_is_infinitely_good():
    assert psnr_db(TRUTH, TRUTH, HOLE) == float("inf")


def test_an_empty_hole_is_refused():
    with pytest.raises(InputError, match="empty"):
        psnr_db(TRUTH, TRUTH, np.zeros_like(HOLE))


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="agree in size"):
        psnr_db(TRUTH, TRUTH, HOLE[:-1])
