"""What the mask left outside is found, and neither searched by nor followed inwards."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.synthesis.residue import residue
from freefill.values import Crop, EngineSettings


def ground(size: int = 120) -> np.ndarray:
    """Return pale sand with grain."""
    return (0.7 + np.random.default_rng(0).normal(0, 0.03, (size, size, 3))).astype(np.float32)


def with_rest() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture whose mask leaves 2 px of a dark thing outside at the left, the hole, and that rest."""
    image = ground()
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 45:85] = True
    rest = np.zeros_like(hole)
    rest[50:70, 43:45] = True
    image[rest] = 0.1
    return image, hole, rest


def test_a_dark_rest_at_the_rim_is_found_and_nothing_else():
    image, hole, rest = with_rest()
    assert np.array_equal(residue(image, hole), rest)


def test_a_clean_mask_leaves_nothing():
    image, hole, rest = with_rest()
    assert not residue(image, hole | rest).any()


def test_an_edge_that_goes_on_around_the_hole_is_no_rest():
    # A dark post beside the hole; its colour is there again farther out.
    image = ground()
    image[:, 38:45] = 0.1
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 45:85] = True
    assert not residue(image, hole).any()


def test_a_contour_that_is_half_the_thing_is_found_where_two_grounds_meet():
    # Green beside brown: their mean has so large a spread that every colour is near it.
    image = ground() * np.array([0.45, 0.6, 0.25], np.float32)
    image[:60] = ground()[:60] * np.array([0.8, 0.65, 0.5], np.float32)
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 45:85] = True
    contour = np.zeros_like(hole)
    contour[50:70, 44] = True
    image[contour] = 0.5 * image[contour] + 0.5 * np.array([0.9, 0.3, 0.1], np.float32)
    found = residue(image, hole)
    assert found[contour].mean() > 0.8
    assert not found[~contour].any()


def test_a_rest_does_not_bleed_into_the_fill():
    image, hole, _ = with_rest()
    filled = Texture(EngineSettings()).fill(Crop(image, hole), 0).pixels
    blurred = cv2.GaussianBlur(np.where(hole[..., None], filled, np.float32(0.7)), (0, 0), 1.5)
    assert np.abs(blurred[hole] - 0.7).max() < 0.06


def test_a_rest_is_noted_with_its_side():
    image, hole, _ = with_rest()
    notes = Texture(EngineSettings()).fill(Crop(image, hole), 0).notes
    assert any("left outside the mask" in note and "left (40 px)" in note for note in notes)


@pytest.mark.parametrize("place", [(200, 217), (200, 219), (223, 218), (300, 100)])
def test_a_rest_is_found_wherever_the_tiles_cut_it(place: tuple[int, int]):
    # The thing that is removed lies far from another piece of the hole, so that more than one tile is looked at.
    small, small_hole, small_rest = with_rest()
    there = np.s_[place[0] : place[0] + 120, place[1] : place[1] + 120]
    image, hole, rest = ground(520), np.zeros((520, 520), bool), np.zeros((520, 520), bool)
    image[there], hole[there], rest[there] = small, small_hole, small_rest
    hole[40:60, 40:60] = True
    assert np.array_equal(residue(image, hole), rest)


def test_a_few_pixels_of_another_colour_are_found_with_their_soft_edge():
    # Skin beside grass: two pixels of it, and on each side one that is half of it.
    image = ground() * np.array([0.45, 0.6, 0.25], np.float32)
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 45:85] = True
    rest = np.zeros_like(hole)
    rest[55:59, 44] = True
    image[56:58, 44] = (0.8, 0.5, 0.4)
    image[55, 44], image[58, 44] = image[55, 44] / 2 + (0.4, 0.25, 0.2), image[58, 44] / 2 + (0.4, 0.25, 0.2)
    found = residue(image, hole)
    assert found[rest].all()
    assert not found[:, :43].any()
    assert not found[:53].any()


def test_a_few_pixels_that_are_little_unlike_the_ground_are_noise():
    image = ground()
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 45:85] = True
    image[55:57, 44] = image[40:42, 30] + (0, 0, -0.09)
    assert not residue(image, hole).any()
