"""What the removed thing colours on the ground beside it is no source; what only looks like it is."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.synthesis.tint import tint
from freefill.values import Crop, EngineSettings

ROWS, COLS = np.mgrid[:160, :200]
FAR = np.hypot(ROWS - 80, COLS - 100)
HOLE = FAR < 30
GLOW = 0.3 * np.exp(-(((FAR - 30) / 4) ** 2))[..., None] * (COLS < 90)[..., None]  # on the left of the hole alone


def wood(colour: tuple[float, float, float] = (0.7, 0.6, 0.45)) -> np.ndarray:
    grain = np.random.default_rng(0).normal(1, 0.06, (*ROWS.shape, 1))
    return np.clip(np.array(colour) * grain, 0, 1).astype(np.float32)


def tinted() -> np.ndarray:
    return ((1 - GLOW) * wood() + GLOW * np.array([0.95, 0.3, 0.1])).astype(np.float32)


def test_a_glow_on_the_ground_beside_the_hole_is_found():
    found = tint(tinted(), HOLE)
    assert found[(GLOW[..., 0] > 0.15) & ~HOLE].mean() > 0.9
    assert not found[(COLS > 94) | (FAR > 45) | HOLE].any()


def test_what_is_found_does_not_depend_on_what_the_hole_holds():
    other = tinted()
    other[HOLE] = 0
    assert np.array_equal(tint(tinted(), HOLE), tint(other, HOLE))


def test_a_glow_is_copied_nowhere():
    filled = Texture(EngineSettings()).fill(Crop(tinted(), HOLE), 0)
    assert filled.copied_from is not None
    rows, cols = filled.copied_from[HOLE].T
    assert not tint(tinted(), HOLE)[rows, cols].any()
    deep = FAR < 20  # the paste meets the rim, and has let go of it there
    assert np.abs(filled.pixels[deep].mean(axis=0) - wood()[deep].mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("colour", [(0.7, 0.6, 0.45), (0.35, 0.3, 0.22)])
def test_ground_alike_or_in_the_shade_bears_no_glow(colour: tuple[float, float, float]):
    image = wood()
    image[:, :75] = wood(colour)[:, :75]
    assert not tint(image, HOLE).any()


def test_a_colour_that_goes_on_farther_out_is_no_glow():
    image = wood()
    image[70:90, :75] = wood((0.9, 0.3, 0.1))[70:90, :75]
    assert not tint(image, HOLE).any()


def test_a_glow_is_found_in_a_large_picture_too():
    large = np.kron(tinted(), np.ones((6, 6, 1), np.float32))
    hole = np.kron(HOLE, np.ones((6, 6), bool))
    found = tint(large, hole)
    assert found[np.kron(GLOW[..., 0] > 0.15, np.ones((6, 6), bool)) & ~hole].mean() > 0.8
