"""Persons, with networks for which a person is what is bright."""

import numpy as np
import pytest

from freefill.detectors.candidates import IN_COMPANY
from freefill.detectors.crops import cut_square, lay_square
from freefill.detectors.nanodet import CATEGORIES, find_boxes
from freefill.detectors.people import PeopleSettings, detect, find_people
from freefill.errors import InputError, WeightsError


def scene(size=(416, 416), squares=((200, 200),), side=60):
    """Dark, with bright squares at (row, col)."""
    image = np.full((*size, 3), 0.1, np.float32)
    for row, col in squares:
        image[row : row + side, col : col + side] = 0.95
    return image


def test_the_mask_is_where_the_person_is(models):
    image = scene()
    hole = detect(image)
    assert hole.dtype == bool
    assert hole.shape == (416, 416)
    truth = image[..., 0] > 0.5
    assert (hole & truth).sum() / (hole | truth).sum() > 0.9


def test_two_persons_are_two_parts(models):
    image = scene(squares=((100, 80), (260, 300)))
    truth = image[..., 0] > 0.5
    hole = detect(image)
    assert (hole & truth).sum() > 0.9 * truth.sum()
    assert (hole & ~truth).sum() < 0.1 * truth.sum()


@pytest.mark.parametrize("place", [(0, 0), (356, 356), (0, 180)])
def test_a_person_cut_by_the_border_is_masked_to_the_border(models, place):
    image = scene(squares=(place,))
    hole = detect(image)
    truth = image[..., 0] > 0.5
    assert (hole & truth).sum() > 0.9 * truth.sum()


def test_nobody_is_an_empty_mask(models):
    assert not detect(scene(squares=())).any()


def test_a_higher_score_finds_no_more(models):
    image = scene(squares=((100, 80), (260, 300)))
    few = find_people(image, PeopleSettings(least_score=0.9))
    many = find_people(image, PeopleSettings(least_score=0.2))
    assert len(few) <= len(many)
    assert all(person.score >= IN_COMPANY * 0.9 for person in few)  # they are small, and not alone


def test_a_small_person_is_found_in_the_tiles_only(models):
    image = scene(size=(1040, 1040), squares=((200, 240),), side=24)  # 10 px of 416: no cell is bright enough
    assert not detect(image, PeopleSettings(tiles=False, least_box=0.5)).any()
    hole = detect(image, PeopleSettings(least_box=0.5))
    truth = image[..., 0] > 0.5
    assert (hole & truth).sum() > 0.8 * truth.sum()


def test_boxes_lie_in_the_picture_and_the_best_comes_first(models):
    found = find_boxes(scene(size=(300, 500), squares=((0, 0), (240, 440))), least=0.2)
    assert len(found.boxes) > 0
    assert (found.boxes[:, :2] >= 0).all()
    assert (found.boxes[:, 2:] <= [300, 500]).all()
    assert (np.diff(found.scores) <= 0).all()


def test_a_box_reaches_as_far_as_its_distribution_says(models):
    """Half at 2 and half at 3 cells of 16 px make 40 px to each side of the cell's middle."""
    image = scene(size=(416, 416), squares=((192, 192),), side=16)
    found = find_boxes(image, least=0.5, tiles=False)
    assert found.boxes[0] == pytest.approx([160, 160, 240, 240], abs=0.1)


def test_the_image_is_not_changed(models):
    image = scene()
    before = image.copy()
    image.setflags(write=False)
    detect(image)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (33, 65)])
def test_any_size_gives_a_mask_of_that_size(models, size):
    image = np.full((*size, 3), 0.9, np.float32)
    assert detect(image, PeopleSettings(most_overlap=0.05)).shape == size


def test_eighty_categories_in_cocos_order():
    assert len(set(CATEGORIES)) == 80
    assert (CATEGORIES.index("person"), CATEGORIES.index("skateboard"), CATEGORIES.index("toothbrush")) == (0, 36, 79)


def test_missing_networks_are_named_with_the_command(no_weights):
    with pytest.raises(WeightsError, match="freefill weights fetch nanodet"):
        detect(scene())


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="least_score"):
        PeopleSettings(least_score=1.5)


def test_a_square_beyond_the_border_repeats_it_and_comes_back_where_it_was():
    rng = np.random.default_rng(0)
    image = rng.random((20, 30, 3)).astype(np.float32)
    crop = cut_square(image, -4, 22, 16, 16)
    assert np.array_equal(crop[4:, :8], image[:12, 22:])
    assert np.array_equal(crop[0, :8], image[0, 22:])
    assert np.array_equal(crop[8, 8:], np.repeat(image[4:5, 29], 8, axis=0))
    onto = np.zeros((20, 30), np.float32)
    lay_square(onto, crop[..., 0], -4, 22, 16)
    assert np.array_equal(onto[:12, 22:], image[:12, 22:, 0])
    assert onto[12:].sum() == 0
