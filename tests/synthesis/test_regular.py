"""Regular ground goes on in phase, and nothing else is taken for regular."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.synthesis.regular import correlation, repeat
from freefill.values import Crop, EngineSettings

ROWS, COLS = np.mgrid[:200, :200]


def hole_of(rows: tuple[int, int] = (80, 130), cols: tuple[int, int] = (50, 110)) -> np.ndarray:
    hole = np.zeros(ROWS.shape, bool)
    hole[rows[0] : rows[1], cols[0] : cols[1]] = True
    return hole


def coloured(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, axis=2).astype(np.float32) / 255


def dots(period: float) -> np.ndarray:
    return np.where(
        ((COLS % period) - period / 2) ** 2 + ((ROWS % period) - period / 2) ** 2 < (period * 0.35) ** 2, 0, 255
    )


def wrong_share(levels: np.ndarray, hole: np.ndarray) -> float:
    image = coloured(levels)
    masked = np.where(hole[..., None], np.float32(0.5), image)
    filled = Texture(EngineSettings()).fill(Crop(masked, hole), 0).pixels
    return float((np.abs(filled - image)[hole] > 0.25).mean())


@pytest.mark.parametrize("period", [2, 3, 4, 5, 7, 11, 16, 24])
def test_a_screentone_goes_on_in_phase(period: int):
    assert wrong_share(dots(period), hole_of()) == 0


def test_a_tone_turned_against_the_pixels_goes_on():
    turned = 2 * np.pi * (COLS * 0.8 + ROWS * 0.6) / 5.7, 2 * np.pi * (ROWS * 0.8 - COLS * 0.6) / 5.7
    assert wrong_share(127 + 120 * np.sin(turned[0]) * np.sin(turned[1]), hole_of()) < 0.01


def test_bricks_go_on_in_their_bond():
    assert wrong_share(np.where(((ROWS // 6 % 2 * 6 + COLS) % 12 < 1) | (ROWS % 6 < 1), 60, 200), hole_of()) == 0


def test_a_tone_at_the_border_of_the_picture_goes_on():
    assert wrong_share(dots(6), hole_of((150, 200), (140, 200))) == 0


def test_noise_slopes_and_edges_are_not_regular():
    hole = hole_of()
    noise = coloured(np.random.default_rng(0).integers(0, 255, ROWS.shape))
    assert repeat(noise, hole, ~hole) is None
    assert repeat(coloured(ROWS.astype(float)), hole, ~hole) is None
    assert repeat(coloured(np.where(ROWS + COLS > 210, 40, 220)), hole, ~hole) is None


def test_a_tone_that_ends_in_the_hole_ends_where_it_does_above_and_below():
    assert wrong_share(np.where(COLS < 90, dots(5), 255), hole_of()) == 0


def test_a_tone_whose_end_no_repeat_foretells_is_left_to_the_search():
    levels = np.where(np.hypot(ROWS - 105, COLS - 60) < 35, dots(5), 255)
    hole = hole_of()
    assert repeat(coloured(levels), hole, ~hole) is None


def test_what_may_not_be_copied_is_not():
    hole, source = hole_of(), ~hole_of()
    source[:, 110:] = False
    found = repeat(coloured(dots(5)), hole, source)
    assert found is not None
    assert source[found[1][:, 0], found[1][:, 1]].all()


def test_correlation_is_that_of_the_overlapping_known_pixels():
    rng = np.random.default_rng(0)
    grey, known = rng.random((12, 15)) * 255, rng.random((12, 15)) > 0.3
    alike, count = correlation(grey.astype(np.float32), known)
    down, right = 2, -3
    both = known[:-down, -right:] & known[down:, :right]
    one, two = grey[:-down, -right:][both], grey[down:, :right][both]
    assert count[11 + down, 14 + right] == both.sum()
    assert alike[11 + down, 14 + right] == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-6)
