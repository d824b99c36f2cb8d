"""Known ground beside a fill is filled anew: nothing lost where it comes back, and the fill itself is never touched."""

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.metrics.self_consistency import self_consistency


def case() -> tuple[np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).random((96, 128, 3)).astype(np.float32)
    hole = np.zeros((96, 128), bool)
    hole[40:60, 50:70] = True
    return image, hole


def apart(a: np.ndarray, b: np.ndarray, hole: np.ndarray) -> float:
    return float(np.abs(a - b)[hole].mean())


def test_ground_that_comes_back_as_it_was_costs_nothing_and_grey_costs_what_grey_is_away():
    image, hole = case()
    assert self_consistency(image, hole, lambda blank, anew: image[8:92, 18:102], apart) == 0
    assert self_consistency(image, hole, lambda blank, anew: blank, apart) == pytest.approx(0.25, abs=0.03)


def test_new_holes_lie_beside_the_fill_and_the_refill_sees_nothing_of_them():
    image, hole = case()
    seen = []

    def refill(blank: np.ndarray, anew: np.ndarray) -> np.ndarray:
        seen.append(anew)
        assert (blank[anew] == 0.5).all()
        return blank

    self_consistency(image, hole, refill, apart, draws=5)
    assert len(seen) == 5
    assert not (seen[0] == seen[1]).all()
    for anew in seen:
        assert anew.any()
        assert not (anew & hole[8:92, 18:102]).any()


def test_the_same_call_gives_the_same_figure_and_an_empty_hole_is_an_error():
    image, hole = case()
    first, second = (self_consistency(image, hole, lambda blank, anew: blank, apart, draws=3) for _ in range(2))
    assert first == second
    with pytest.raises(InputError, match="empty"):
        self_consistency(image, np.zeros_like(hole), lambda blank, anew: blank, apart)
