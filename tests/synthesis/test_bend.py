"""Light that curves goes on over smooth ground: glow, vignette, and no flare is copied."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.synthesis.bend import bend
from freefill.values import Crop, EngineSettings

ROWS, COLS = np.mgrid[:200, :280].astype(np.float32)


def far(row: float, col: float) -> np.ndarray:
    return np.hypot(ROWS - row, COLS - col)


HOLE = far(100, 140) < 35
LIGHTS = {
    "vignette": 0.95 - 0.5 * (far(100, 140) / 170) ** 2,
    "glow beside": 0.45 + 0.5 * np.exp(-((far(40, 190) / 90) ** 2)),
    "glow behind": 0.45 + 0.5 * np.exp(-((far(100, 140) / 90) ** 2)),
    "even": np.full(ROWS.shape, 0.6, np.float32),
}


def wall(light: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, 0.01, (*ROWS.shape, 1))
    return np.clip(light[..., None] * np.array([0.75, 0.7, 0.6]) + grain, 0, 1).astype(np.float32)


def soft(image: np.ndarray) -> np.ndarray:
    return 255 * cv2.GaussianBlur(image, (0, 0), 5)


def filled(image: np.ndarray) -> np.ndarray:
    pixels = Texture(EngineSettings()).fill(Crop(np.where(HOLE[..., None], np.float32(0), image), HOLE), 0).pixels
    return np.where(HOLE[..., None], pixels, image)


@pytest.mark.parametrize(("name", "most"), [("vignette", 3), ("glow beside", 3), ("glow behind", 7), ("even", 3)])
def test_soft_light_goes_on_over_the_hole(name: str, most: float):
    truth = wall(LIGHTS[name])
    assert np.abs(soft(filled(truth)) - soft(truth))[HOLE].max() < most


def test_flares_elsewhere_are_not_copied():
    light = LIGHTS["even"].copy()
    for row, col, radius in ((30, 50, 12), (60, 220, 8), (170, 200, 16)):
        light += 0.3 * (far(row, col) < radius)
    assert np.abs(soft(filled(wall(light)))[HOLE] - soft(wall(LIGHTS["even"]))[HOLE]).max() < 3


@pytest.mark.parametrize("side", ["structure around", "open", "a plane"])
def test_no_surface_is_bent_where_nothing_tells_it(side: str):
    light = LIGHTS["a plane"] if side in LIGHTS else 0.4 + COLS / 900
    known, smooth = ~HOLE, ~HOLE
    if side != "a plane":
        light = LIGHTS["glow behind"]
    if side == "structure around":
        smooth = smooth & (COLS < 120)
    if side == "open":
        known = known & ~((ROWS < 100) & (np.abs(COLS - 140) < 20))
    assert bend(wall(light.astype(np.float32)), known, smooth & known) is None
