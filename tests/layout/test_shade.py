"""A shadow that a hole cuts off on a stem is told along the stem, fades into the hole, and is no source."""

from __future__ import annotations

import numpy as np

from freefill.engines.texture import Texture
from freefill.layout.make import make_layout
from freefill.values import Crop, EngineSettings

ROWS, COLS = np.mgrid[:200, :300]
HOLE = (abs(ROWS - 100) < 45) & (abs(COLS - 150) < 35)
STEM = abs(ROWS - 100) < 12
LEFT, RIGHT = 116, 184  # the first and the last column but one of the hole
SHADOW = (ROWS > 96) & STEM & (COLS > 100) & (COLS < 150)  # 15 px of it lie beside the hole


def stem(shadow: np.ndarray = SHADOW, light: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> np.ndarray:
    image = np.where(STEM[..., None], (0.6, 0.8, 0.4), (0.1, 0.15, 0.35)) * np.ones((*ROWS.shape, 1))
    image *= np.random.default_rng(0).normal(1, 0.02, (*ROWS.shape, 1))
    image[shadow] *= light
    image[HOLE] = 0
    return image.astype(np.float32)


def found(image: np.ndarray) -> np.ndarray | None:
    return make_layout(image, HOLE, ~HOLE, labels=lambda lined: False).shade


def test_the_light_that_a_shadow_takes_is_told_where_it_lies():
    shade = found(stem())
    assert shade is not None
    deep = (ROWS > 100) & (ROWS < 107) & (COLS > 104) & (COLS < LEFT)
    assert np.median(np.exp(shade[deep])) < 0.65
    assert abs(shade[((abs(ROWS - 100) > 14) | (COLS < 92)) & ~HOLE]).max() < 0.1


def test_it_fades_into_the_hole_over_about_its_length():
    shade = found(stem())
    assert shade is not None
    along = shade[101:107].mean(axis=(0, 2))
    assert along[LEFT + 2] < -0.4
    assert (np.diff(along[LEFT + 4 : 170]) >= -1e-3).all()
    assert 0.1 < along[LEFT + 15] / along[LEFT] < 0.8
    assert abs(along[RIGHT]) < 0.02


def test_a_shadow_that_goes_on_far_aside_is_left_alone():
    image = stem()
    image[STEM & ~HOLE] = (0.6, 0.8, 0.4)
    below = (ROWS >= 96) & ~HOLE
    image[below] = (0.6, 0.8, 0.4)
    image[below & (COLS > 100) & (COLS < 150)] *= 0.5
    assert found(image) is None


def test_in_a_thin_hole_nothing_fades():
    thin = HOLE & (COLS < LEFT + 3)
    image = stem()
    image[HOLE & ~thin] = np.where(STEM[..., None], (0.6, 0.8, 0.4), (0.1, 0.15, 0.35))[HOLE & ~thin]
    assert make_layout(image, thin, ~thin, labels=lambda lined: False).shade is None


def test_a_shadow_on_something_away_from_the_line_is_left_alone():
    image = stem()
    image[(ROWS >= 90) & ~HOLE] = (0.6, 0.8, 0.4)
    assert found(_shaded(image, 92)) is not None
    assert found(_shaded(image, 101)) is None


def _shaded(image: np.ndarray, first: int) -> np.ndarray:
    image = image.copy()
    image[np.isin(ROWS, np.arange(first, first + 9)) & ~HOLE & (COLS > 100) & (COLS < 150)] *= 0.5
    return image


def test_a_stem_without_a_shadow_has_none():
    assert found(stem(np.zeros_like(SHADOW))) is None


def test_a_faint_shadow_is_the_ground_of_the_stem():
    assert found(stem(light=(0.75, 0.75, 0.75))) is None


def test_what_is_darker_and_of_another_colour_is_no_shadow():
    assert found(stem(light=(0.9, 0.3, 0.2))) is None


def test_an_edge_that_runs_on_slantwise_is_no_shadow():
    assert found(stem((COLS - 60 > (ROWS - 96) * 2.5) & (ROWS > 96) & STEM & (COLS < 150))) is None


def test_the_fill_is_light_again_in_the_middle_and_meets_the_shadow_at_the_rim():
    image = stem()
    filled = Texture(EngineSettings()).fill(Crop(image, HOLE, structure="layout"), 0)
    assert any("shadow" in note for note in filled.notes)
    rows = filled.pixels[101:107].mean(axis=(0, 2))
    assert rows[LEFT + 2] < 0.42
    assert rows[155:RIGHT].min() > 0.54
    assert abs(np.diff(rows[LEFT - 2 : 170])).max() < 0.08
    assert filled.copied_from is not None
    source_rows, source_cols = filled.copied_from[HOLE].T
    deep = SHADOW & (COLS > 104) & (ROWS > 100) & (ROWS < 107)
    assert not deep[source_rows, source_cols].any()
