"""Masks by code: the same on every machine."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freefill.errors import InputError
from freefill.masks.draw import (
    _normal,
    _sine_cosine,
    box_mask,
    deepfill_mask,
    disc_mask,
    free_form_mask,
    polygon_mask,
    random_box,
    stroke_mask,
)
from freefill.values import Box

POINTS = st.tuples(st.integers(-8, 30), st.integers(-8, 30))


def digest(*holes: np.ndarray) -> str:
    return hashlib.sha256(b"".join(np.packbits(hole).tobytes() for hole in holes)).hexdigest()[:16]


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((256, 256), 1.0, "0ed96b8f66d29e0a"),
        ((200, 333), 1.0, "ad92d78702821826"),
        ((1024, 768), 3.0, "3c24fd9d0abb3de2"),
        ((40, 30), 1.0, "aced26fc96254ef1"),
    ],
)
def test_a_seed_means_the_same_mask_on_every_machine(size: tuple[int, int], scale: float, expected: str) -> None:
    assert digest(*(deepfill_mask(size, seed, scale) for seed in range(8))) == expected


def test_shapes_are_the_same_on_every_machine() -> None:
    shapes = (
        stroke_mask((90, 120), [(5.3, 7.7), (60, 100.5), (80, 20)], 9.4),
        disc_mask((90, 120), (44.4, 60.1), 30.3),
        polygon_mask((90, 120), [(2.5, 3), (80, 30.25), (50, 119), (40, 50)]),
    )
    assert digest(*shapes) == "5d6f9466843c2795"


def test_another_seed_means_another_mask() -> None:
    assert len({digest(deepfill_mask((256, 256), seed)) for seed in range(50)}) == 50


def test_training_masks_cover_what_the_papers_do() -> None:
    shares = [deepfill_mask((256, 256), seed).mean() for seed in range(200)]
    assert 0.25 < np.mean(shares) < 0.33  # the box alone is 14 to 25 %
    assert min(shares) > 96 * 96 / 256**2 - 1e-9


@given(st.integers(0, 2**32), st.integers(1, 90), st.integers(1, 90))
def test_any_size_gets_a_mask(seed: int, height: int, width: int) -> None:
    hole = deepfill_mask((height, width), seed)
    assert hole.shape == (height, width)
    assert hole.any()


@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(1, 400))
def test_a_random_box_lies_in_the_picture(seed: int, height: int, width: int) -> None:
    box = random_box((height, width), np.random.default_rng(seed))
    assert 0 <= box.top < box.bottom <= height
    assert 0 <= box.left < box.right <= width


@given(st.lists(POINTS, min_size=1, max_size=4), st.integers(1, 12))
def test_a_stroke_is_all_that_lies_within_half_its_width(points: list[tuple[int, int]], width: int) -> None:
    hole = stroke_mask((24, 24), points, width)
    rows, cols = np.mgrid[0:24, 0:24].astype(float)
    near = np.zeros((24, 24))
    near[:] = np.inf
    for (r0, c0), (r1, c1) in zip(points, points[1:] or points, strict=False):
        length2 = max((r1 - r0) ** 2 + (c1 - c0) ** 2, 1e-9)
        along = np.clip(((rows - r0) * (r1 - r0) + (cols - c0) * (c1 - c0)) / length2, 0, 1)
        near = np.minimum(near, np.hypot(rows - r0 - along * (r1 - r0), cols - c0 - along * (c1 - c0)))
    assert hole[near < width / 2 - 1e-6].all()
    assert not hole[near > width / 2 + 1e-6].any()


@given(st.lists(POINTS, min_size=3, max_size=7))
def test_a_polygon_holds_the_points_that_winding_rays_say(points: list[tuple[int, int]]) -> None:
    hole = polygon_mask((24, 24), points)
    for row, col in ((3, 4), (11, 12), (20, 7), (0, 23)):
        crossings = 0
        for (r0, c0), (r1, c1) in zip(points, points[1:] + points[:1], strict=True):
            if (r0 <= row) != (r1 <= row):
                crossings += c0 + (row - r0) * (c1 - c0) / (r1 - r0) > col
        assert hole[row, col] == crossings % 2


def test_polygons_that_share_an_edge_share_no_pixel_and_leave_none_out() -> None:
    left = polygon_mask((20, 20), [(0, 0), (0, 7), (20, 13), (20, 0)])
    right = polygon_mask((20, 20), [(0, 7), (0, 20), (20, 20), (20, 13)])
    assert not (left & right).any()
    assert (left | right).all()


def test_a_box_beyond_the_picture_is_cut() -> None:
    assert box_mask((4, 4), Box(-2, 2, 4, 9)).sum() == 4


def test_angles_and_lengths_are_what_the_library_says() -> None:
    for angle in np.linspace(0, math.tau, 500):
        assert _sine_cosine(float(angle)) == pytest.approx((math.sin(angle), math.cos(angle)), abs=1e-12)
    assert _normal(0.5) == 0
    assert _normal(0.8413447460685429) == pytest.approx(1, abs=1e-6)
    assert _normal(0.0) == -2


def test_strokes_of_a_large_picture_are_longer_and_wider_on_request() -> None:
    narrow = free_form_mask((1024, 1024), np.random.default_rng(3))
    wide = free_form_mask((1024, 1024), np.random.default_rng(3), 4)
    assert wide.sum() > 3 * narrow.sum()


@pytest.mark.parametrize("points", [[], [(math.nan, 0)], [(1e9, 0)]])
def test_impossible_points_are_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(InputError, match="finite"):
        stroke_mask((4, 4), points, 3)
