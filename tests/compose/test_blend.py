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
    image = np.random.default_rng(keep).random((*hole.shape, 3)).astype(np.float32)
    fill = np.where(np.repeat(hole[..., None], 3, axis=2), image + 1, np.float32(np.nan))
    filled = blend(image, fill, hole, core)
    assert np.array_equal(filled[core], fill[core])
    assert np.array_equal(filled[~hole], image[~hole])
    assert ((filled[hole] >= image[hole]) & (filled[hole] <= fill[hole])).all()


def test_where_nothing_is_known_there_is_nothing_to_fade_into():
    core = np.zeros((4, 4), bool)
    core[1, 1] = True
    filled = blend(np.zeros((4, 4, 3), np.float32), np.ones((4, 4, 3), np.float32), np.ones((4, 4), bool), core)
    assert (filled == 1).all()


@pytest.mark.parametrize("odd", range(4))
def test_shapes_that_disagree_are_refused(odd):
    shapes = [(4, 5, 3), (4, 5, 3), (4, 5), (4, 5)]
    shapes[odd] = (3, 5, 3)[: len(shapes[odd])]
    image, fill, hole, core = (np.zeros(shape, np.float32 if len(shape) == 3 else bool) for shape in shapes)
    with pytest.raises(InputError, match="shapes disagree"):
        blend(image, fill, hole, core)


def test_a_core_outside_the_hole_is_refused():
    hole = np.zeros((3, 3), bool)
    with pytest.raises(InputError, match="leaves the hole"):
        blend(np.zeros((3, 3, 3), np.float32), np.zeros((3, 3, 3), np.float32), hole, ~hole)
