"""Ends that stick out of a mask, on drawn figures."""

from dataclasses import replace

import numpy as np
import pytest
from figures import figure, painted

from freefill.masks.parts import find_parts
from freefill.masks.refining.closeup import Closeup, Overview, look_at
from freefill.masks.refining.detected import Hint
from freefill.masks.refining.ends import CLOSEUP_BOX_PX, CLOSEUP_SIZE_PX, EndLimits, find_ends
from freefill.masks.refining.recipe import RefineSettings, refine

COLS = np.indices((160, 160))[1]
ROWS = np.indices((160, 160))[0]
HELD = (abs(ROWS - 60) < 5) & (COLS > 105) & (COLS < 138)  # over the end of the arm, and on
SHORT = figure() & (COLS < 124) | (HELD & (COLS < 124))
BLUE = np.array((0.1, 0.2, 0.8), np.float32)


def seen(image: np.ndarray, hole: np.ndarray) -> Closeup:
    labels, parts = find_parts(hole)
    return look_at(Overview(image), labels, parts[0], 0.5 * parts[0].size_px, CLOSEUP_SIZE_PX, CLOSEUP_BOX_PX)


def found(image: np.ndarray, hole: np.ndarray = SHORT, hint: Hint | None = None) -> np.ndarray:
    view = seen(image, hole)
    ends = np.zeros_like(hole)
    ends[view.box.slices] = view.enlarge(find_ends(view, hint=hint))
    return ends


def scene(**coloured: np.ndarray) -> np.ndarray:
    """A figure on grass that holds something; further shapes in its colour lie behind."""
    image = painted(figure())
    for shape in coloured.values():
        image[shape & ~figure()] = BLUE
    image[HELD] = BLUE
    return image


def test_what_is_held_is_followed_to_its_end_and_no_farther():
    ends = found(scene())
    left = HELD & ~SHORT
    assert (ends & left).sum() > 0.6 * left.sum()  # rims of mixed colour are left to thickening
    assert (ends & ~left).sum() < 0.1 * left.sum()


@pytest.mark.parametrize("width", [160, 134])
def test_what_goes_on_is_no_end_nor_is_what_the_border_cuts(width):
    image = scene(rail=(abs(ROWS - 60) < 5) & (COLS > 105))
    assert not found(image[:, :width].copy(), SHORT[:, :width].copy()).any()


def test_what_only_touches_the_mask_is_no_end():
    image = painted(figure())
    image[(abs(ROWS - 60) < 5) & (COLS >= 124) & (COLS < 138)] = BLUE
    assert not found(image).any()


def test_ground_of_the_colour_that_a_mask_holds_a_rim_of_is_no_end():
    wide = figure() | np.roll(figure(), 3, axis=1)
    assert not found(painted(figure()), wide).any()


def test_what_is_of_another_person_is_no_end():
    view = seen(scene(), SHORT)
    nobody = np.zeros(view.part.shape, np.float32)
    theirs = Hint(nobody, np.where(view.part, nobody, np.float32(1)), view.part)
    assert not find_ends(view, hint=theirs).any()
    assert find_ends(view, hint=replace(theirs, others=nobody)).any()


@pytest.mark.parametrize(
    "bound",
    [
        {"most": 0.0, "clear_most": 0.0},
        {"depth": 0.5},
        {"nearest": 0.3},
        {"masked": 9.0},
        {"slender": 9.0},
        {"contrast": 99.0},
    ],
)
def test_limits_bound_what_is_an_end(bound):
    assert not find_ends(seen(scene(), SHORT), limits=EndLimits(**bound)).any()


def test_refining_adds_ends_under_their_name_and_leaves_them_out_on_request():
    only = RefineSettings(reach=0, snap=0, thicken=0, thicken_px=0, smooth=0, close=0, fill=0)
    refined = refine(SHORT, scene(), settings=only)
    assert (refined.hole & HELD).sum() > 0.9 * HELD.sum()
    assert set(refined.added) == {"ends"}
    assert "ends" not in refine(SHORT, scene(), settings=replace(only, ends=0)).added
