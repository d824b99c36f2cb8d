"""What a mask encloses, or nearly, and is no ground, on drawn figures."""

import numpy as np
import pytest
from figures import painted

from freefill.masks.parts import find_parts
from freefill.masks.refining.closeup import Overview, look_at
from freefill.masks.refining.pockets import CLOSEUP_BOX_PX, CLOSEUP_SIZE_PX, MARGIN, find_pockets
from freefill.masks.refining.recipe import RefineSettings, refine

ROWS, COLS = np.indices((200, 200))
KITE = (abs(ROWS - 100) < 50) & (abs(COLS - 100) < 40)
HEART = (ROWS - 100) ** 2 + (COLS - 100) ** 2 < 8**2
MOUTH = (abs(COLS - 100) < 2) & (ROWS < 100)
BLUE = np.array((0.1, 0.2, 0.8), np.float32)


def found(hole: np.ndarray, pocket: np.ndarray = HEART, colour: np.ndarray | None = BLUE, most: float = 0.2) -> float:
    """Return the share of a pocket that is found where it has a colour; None = the ground's."""
    image = painted(hole | (HEART if colour is not None else False))
    if colour is not None:
        image[pocket] = colour
    labels, parts = find_parts(hole)
    view = look_at(Overview(image), labels, parts[0], MARGIN * parts[0].size_px, CLOSEUP_SIZE_PX, CLOSEUP_BOX_PX)
    pockets = np.zeros_like(hole)
    pockets[view.box.slices] = view.enlarge(find_pockets(view, most))
    assert not (pockets & ~pocket & ~hole).sum() > 0.1 * pocket.sum()
    return float((pockets & pocket).sum() / pocket.sum())


@pytest.mark.parametrize("hole", [KITE & ~HEART, KITE & ~HEART & ~MOUTH], ids=["pocket", "bay"])
def test_what_is_enclosed_or_nearly_and_has_no_colour_of_the_ground_is_taken(hole):
    assert found(hole) > 0.8


@pytest.mark.parametrize("hole", [KITE & ~HEART, KITE & ~HEART & ~MOUTH], ids=["pocket", "bay"])
def test_ground_seen_through_a_pocket_stays(hole):
    assert found(hole, colour=None) == 0


def test_a_bay_with_a_wide_mouth_is_open_ground():
    wide = (abs(COLS - 100) < 9) & (ROWS < 100)
    assert found(KITE & ~HEART & ~wide) == 0


def test_a_large_pocket_may_be_anything():
    large = (ROWS - 100) ** 2 + (COLS - 100) ** 2 < 25**2
    assert found(KITE & ~large, large, most=0.8) > 0.8
    assert found(KITE & ~large, large) == 0


def test_a_pocket_half_of_which_differs_is_taken_whole():
    hole = KITE & ~HEART
    image = painted(hole)
    image[HEART & (COLS < 101)] = BLUE
    labels, parts = find_parts(hole)
    view = look_at(Overview(image), labels, parts[0], MARGIN * parts[0].size_px, CLOSEUP_SIZE_PX, CLOSEUP_BOX_PX)
    pockets = view.enlarge(find_pockets(view))
    assert (pockets & HEART[view.box.slices]).sum() > 0.95 * HEART.sum()


def test_a_dot_in_a_pocket_of_ground_stays():
    image = painted(KITE & ~HEART)
    image[99:101, 99:101] = BLUE
    labels, parts = find_parts(KITE & ~HEART)
    view = look_at(Overview(image), labels, parts[0], MARGIN * parts[0].size_px, CLOSEUP_SIZE_PX, CLOSEUP_BOX_PX)
    assert not find_pockets(view).any()


def test_refining_says_what_it_filled_and_leaves_it_where_that_is_switched_off():
    hole = KITE & ~HEART
    image = painted(hole)
    image[HEART] = BLUE
    settings = RefineSettings().without(["fill", "close", "reach", "snap", "ends", "shadow", "reflection"])
    refined = refine(hole, image, settings=settings)
    assert (refined.added["pockets"] & HEART).any()
    assert refined.hole[HEART].all()
    assert not refine(hole, image, settings=settings.without(["pockets"])).hole[HEART].all()
