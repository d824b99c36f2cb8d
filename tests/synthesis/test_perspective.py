"""Regular ground in perspective goes on in phase, and what is not regular is left to the search."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.synthesis.elation import Elation
from freefill.synthesis.periods import even_ground, exact, find_step
from freefill.synthesis.perspective import continue_repeat
from freefill.values import Crop, EngineSettings

FINE = 4  # drawn so much larger: a camera's pixel is a mean
ROWS, COLS = np.mgrid[: 240 * FINE, : 320 * FINE] / FINE
HOLE = np.zeros((240, 320), bool)
HOLE[90:160, 110:200] = True
STRENGTHS = (0.0, 0.15, 0.3)


def pickets(period: float, strength: float, shade: float = 0.0) -> np.ndarray:
    """Return a fence, 0 to 255, whose period is the given one in the middle and changes by `strength` to each side."""
    middle = np.array([160.0, 120.0])
    across, down = (COLS - middle[0]) / 160, (ROWS - middle[1]) / 160
    place = across / (1 + strength * across)  # steps of equal size are those of an elation
    height = down / (1 + strength * across)
    phase = place * 160 / period
    levels = np.where((phase % 1 < 0.55) & (np.abs(height) < 0.62), 225.0, 70.0)
    levels = np.where(np.abs(height - 0.2) < 0.06, 200.0, levels)
    levels *= 1 - shade * (ROWS / ROWS.max())
    return levels


def coloured(levels: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Return the picture as a camera gives it."""
    import cv2

    small = cv2.resize(levels, HOLE.shape[::-1], interpolation=cv2.INTER_AREA)
    small = small + np.random.default_rng(0).normal(0, noise, small.shape) * (noise > 0)
    return np.repeat(np.clip(small, 0, 255)[..., None], 3, axis=2).astype(np.float32) / 255


def wrong_share(image: np.ndarray) -> float:
    """Return how much of the hole is far from the truth: by 64 levels, against steps of 155."""
    masked = np.where(HOLE[..., None], np.float32(0.5), image)
    filled = Texture(EngineSettings()).fill(Crop(masked, HOLE), 0).pixels
    assert np.array_equal(filled[~HOLE], image[~HOLE])
    return float((np.abs(filled - image)[HOLE] > 0.25).mean())


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("period", [8.0, 12.7, 17.0, 24.0])
def test_a_fence_goes_on_in_phase(period: float, strength: float):
    assert wrong_share(coloured(pickets(period, strength))) < 0.01


@pytest.mark.parametrize("strength", STRENGTHS)
def test_noise_and_soft_shade_leave_it_in_phase(strength: float):
    assert wrong_share(coloured(pickets(17.0, strength, shade=0.3), noise=6.0)) < 0.01


def test_the_step_that_is_found_is_the_one_that_was_drawn():
    ground = even_ground(coloured(pickets(17.0, 0.3)).mean(axis=2), ~HOLE)
    found = find_step(ground)
    assert found is not None
    found = exact(ground, found)
    middle = np.array([160.0, 120.0])
    assert found.length_px(middle) == pytest.approx(17.0 / (1 - 0.3 * 17 / 160), rel=0.1)
    # Eight steps lead eight pickets on: 1 / x falls by the same amount for each, measured from where the row vanishes.
    place = np.array([60.0, 120.0])
    moved = found.move(place[None], 8 if found.values[2] > 0 else -8)[0][0]

    def pickets_from_the_middle(x: float) -> float:
        across = (x - middle[0]) / 160
        return across / (1 + 0.3 * across) * 160 / 17

    assert pickets_from_the_middle(moved[0]) - pickets_from_the_middle(place[0]) == pytest.approx(8, abs=0.1)


def test_steps_add_up():
    step = Elation(np.array([-0.3, 0.1, 0.08, -0.01]), np.array([160.0, 120.0]), 160.0)
    points = np.array([[60.0, 100.0], [200.0, 140.0]])
    twice = step.move(step.move(points, 1)[0], 1)[0]
    assert np.allclose(step.move(points, 2)[0], twice)
    assert np.allclose(step.move(step.move(points, 3)[0], -3)[0], points)


def test_what_lies_beyond_the_vanishing_line_is_not_moved():
    step = Elation(np.array([-1.0, 0.0, 0.1, 0.0]), np.array([160.0, 120.0]), 160.0)
    assert step.move(np.array([[330.0, 120.0], [100.0, 120.0]]), 1)[1].tolist() == [False, True]


def test_a_fence_that_ends_in_the_hole_is_not_drawn_beyond_its_end():
    levels = np.where(COLS < 150, pickets(17.0, 0.0), 120.0)
    image = coloured(levels)
    image[HOLE] = 0
    found = continue_repeat(image, HOLE, ~HOLE)
    assert found is None or (found.holes[:, 1] < 165).all()


def test_where_the_rim_shows_something_else_the_row_is_not_drawn_up_to_it():
    # A beam hides the tops of some pickets: it is seen above the hole, and goes a little way into it.
    levels = np.where((ROWS > 70) & (ROWS < 97) & (COLS > 125) & (COLS < 230), 150.0, pickets(17.0, 0.0))
    image = coloured(levels)
    image[HOLE] = 0
    found = continue_repeat(image, HOLE, ~HOLE)
    assert found is not None
    drawn = np.zeros_like(HOLE)
    drawn[found.holes[:, 0], found.holes[:, 1]] = True
    assert not drawn[90:96, 140:190].any()  # half a period is 8 px
    assert drawn[110:150, 120:190].mean() > 0.95


@pytest.mark.parametrize("kind", ["noise", "slope", "edge", "blots"])
def test_what_does_not_repeat_is_left_to_the_search(kind: str):
    import cv2

    rng = np.random.default_rng(0)
    noise = cv2.resize(rng.normal(0, 1, HOLE.shape), ROWS.shape[::-1], interpolation=cv2.INTER_NEAREST)
    levels = {
        "noise": 128 + 60 * noise,
        "slope": 255 * COLS / COLS.max() + 10 * noise,
        "edge": np.where(ROWS + 0.2 * COLS > 150, 60.0, 200.0) + 8 * noise,
        "blots": 128 + 300 * cv2.GaussianBlur(noise, (0, 0), 6 * FINE),
    }[kind]
    image = coloured(levels)
    image[HOLE] = 0
    assert continue_repeat(image, HOLE, ~HOLE) is None


def test_what_may_not_be_copied_is_not():
    image, source = coloured(pickets(17.0, 0.15)), ~HOLE
    source[:, 200:] = False
    image[HOLE] = 0
    found = continue_repeat(image, HOLE, source)
    assert found is not None
    assert source[found.copied[:, 0], found.copied[:, 1]].all()
