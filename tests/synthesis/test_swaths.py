"""Smooth ground is copied in large pieces: what is finer than its light goes on, and comes from the same ground."""

from __future__ import annotations

import cv2
import numpy as np

from freefill.synthesis.membrane import stretch
from freefill.synthesis.swaths import Swaths, swaths
from freefill.synthesis.synthesise import synthesise

SIZE = (200, 280)


def lawn(seed: int = 0, streaks: float = 6.0) -> np.ndarray:
    """Return faint streaks, each some 40 px long and 5 px high, with grain: smooth ground, but not even."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, SIZE).astype(np.float32), (0, 0), sigmaX=14, sigmaY=2.5)
    light = 0.45 + streaks / 255 * soft / soft.std()
    grain = rng.normal(0, 0.008, (*SIZE, 3))
    return (light[..., None] * np.array([0.8, 1.0, 0.6]) + grain).astype(np.float32)


def box(rows: tuple[int, int], cols: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(SIZE, bool)
    hole[rows[0] : rows[1], cols[0] : cols[1]] = True
    return hole


def band(image: np.ndarray) -> np.ndarray:
    """Return what is coarser than grain and finer than the light of a hole."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 2)) - cv2.GaussianBlur(image, (0, 0), 10)


def laid(
    image: np.ndarray, hole: np.ndarray, copies: np.ndarray | None = None, smooth: np.ndarray | None = None
) -> Swaths:
    """Lay swaths over the whole hole, as if the search had copied what lies there."""
    light = np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.float32)
    grain = np.full(SIZE, 0.008, np.float32)
    return swaths(light, grain, ~hole if smooth is None else smooth, ~hole, hole, light if copies is None else copies)


def test_the_streaks_of_a_lawn_go_on():
    image, hole = lawn(), box((60, 140), (90, 180))
    made = synthesise(np.where(hole[..., None], np.float32(0), image), hole, ~hole)
    assert made is not None
    filled = image.copy()
    filled[made.holes[:, 0], made.holes[:, 1]] = made.colours
    inner = np.s_[75:125, 105:165]
    energy, wanted = (float(np.square(band(x)[inner]).mean()) for x in (filled, image))
    assert 0.4 < energy / wanted < 1.7  # 0.03 without swaths


def test_what_lies_in_a_swath_moves_as_one_and_nothing_is_copied_twice():
    hole = box((60, 140), (90, 180))
    found = laid(lawn(), hole)
    assert (found.number[hole] > 0).mean() > 0.6
    assert not found.number[~hole].any()
    at = np.argwhere(found.number > 0)
    sources = at + found.shifts[found.number[at[:, 0], at[:, 1]]]
    assert not hole[sources[:, 0], sources[:, 1]].any()
    assert len(np.unique(sources, axis=0)) == len(sources)


def test_ground_that_shows_nothing_is_left_as_the_search_has_it():
    hole = box((60, 140), (90, 180))
    found = laid(lawn(streaks=0.3), hole)
    assert not found.number.any()
    assert not found.band.any()


def test_a_swath_comes_from_the_ground_that_the_search_copied():
    # Sand above and lawn below; the search says that the hole is sand down to its foot.
    image, hole = lawn(), box((60, 140), (90, 180))
    sand = np.arange(SIZE[0])[:, None, None] < 100
    image = np.where(sand, image + np.array([0.3, 0.05, 0.1], np.float32), image).astype(np.float32)
    copies = np.where(hole[..., None], np.array([0.66, 0.5, 0.37], np.float32), cv2.GaussianBlur(image, (0, 0), 2))
    border = np.abs(np.arange(SIZE[0])[:, None] - 100) < 10  # no smooth ground is there
    found = laid(image, hole, copies.astype(np.float32), ~hole & ~border)
    at = np.argwhere(found.number > 0)
    sources = at + found.shifts[found.number[at[:, 0], at[:, 1]]]
    assert len(at) > 0
    assert (sources[:, 0] < 100).all()


def test_without_sources_no_pixel_is_copied_from_elsewhere():
    image, hole = lawn(), box((60, 140), (90, 180))
    holes = np.argwhere(hole).astype(np.int32)
    copied = (holes - np.array([0, 90])).astype(np.int32)
    known = (~hole).astype(np.uint8)
    assert np.array_equal(stretch(image, known, holes, copied).copied, copied)
    source = ~hole & (np.arange(SIZE[1]) > 180)
    moved = stretch(image, known, holes, copied, None, source).copied
    changed = (moved != copied).any(axis=1)
    assert changed.mean() > 0.3
    assert source[moved[changed, 0], moved[changed, 1]].all()
