"""Masks laid over pictures."""

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.masks.overlay import COLOURS, overlay
from freefill.masks.refining.recipe import STEPS

IMAGE = np.full((60, 200, 3), 0.4, np.float32)


def hole(top, left, side=20):
    made = np.zeros((60, 200), bool)
    made[top : top + side, left : left + side] = True
    return made


def test_outside_the_masks_the_picture_is_as_it_was():
    shown = overlay(IMAGE, {"a": hole(10, 10)}, legend=False)
    assert np.array_equal(shown[~hole(10, 10)], IMAGE[~hole(10, 10)])
    assert (shown[hole(10, 10)] != IMAGE[hole(10, 10)]).any(axis=1).all()


def test_each_layer_has_its_own_colour_and_a_line_in_the_legend():
    shown = overlay(IMAGE, {"a": hole(5, 10), "none": hole(0, 0, 0), "b": hole(5, 100)}, opacity=1)
    assert shown[15, 20] == pytest.approx(COLOURS[0])
    assert shown[15, 110] == pytest.approx(COLOURS[2])
    extra = shown.shape[0] - 60
    assert extra > 0
    assert overlay(IMAGE, {"a": hole(5, 10)}).shape[0] - 60 == extra / 2
    assert shown.dtype == np.float32
    assert shown.max() <= 1


def test_the_picture_itself_is_not_changed():
    before = IMAGE.copy()
    overlay(IMAGE, {"a": hole(5, 10)})
    assert np.array_equal(IMAGE, before)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(InputError, match="overlay: 'a'"):
        overlay(IMAGE, {"a": np.ones((3, 3), bool)})


def test_no_mask_is_the_picture():
    assert np.array_equal(overlay(IMAGE, {"a": hole(0, 0, 0)}), IMAGE)


def test_a_layer_keeps_its_colour_whether_or_not_those_before_it_are_empty():
    alone = overlay(IMAGE, {"a": hole(0, 0, 0), "b": hole(5, 100)}, legend=False)
    both = overlay(IMAGE, {"a": hole(5, 10), "b": hole(5, 100)}, legend=False)
    assert np.array_equal(alone[hole(5, 100)], both[hole(5, 100)])


def test_the_given_mask_each_step_and_what_was_dropped_have_a_colour_of_their_own():
    assert len(set(COLOURS)) == len(COLOURS) >= len(STEPS) + 2
