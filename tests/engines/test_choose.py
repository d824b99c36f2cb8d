import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freefill.engines import registry
from freefill.engines.choose import MIN_SIDE_PX, choose


def hole(height: int, width: int) -> np.ndarray:
    drawn = np.zeros((height, width), bool)
    drawn[height // 2, :] = True
    return drawn


@pytest.mark.parametrize(("height", "width"), [(31, 400), (400, 31), (1, 1), (16, 16)])
def test_a_tiny_picture_is_filled_smoothly(height, width):
    assert choose(hole(height, width))[0] == "ns"


@pytest.mark.parametrize("thick", [1, 3, 8, 100])
def test_any_hole_in_a_picture_of_some_size_is_filled_with_patches(thick):
    drawn = np.zeros((200, 300), bool)
    drawn[50 : 50 + thick, 20:250] = True
    assert choose(drawn)[0] == "texture"


def test_the_limit_itself_is_large_enough():
    assert choose(hole(MIN_SIDE_PX, MIN_SIDE_PX))[0] == "texture"


def test_the_reason_for_a_small_picture_names_its_size_as_width_x_height():
    assert "(40x20 px)" in choose(hole(20, 40))[1]


@given(height=st.integers(1, 600), width=st.integers(1, 600))
def test_the_choice_never_needs_an_extra_or_weights(height, width):
    spec = registry.find(choose(np.zeros((height, width), bool))[0])
    assert spec.needs == ()
    assert spec.weights == ()
