"""Copies along a repeat meet the light of the rim, and a shadow that the hole cuts off ends softly."""

from __future__ import annotations

import numpy as np

from freefill.synthesis import lifted
from freefill.synthesis.elation import Elation

PERIOD = 12
STEP = Elation(np.array([0.0, 0.0, PERIOD / 80, 0.0]), np.array([80.0, 50.0]), 80.0)
ROWS, COLS = np.mgrid[:100, :160]
PICKET = COLS % PERIOD < 7
HOLE = (ROWS >= 20) & (ROWS < 70) & (COLS >= 60) & (COLS < 108)
SHADED = (ROWS >= 65) & (COLS >= 50) & (COLS < 118)


def filled(image: np.ndarray) -> np.ndarray:
    """Return the picture with the hole copied from five steps to the left."""
    pixels = np.argwhere(HOLE)
    seen = np.where(HOLE[..., None], np.float32(0), image).astype(np.float32)
    colours = lifted.lift(seen, ~HOLE, pixels, np.full(len(pixels), -5), STEP, float(PERIOD))
    whole = image.copy()
    whole[HOLE] = colours
    return whole


def fence(shaded_picket: float, shaded_gap: float, noise: float = 0.01) -> np.ndarray:
    """Return a fence in the sun, and in a shadow that takes another share of it from pickets than from gaps."""
    levels = np.where(PICKET, 0.75, 0.15)
    levels = np.where(SHADED, np.where(PICKET, shaded_picket, shaded_gap), levels)
    grain = np.random.default_rng(0).normal(0, noise, levels.shape)
    return np.repeat((levels + grain)[..., None], 3, axis=2).astype(np.float32)


def columns(whole: np.ndarray, row: int, picket: bool) -> float:
    """Return the mean level of a row of the hole, on pickets or in gaps, away from their edges."""
    inner = (COLS[row] >= 63) & (COLS[row] < 105)
    clear = (np.roll(PICKET, 1, axis=1) == PICKET) & (np.roll(PICKET, -1, axis=1) == PICKET)
    return float(whole[row][inner & (PICKET[row] == picket) & clear[row]].mean())


def test_pickets_and_gaps_each_meet_their_own_light():
    whole = filled(fence(0.40, 0.24))
    assert abs(columns(whole, 69, picket=True) - 0.40) < 0.04
    assert abs(columns(whole, 69, picket=False) - 0.24) < 0.04
    # Not only beside the rim: half a period farther the contrast is still nearly that of the shade.
    ratio = columns(whole, 63, picket=True) / columns(whole, 63, picket=False)
    assert ratio < 3.2  # in the sun 5, in the shade 1.7; the light alone, of one factor, would leave 5


def test_a_shadow_that_the_hole_cuts_off_ends_softly():
    whole = filled(fence(0.40, 0.24))
    light = np.array([columns(whole, row, picket=True) for row in range(24, 72)])
    assert np.diff(light).min() > -0.05  # without it the step at the rim is 0.12
    assert light[0] > 0.65


def test_where_all_is_in_one_light_copies_stay_what_they_are():
    image = fence(0.75, 0.15)
    assert np.abs(filled(image) - image)[HOLE].max() < 0.15


def test_a_rim_that_shows_something_else_gives_no_light():
    image = fence(0.75, 0.15)
    wall = 0.3 + 0.2 * (ROWS % 5 < 2)
    above = (ROWS < 20) & (COLS >= 50) & (COLS < 118)
    image[above] = wall[above, None]
    whole = filled(image)
    assert abs(columns(whole, 22, picket=True) - 0.75) < 0.05
    assert abs(columns(whole, 22, picket=False) - 0.15) < 0.03


def test_one_darker_stripe_is_met_and_the_others_stay_light():
    image = fence(0.75, 0.15)
    image[(COLS >= 84) & (COLS < 87) & (ROWS >= 70)] = 0.55
    whole = filled(image)
    assert whole[69, 84:87].mean() < 0.64
    assert whole[69, 73:78].mean() > 0.7
    assert whole[60, 84:87].mean() > 0.7  # some pixels farther it is forgotten
