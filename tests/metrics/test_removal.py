"""Removal metrics, with tokens made by hand: mean colours, so that each answer can be worked out."""

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.metrics.removal import context_distance, rc_s_dinov2s, token_coherence


def mean_colours(image: np.ndarray) -> np.ndarray:
    rows, cols = image.shape[0] // 14, image.shape[1] // 14
    return image.reshape(rows, 14, cols, 14, 3).mean(axis=(1, 3)) - 0.5


def scene(fill: tuple[float, float, float], size: int = 448) -> tuple[np.ndarray, np.ndarray]:
    image = np.empty((size, size, 3), np.float32)
    image[:] = (0.9, 0.5, 0.5)
    hole = np.zeros((size, size), bool)
    hole[size // 3 : 2 * size // 3, size // 3 : 2 * size // 3] = True
    image[hole] = fill
    return image, hole


SAME, OTHER = (0.9, 0.5, 0.5), (0.5, 0.9, 0.5)  # tokens at right angles


def test_a_fill_like_its_surroundings_is_at_each_ideal():
    image, hole = scene(SAME)
    assert rc_s_dinov2s(image, hole, mean_colours) == pytest.approx(1, abs=1e-4)
    assert token_coherence(image, hole, mean_colours) == pytest.approx(1, abs=1e-4)
    assert context_distance(image, hole, mean_colours) == pytest.approx(0, abs=1e-4)


def test_a_fill_of_another_kind_is_worse_by_all_three():
    image, hole = scene(OTHER)
    assert rc_s_dinov2s(image, hole, mean_colours) < 0.1
    assert token_coherence(image, hole, mean_colours) == pytest.approx(0, abs=0.05)
    assert context_distance(image, hole, mean_colours) > 0.5


def test_the_mean_of_unit_tokens_stands_for_the_kernel_to_two_per_cent():
    rng = np.random.default_rng(3)
    a, b = (
        x / np.linalg.norm(x, axis=1, keepdims=True)
        for x in (rng.normal(size=(30, 384)), rng.normal(0.2, 1, (40, 384)))
    )

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        squares = ((x[:, None] - y[None]) ** 2).sum(axis=2)
        return float(np.exp(-squares / (2 * 10**2)).mean())

    exact = 1000 * (kernel(a, a) + kernel(b, b) - 2 * kernel(a, b))
    assert 10 * float(((a.mean(0) - b.mean(0)) ** 2).sum()) == pytest.approx(exact, rel=0.02)


def test_parts_are_judged_each_for_itself():
    image, hole = scene(SAME, 896)
    image[40:140, 40:140], hole[40:140, 40:140] = OTHER, True
    one = rc_s_dinov2s(*scene(SAME, 896), mean_colours)
    assert 0.3 < rc_s_dinov2s(image, hole, mean_colours) < one - 0.3


def test_an_empty_hole_is_an_error():
    image, hole = scene(SAME)
    with pytest.raises(InputError, match="empty"):
        rc_s_dinov2s(image, np.zeros_like(hole), mean_colours)
