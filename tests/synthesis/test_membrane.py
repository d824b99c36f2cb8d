"""Smooth ground is stretched, not patched: light goes on, grain stays, edges stay out of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from freefill.synthesis.membrane import stretch
from freefill.synthesis.synthesise import Synthesis, synthesise

GRAIN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # its mean square is the noise's


def box(size: tuple[int, int], rows: tuple[int, int], cols: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(size, bool)
    hole[rows[0] : rows[1], cols[0] : cols[1]] = True
    return hole


def fill(image: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, Synthesis]:
    made = synthesise(np.where(hole[..., None], np.float32(0), image), hole, ~hole)
    assert made is not None
    filled = image.copy()
    filled[made.holes[:, 0], made.holes[:, 1]] = made.colours
    return filled, made


def sky(size: tuple[int, int], grain: float = 0.012) -> tuple[np.ndarray, np.ndarray]:
    """Return a vignetted gradient without and with grain."""
    rows, cols = np.mgrid[: size[0], : size[1]].astype(np.float32)
    far = ((rows / size[0] - 0.5) ** 2 + (cols / size[1] - 0.5) ** 2)[..., None]
    clean = np.array([0.35, 0.5, 0.7]) + np.array([0.3, 0.2, 0.1]) * (rows / size[0])[..., None] - 0.25 * far
    noise = np.random.default_rng(0).normal(0, grain, clean.shape)
    return clean.astype(np.float32), (clean + noise).astype(np.float32)


def test_a_vignetted_sky_is_restored_within_a_few_levels():
    clean, image = sky((160, 220))
    hole = box((160, 220), (40, 120), (60, 150))
    filled, _ = fill(image, hole)
    error = cv2.GaussianBlur(filled - clean, (0, 0), 3)[hole] * 255
    assert np.abs(error).max() < 6
    assert np.abs(error).mean() < 3


def test_the_grain_of_the_sky_is_laid_over_it():
    _, image = sky((160, 220))
    hole = box((160, 220), (40, 120), (60, 150))
    filled, _ = fill(image, hole)
    energy = cv2.filter2D(filled, -1, GRAIN)[42:118, 62:148] ** 2
    assert float(energy.mean()) == pytest.approx(0.012**2, rel=0.12)


def test_a_flare_elsewhere_in_the_sky_is_not_copied():
    clean, image = sky((160, 220))
    rows, cols = np.mgrid[:160, :220].astype(np.float32)
    flare = (0.25 * np.exp(-((rows - 30) ** 2 + (cols - 190) ** 2) / (2 * 9.0**2)))[..., None]
    hole = box((160, 220), (60, 130), (40, 120))
    filled, _ = fill((image + flare).astype(np.float32), hole)
    error = cv2.GaussianBlur(filled - clean - flare, (0, 0), 3)[hole] * 255
    assert np.abs(error).max() < 6


def test_texture_is_not_smooth():
    image = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    hole = box((64, 64), (20, 40), (20, 40))
    holes = np.argwhere(hole).astype(np.int32)
    membrane = stretch(image, (~hole).astype(np.uint8), holes, (holes + np.array([0, 20])).astype(np.int32))
    assert not membrane.smooth.any()
    assert not membrane.lift.any()


def test_the_light_does_not_run_across_an_edge_of_the_copies():
    # Above a sky, below another smooth thing: both are smooth, the step between them is none of the light's business.
    image = np.full((80, 80, 3), 0.8, np.float32)
    image[40:] = 0.2
    hole = box((80, 80), (25, 55), (25, 55))
    filled, _ = fill(image, hole)
    assert np.abs(filled - image)[hole].max() < 0.02


def test_a_size_at_which_the_hole_is_thin_gives_the_same_light_on_a_large_picture():
    clean, image = sky((640, 720), grain=0.0)
    hole = box((640, 720), (160, 480), (200, 520))
    holes = np.argwhere(hole).astype(np.int32)
    membrane = stretch(
        image, (~hole).astype(np.uint8), holes, np.stack([holes[:, 0], holes[:, 1] // 3], 1).astype(np.int32)
    )
    assert membrane.smooth.mean() > 0.99
    copied = clean[holes[:, 0], holes[:, 1] // 3]
    assert np.abs(copied + membrane.lift - clean[hole])[membrane.smooth].max() < 0.05


def test_the_surface_meets_the_rim_on_every_side_at_a_fractional_size():
    # 1.13 pixels a cell: a cell that is neither hole nor known would leave the surface free there.
    clean, _ = sky((163, 221), grain=0.0)
    hole = box((163, 221), (36, 127), (61, 152))
    holes = np.argwhere(hole).astype(np.int32)
    copied = np.stack([holes[:, 0], np.full(len(holes), 20)], axis=1).astype(np.int32)
    membrane = stretch(clean, (~hole).astype(np.uint8), holes, copied)
    light = np.zeros_like(clean)
    light[hole] = clean[copied[:, 0], copied[:, 1]] + membrane.lift
    inner = hole & ~(cv2.erode(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    assert membrane.smooth.all()
    assert np.abs(light - clean)[inner].max() * 255 < 3


def test_a_soft_shade_is_not_stretched_away_where_a_thin_hole_crosses_it():
    rows, cols = np.mgrid[:200, :300].astype(np.float32)
    clean = np.repeat((0.6 - 0.12 * np.exp(-(((rows - 100 + 0.4 * (cols - 150)) / 10) ** 2)))[..., None], 3, 2)
    image = (clean + np.random.default_rng(0).normal(0, 0.004, clean.shape)).astype(np.float32)
    hole = (np.abs(cols - 150 - 0.3 * (rows - 100)) < 8) & (np.abs(rows - 100) < 80)
    filled, _ = fill(image, hole)
    # Stretched from rim to rim, its middle would be eight levels too light.
    assert np.abs(cv2.GaussianBlur(filled - clean, (0, 0), 2)[hole] * 255).max() < 4
