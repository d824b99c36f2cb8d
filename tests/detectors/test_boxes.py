"""Boxes: overlap and suppression."""

import numpy as np
import pytest

from freefill.detectors.boxes import areas, overlaps, squared, suppress

BOXES = np.array([[0, 0, 10, 10], [0, 1, 10, 11], [20, 20, 30, 40], [0, 0, 10, 10]], np.float64)


def test_a_box_overlaps_itself_wholly_and_a_far_one_not_at_all():
    assert overlaps(BOXES, BOXES[0]).tolist() == pytest.approx([1, 90 / 110, 0, 1])


def test_the_better_of_two_overlapping_boxes_stays():
    assert suppress(BOXES[:3], np.array([0.5, 0.9, 0.1]), 0.6).tolist() == [1, 2]


def test_equal_boxes_of_equal_score_leave_the_first():
    assert suppress(BOXES[[0, 3]], np.array([0.5, 0.5]), 0.6).tolist() == [0]


def test_boxes_that_overlap_less_than_allowed_all_stay():
    assert sorted(suppress(BOXES[:3], np.array([0.5, 0.9, 0.1]), 0.9).tolist()) == [0, 1, 2]


def test_no_box_at_all_is_no_trouble():
    none = np.zeros((0, 4))
    assert suppress(none, np.zeros(0), 0.5).size == 0
    assert areas(none).size == 0


def test_the_square_has_the_longer_side_with_its_margin_and_the_same_centre():
    top, left, side = squared(np.array([10.0, 20, 110, 40]), 0.25)
    assert (top, left, side) == (-15, -45, 150)
