import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from freefill.compose.blend import blend
from freefill.errors import InputError

HOLES = npst.arrays(np.bool_, npst.array_shapes(min_dims=2, max_dims=2, max_side=24))


@given(hole=HOLES)
def test_no_known_pixel_is_written(hole):
    image = np.random.default_rng(0).random((*hole.shape, 3)).astype(np.float32)
    fill = np.where(np.repeat(hole[..., None], 3, axis=2), np.float32(0.5), np.float32(np.nan))
    filled = blend(image, fill, hole, core=hole)
    assert np.array_equal(filled[~hole], image[~hole])
    assert (filled[hole] == np.float32(0.5)).all()


@given(hole=HOLES, keep=st.integers(0, 2**32 - 1))
def test_the_fade_stays_between_image_and_fill(hole, keep):
    core = hole & (np.random.default_rng(keep).random(hole.shape) < 0.3)
    image = np.zeros((*hole.shape, 3), np.float32)
    filled = blend(image, image + 1, hole, core)
    assert ((filled >= 0) & (filled <= 1)).all()
    assert (filled[core] == 1).all()
    assert (filled[~hole] == 0).all()


def test_a_core_outside_the_hole_is_refused():
    hole = np.zeros((3, 3), bool)
    with pytest.raises(InputError, match="leaves the hole"):
        blend(np.zeros((3, 3, 3), np.float32), np.zeros((3, 3, 3), np.float32), hole, ~hole)
