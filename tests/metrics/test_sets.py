"""Distances between sets: against SciPy's matrix root, sums written out, and what they must do when pictures worsen."""

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.metrics.frechet import frechet_distance
from freefill.metrics.kernel_distance import kernel_distance
from freefill.metrics.monge import monge_distance

DISTANCES = [frechet_distance, kernel_distance, monge_distance]


def sets(shift: float = 0.3, n: int = 40, m: int = 40, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, width)), rng.normal(shift, 1.2, size=(m, width))


def test_frechet_is_that_of_the_matrix_root():
    linalg = pytest.importorskip("scipy.linalg")
    a, b = sets()
    of_a, of_b = np.cov(a.T), np.cov(b.T)
    root = np.real(linalg.sqrtm(of_a @ of_b))
    theirs = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(of_a + of_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(theirs, rel=1e-6)


def test_the_kernel_distance_is_its_sums_written_out():
    a, b = sets(n=3, m=4)

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within_a = np.mean([kernel(a[i], a[j]) for i in range(3) for j in range(3) if i != j])
    within_b = np.mean([kernel(b[i], b[j]) for i in range(4) for j in range(4) if i != j])
    across = np.mean([kernel(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(within_a + within_b - 2 * across)


def test_the_monge_distance_of_a_shift_is_three_times_its_squared_length():
    a, _ = sets(n=500)
    shift = np.full(6, 0.5)
    # every direction moves all projections alike: the mean of (shift . u)^2 over unit u is |shift|^2 / d
    assert monge_distance(a, a + shift) == pytest.approx(3 * float(shift @ shift), rel=0.1)


@pytest.mark.parametrize("distance", [frechet_distance, monge_distance])
def test_a_set_is_at_distance_zero_from_itself(distance):
    a, _ = sets()
    assert distance(a, a) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_order_of_pictures_does_not_count(distance):
    a, b = sets()
    assert distance(a[::-1], b) == pytest.approx(distance(a, b), rel=1e-9)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_larger_shift_is_further_away(distance):
    found = [distance(*sets(shift)) for shift in (0.3, 0.6, 1.2, 2.4)]
    assert found == sorted(found)


def test_the_kernel_distance_of_two_halves_of_one_set_is_about_zero():
    a, _ = sets(n=400)
    assert abs(kernel_distance(a[:200], a[200:])) < 0.1 * kernel_distance(*sets(0.6, 200, 200))


@pytest.mark.parametrize("distance", DISTANCES)
def test_sets_of_two_widths_are_an_error(distance):
    a, b = sets()
    with pytest.raises(InputError):
        distance(a, b[:, 1:])


@pytest.mark.parametrize("distance", DISTANCES)
def test_one_picture_is_no_set(distance):
    a, b = sets()
    with pytest.raises(InputError, match="two pictures"):
        distance(a[:1], b)
