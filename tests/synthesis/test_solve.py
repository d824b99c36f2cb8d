"""The gradient-domain paste: no seam, no invention, no loss of depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from freefill.synthesis.compiled import Crew
from freefill.synthesis.solve import DARK_HARD, HARD, paste


def pasted(
    image: np.ndarray, hole: np.ndarray, copied: np.ndarray, screening: float = 0.02, least_hard: float = HARD
) -> np.ndarray:
    holes, known = np.argwhere(hole).astype(np.int32), (~hole).astype(np.uint8)
    with Crew(1) as crew:
        colours = paste(image, known, holes, copied.astype(np.int32), crew, screening, least_hard=least_hard)
    out = image.copy()
    out[hole] = colours
    return out


def square_hole(size: int = 32) -> np.ndarray:
    hole = np.zeros((size, size), bool)
    hole[12:20, 12:20] = True
    return hole


def test_a_brighter_copy_meets_the_rim_without_a_step():
    # The right half is the left one, brighter by 0.3; copying it into the left must not show.
    texture = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32) * 0.2 + 0.2
    image = np.concatenate([texture, texture + np.float32(0.3)], axis=1)
    hole = np.zeros((32, 64), bool)
    hole[12:20, 12:20] = True
    filled = pasted(image, hole, np.argwhere(hole) + np.array([0, 32]))
    assert np.abs(filled[hole] - texture[12:20, 12:20].reshape(-1, 3)).max() < 0.04


def test_a_copy_that_fits_stays_as_it_is():
    tile = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    image = np.tile(tile, (4, 4, 1))
    hole = square_hole()
    filled = pasted(image, hole, np.argwhere(hole) + np.array([8, 0]))
    assert np.abs(filled - image).max() < 1e-5


def test_light_that_falls_off_is_carried_through():
    image = np.repeat(np.linspace(0, 1, 32, dtype=np.float32)[None, :, None], 32, axis=0).repeat(3, axis=2)
    hole = square_hole()
    filled = pasted(image, hole, np.argwhere(hole) + np.array([0, -9]))
    assert np.abs(filled - image).max() < 0.04


def test_grain_is_as_strong_where_many_copies_meet():
    image = (0.5 + np.random.default_rng(0).normal(0, 0.02, (160, 400, 3))).astype(np.float32)
    hole = np.zeros((160, 400), bool)
    hole[40:100, 40:100] = True
    # Blocks of 3 x 3 pixels, each from somewhere else beside the hole: a third of all neighbours meet across a seam.
    holes = np.argwhere(hole)
    blocks = (holes[:, 0] // 3 * 31 + holes[:, 1] // 3 * 17) % 101
    filled = pasted(image, hole, holes + np.stack([np.zeros_like(blocks), 70 + 2 * blocks], axis=1))
    grain = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # its mean square is the noise's
    energy = float(np.mean(cv2.filter2D(filled, -1, grain)[41:99, 41:99] ** 2))
    assert energy == pytest.approx(0.02**2, rel=0.08)


def test_a_hole_in_the_corner_is_filled_with_finite_colours():
    image = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    hole = np.zeros((16, 16), bool)
    hole[:5, :5] = True
    assert np.isfinite(pasted(image, hole, np.argwhere(hole) + np.array([6, 6]))).all()


def test_one_pixel_golden():
    image = np.zeros((3, 3, 3), np.float32)
    image[0, 1] = image[1, 0] = image[1, 2] = image[2, 1] = 0.5
    image[0, 0] = 0.1  # the source: both its known neighbours are 0.5, so differences of -0.4 are wanted
    hole = np.zeros((3, 3), bool)
    hole[1, 1] = True
    filled = pasted(image, hole, np.array([[0, 0]]), screening=0.0)
    # Right and down: 0.5 - 0.4 each; up and left of the source nothing is known, and those sides do not count.
    assert filled[1, 1, 0] == pytest.approx(0.1, abs=1e-6)


def test_an_edge_between_two_textured_copies_stays_hard():
    # Dark and light bark side by side; each half of the hole copies one of them, and nothing of it is washed out.
    rng = np.random.default_rng(0)
    image = (0.25 + rng.normal(0, 0.04, (40, 120, 3))).astype(np.float32)
    image[:, 60:] += 0.5
    hole = np.zeros((40, 120), bool)
    hole[10:30, 50:70] = True
    holes = np.argwhere(hole)
    copied = holes + np.where(holes[:, 1:] < 60, [[0, -25]], [[0, 25]])
    filled = pasted(image, hole, copied)
    assert filled[12:28, 56:60].mean() == pytest.approx(0.25, abs=0.03)
    assert filled[12:28, 60:64].mean() == pytest.approx(0.75, abs=0.03)


def test_a_hard_edge_has_the_width_of_a_pixel_and_no_more():
    image = np.full((40, 120, 3), 0.2, np.float32)
    image[:, 60:] = 0.8
    hole = np.zeros((40, 120), bool)
    hole[10:30, 50:70] = True
    holes = np.argwhere(hole)
    filled = pasted(image, hole, holes + np.where(holes[:, 1:] < 60, [[0, -25]], [[0, 25]]))
    across = filled[20, 57:63, 0]
    assert across == pytest.approx([0.2, 0.2, 0.32, 0.68, 0.8, 0.8], abs=0.01)


@pytest.mark.parametrize(("least_hard", "stays"), [(DARK_HARD, True), (HARD, False)])
def test_an_edge_in_the_dark_stays_hard_where_it_is_to_be_kept(least_hard: float, stays: bool):
    # The same edge at a tenth of the light: eight per cent of full scale, but nearly four times as light on one side.
    rng = np.random.default_rng(0)
    image = (0.03 + rng.normal(0, 0.004, (40, 120, 3))).astype(np.float32)
    image[:, 60:] += 0.08
    hole = np.zeros((40, 120), bool)
    hole[10:30, 50:70] = True
    holes = np.argwhere(hole)
    copied = holes + np.where(holes[:, 1:] < 60, [[0, -25]], [[0, 25]])
    filled = pasted(image, hole, copied, least_hard=least_hard)
    kept = filled[12:28, 60:64].mean() - filled[12:28, 56:60].mean()
    assert (kept > 0.06) == stays
