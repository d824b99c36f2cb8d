"""The soft shadow that a mask leaves outside is found, and what only looks like one is not."""

from __future__ import annotations

import numpy as np

from freefill.engines.texture import Texture
from freefill.synthesis.penumbra import penumbra
from freefill.values import Crop, EngineSettings

ROWS, COLS = np.mgrid[:160, :200]
HOLE = np.hypot(ROWS - 70, COLS - 100) < 26
SHADE = 1 - 0.3 * np.exp(-((np.hypot((ROWS - 100) * 1.6, COLS - 100) / 22) ** 2))  # below the hole, and within it


def grassy(colour: tuple[float, float, float] = (0.5, 0.55, 0.2)) -> np.ndarray:
    grain = np.random.default_rng(0).normal(1, 0.06, (*ROWS.shape, 1))
    return np.clip(np.array(colour) * grain, 0, 1).astype(np.float32)


def test_a_soft_shadow_beside_the_hole_is_found():
    found = penumbra(grassy() * SHADE[..., None].astype(np.float32), HOLE)
    deep = (SHADE < 0.8) & ~HOLE
    assert found[deep].mean() > 0.9
    assert not found[(SHADE > 0.98) | HOLE].any()


def test_the_fill_is_less_dark_than_with_the_shadow_copied():
    image = grassy() * SHADE[..., None].astype(np.float32)
    image[HOLE] = 0
    filled = Texture(EngineSettings()).fill(Crop(image, HOLE), 0)
    shaded = penumbra(image, HOLE)
    assert filled.copied_from is not None
    rows, cols = filled.copied_from[HOLE].T
    assert not shaded[rows, cols].any()


def test_plain_ground_has_no_shadow():
    assert not penumbra(grassy(), HOLE).any()


def test_light_is_no_shadow():
    assert not penumbra(np.clip(grassy() * (2 - SHADE[..., None]), 0, 1).astype(np.float32), HOLE).any()


def test_a_thing_of_another_colour_is_no_shadow():
    image = grassy()
    image[90:120, 85:115] = (0.5, 0.2, 0.15)
    assert not penumbra(image, HOLE).any()


def test_another_ground_beside_the_hole_is_no_shadow():
    image = grassy()
    image[90:] = grassy((0.38, 0.42, 0.16))[90:]
    assert not penumbra(image, HOLE).any()


def test_a_shadow_apart_from_the_hole_is_none_of_its():
    image = grassy()
    image[120:135, 90:110] *= 0.7
    assert not penumbra(image, HOLE).any()
