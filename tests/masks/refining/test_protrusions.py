"""What hangs on a mask and lies on plain ground, on drawn figures."""

from dataclasses import replace

import numpy as np
import pytest
from figures import figure, painted

from freefill.masks.parts import find_parts
from freefill.masks.refining.closeup import Overview, look_at
from freefill.masks.refining.protrusions import (
    CLOSER,
    CLOSEUP_BOX_PX,
    CLOSEUP_SIZE_PX,
    SMALL,
    find_protrusions,
)
from freefill.masks.refining.recipe import RefineSettings, refine

ROWS, COLS = np.indices((160, 160))
BODY = figure()
POLE = (abs(COLS - 120) < 2) & (ROWS >= 65) & (ROWS < 100)  # from the end of the arm down
BLACK = np.zeros(3, np.float32)


def found(*shapes: np.ndarray, image: np.ndarray | None = None) -> np.ndarray:
    """Return what is found of a figure beside which black shapes are drawn."""
    image = painted(BODY) if image is None else image
    for shape in shapes:
        image[shape & ~BODY] = BLACK
    labels, parts = find_parts(BODY)
    view = look_at(Overview(image), labels, parts[0], 0.5 * parts[0].size_px, CLOSEUP_SIZE_PX, CLOSEUP_BOX_PX)
    hanging = np.zeros_like(BODY)
    hanging[view.box.slices] = view.enlarge(find_protrusions(view))
    return hanging


def test_a_pole_on_plain_ground_is_taken_though_the_mask_has_nothing_of_its_colour():
    pole = found(POLE)
    assert (pole & POLE).sum() > 0.9 * POLE.sum()
    assert (pole & ~POLE).sum() < 0.1 * POLE.sum()


def test_what_does_not_touch_the_mask_stays():
    assert not found(POLE & (ROWS > 70)).any()


def test_what_runs_along_the_mask_stays_unless_it_is_clear_and_not_too_long():
    strip = (ROWS >= 65) & (ROWS < 68) & (COLS < 124)
    assert found(strip & (COLS >= 112)).any()
    assert not found(strip & (COLS >= 97)).any()
    image = painted(BODY)
    image[strip & (COLS >= 112)] = 0.67 * image[100, 130]  # less clear ...
    assert not found(image=image).any()
    image[strip & (COLS >= 120)] = 0.67 * image[100, 130]
    image[strip & (COLS >= 112) & (COLS < 120)] = image[100, 130]
    assert found(image=image).any()  # ... though clear enough for what is as long as it is wide


def test_a_pole_that_leaves_the_view_is_a_rail():
    assert not found((COLS == 120) & (ROWS >= 65)).any()
    assert found((COLS == 120) & (ROWS >= 65) & (ROWS < 90)).any()


def test_what_is_large_stays():
    stem = (abs(COLS - 120) < 2) & (ROWS >= 65) & (ROWS < 74)
    assert found(stem).any()
    assert not found(stem | (abs(COLS - 120) < 10) & (ROWS >= 72) & (ROWS < 90)).any()


def test_a_line_that_comes_out_on_the_other_side_passes_behind():
    ends = (abs(ROWS - 90) < 2) & (COLS > 60) & (COLS < 120)
    assert found(ends & (COLS > 80)).any()  # on one side only
    behind = (abs(ROWS - 90) < 2) & (COLS > 40) & (COLS < 120)
    assert not found(behind).any()


def test_what_is_no_line_may_have_anything_on_the_other_side():
    ball = (abs(ROWS - 60) < 3) & (COLS >= 125) & (COLS < 132)
    assert (found(ball, (abs(ROWS - 60) < 1) & (COLS > 45) & (COLS < 66)) & ball).any()


@pytest.mark.parametrize("noise", [0.12, 0.5])
def test_on_textured_ground_nothing_is_asked(noise):
    rough = np.random.default_rng(0).normal(0.5, noise, (160, 160, 1)).clip(0, 1).astype(np.float32)
    image = np.where(BODY[..., None], painted(BODY), rough * np.ones(3, np.float32))
    assert not found(POLE, image=image).any()


@pytest.mark.parametrize("reach", [0.25, 0.0])
def test_refining_takes_it_as_an_end_unless_ends_are_switched_off(reach):
    image = painted(BODY)
    image[POLE & ~BODY] = BLACK
    only = RefineSettings(reach=0, snap=0, thicken=0, thicken_px=0, smooth=0, close=0, fill=0, shadow=False, ends=reach)
    left = POLE & ~BODY
    assert (refine(BODY, image, settings=only).hole & left).any() == (reach > 0)


def test_a_line_that_fades_and_goes_on_stays():
    image = painted(BODY)
    ground = image[100, 130].copy()
    line = (abs(COLS - 120) < 2) & (ROWS >= 65)
    image[line & (ROWS < 84)] = BLACK
    assert found(image=image.copy()).any()
    image[line & (ROWS >= 84) & (ROWS < 108)] = ground - 0.08  # too faint to be a part of it
    assert not found(image=image).any()


def test_the_end_of_a_stick_is_found_where_only_the_ground_beside_it_is_plain():
    body = np.kron(BODY, np.ones((3, 3), bool))
    size = np.sqrt(body.sum())
    rows, cols = np.indices(body.shape)
    stick = np.logical_and(abs(cols - 364) < 2, (rows >= 195) & (rows < 212))
    rough = np.random.default_rng(0).normal(0, 0.25, (*body.shape, 1)).astype(np.float32)
    near = (abs(rows - 205) < 0.25 * size) & (abs(cols - 364) < 0.09 * size)
    image = painted(body) + np.where((body | near)[..., None], np.float32(0), rough)
    image[stick] = BLACK
    labels, parts = find_parts(body)
    view = look_at(Overview(image), labels, parts[0], 0.2 * size, 1000, 1000)
    assert not find_protrusions(view).any()
    closer = view.enlarge(find_protrusions(replace(view, size_px=CLOSER * view.size_px), SMALL))
    assert (closer & stick[view.box.slices]).sum() > 0.8 * stick.sum()
    only = RefineSettings(reach=0, snap=0, thicken=0, thicken_px=0, smooth=0, close=0, fill=0, shadow=False)
    assert (refine(body, image, settings=only).hole & stick).sum() > 0.8 * stick.sum()
