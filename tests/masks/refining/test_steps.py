"""Each step of refinement by its effect, on drawn figures."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from figures import figure, painted

from freefill.distance import distance_inside, distance_outside
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing, attached_things
from freefill.masks.refining.closeup import Overview, look_at
from freefill.masks.refining.contour import close_gaps, evened, fill_holes, jaggedness, smooth
from freefill.masks.refining.detected import Person, Prior
from freefill.masks.refining.reach import ReachLimits, reach_out
from freefill.masks.refining.recipe import RefineSettings, refine
from freefill.masks.refining.reflection import MARGIN as REFLECTION_MARGIN
from freefill.masks.refining.reflection import find_reflection
from freefill.masks.refining.shadow import MARGIN as SHADOW_MARGIN
from freefill.masks.refining.shadow import find_shadow
from freefill.masks.refining.snap import snap
from freefill.masks.refining.thicken import block_px, edge_softness_px, thicken
from freefill.values import Box


def view(hole: np.ndarray, image: np.ndarray, margin: float, size: float = 120.0):
    labels, parts = find_parts(hole)
    part = max(parts, key=lambda p: p.area_px)
    return look_at(Overview(image), labels, part, margin * part.size_px, size)


# --- parts -------------------------------------------------------------------------------------------------------


def test_the_size_of_a_part_is_the_root_of_its_area():
    hole = np.zeros((50, 80), bool)
    hole[10:30, 20:40] = True
    assert find_parts(hole)[1][0].size_px == pytest.approx(20)


def test_figures_that_touch_in_a_row_do_not_make_one_large_object():
    row = np.tile(figure()[:, 50:130], (1, 5))
    row[66:74] = True
    one = find_parts(figure())[1][0].size_px
    together = find_parts(row)[1][0]
    assert together.area_px**0.5 > 2 * one
    assert together.size_px < 1.6 * one


def test_a_part_cut_by_the_border_goes_on_behind_it():
    hole = np.zeros((60, 60), bool)
    hole[:, :10] = True
    assert find_parts(hole)[1][0].size_px == pytest.approx(600**0.5)


# --- contour -----------------------------------------------------------------------------------------------------


def test_a_narrow_gap_is_closed_and_a_wide_one_is_not():
    hole = np.zeros((80, 200), bool)
    hole[10:70, 10:70] = hole[10:70, 73:133] = hole[10:70, 150:190] = True
    labels, parts = find_parts(hole)
    closed = close_gaps(labels, parts, 0.05)
    assert closed[40, 71]
    assert not closed[40, 141]


def test_a_small_enclosed_region_is_filled_and_a_large_one_is_not():
    hole = np.zeros((100, 100), bool)
    hole[5:95, 5:95] = True
    hole[10:13, 10:13] = hole[40:80, 40:80] = False
    filled = fill_holes(hole, find_parts(hole)[1], 0.1)
    assert filled[11, 11]
    assert not filled[60, 60]


def test_stairs_of_an_enlarged_mask_are_smoothed():
    rows, cols = np.indices((40, 40))
    disc = (rows - 20) ** 2 + (cols - 20) ** 2 < 200
    stairs = np.kron(disc, np.ones((6, 6), bool))
    rounded = smooth(stairs, find_parts(stairs)[1], 0.03, least_px=3.0)
    perimeter = [cv2.arcLength(cv2.findContours(h.astype(np.uint8), 0, 1)[0][0], True) for h in (stairs, rounded)]
    assert perimeter[1] < 0.95 * perimeter[0]


def jagged(hole: np.ndarray, seed: int = 0) -> np.ndarray:
    """Move the contour in and out at random, by 1.5 % of the object's size, as the benchmark does."""
    size = float(np.sqrt(hole.sum()))
    noise = np.random.default_rng(seed).standard_normal(hole.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.01 * size)
    signed = distance_inside(hole) - distance_outside(hole) + np.where(hole, -0.5, 0.5)
    return signed + noise * 0.015 * size / noise.std() > 0


def test_a_jagged_contour_is_told_from_one_that_is_not():
    hole = cv2.GaussianBlur(np.kron(figure(), np.ones((3, 3))), (0, 0), 3) > 0.5
    size = find_parts(hole)[1][0].size_px
    assert jaggedness(hole, size) < 0.002
    assert jaggedness(jagged(hole), size) > 0.004
    assert jaggedness(np.ones((40, 40), bool), 40.0) == 0


def test_spikes_of_a_jagged_contour_are_not_thickened_and_stay():
    hole = jagged(np.kron(figure(), np.ones((3, 3), bool)))
    only = RefineSettings(specks=0, fill=0, close=0, smooth=0)
    on, off = (refine(hole, settings=replace(only, jags=jags)).hole for jags in (0.002, 0))
    assert not (hole & ~on).any()
    assert (on & ~hole).sum() < 0.9 * (off & ~hole).sum()


def test_a_smooth_contour_is_thickened_as_it_is():
    labels, parts = find_parts(figure())
    assert evened(labels, parts, 0.002, 0.0) is labels


def test_corners_of_stairs_are_left_out_and_the_figure_is_not():
    rows, cols = np.indices((40, 40))
    stairs = np.kron((rows - 20) ** 2 + (cols - 20) ** 2 < 200, np.ones((6, 6), bool))
    labels, parts = find_parts(stairs)
    left = evened(labels, parts, 0.0, 3.0) > 0
    assert 0.94 * stairs.sum() < left.sum() < 0.999 * stairs.sum()
    assert not (left & ~stairs).any()


# --- thicken -----------------------------------------------------------------------------------------------------


def test_thickening_is_round():
    hole = np.zeros((41, 41), bool)
    hole[20, 20] = True
    labels, parts = find_parts(hole)
    rows, cols = np.indices(hole.shape)
    assert np.array_equal(thicken(labels, parts, {1: 10.0}), (rows - 20) ** 2 + (cols - 20) ** 2 <= 100)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_the_factor_by_which_a_mask_was_enlarged_is_told(factor):
    assert block_px(np.kron(figure(), np.ones((factor, factor), bool))) == factor


def test_a_smooth_mask_and_a_box_are_not_taken_for_enlarged_ones():
    box = np.zeros((90, 90), bool)
    box[30:60, 30:60] = True
    assert block_px(figure()) == 1
    assert block_px(box) == 1


def test_a_soft_edge_is_measured_wider_than_a_sharp_one():
    hole = figure()
    sharp = hole.astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 3), np.float32)
    assert edge_softness_px(sharp, hole, 5) < 1.5 < edge_softness_px(soft, hole, 5)


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("how", [cv2.INTER_NEAREST_EXACT, cv2.INTER_NEAREST])
def test_the_factor_is_told_where_the_size_is_no_multiple_of_it(factor, how):
    # At half of 427 px a line between blocks falls on a pixel's centre.
    less = np.random.default_rng(0).random((round(427 / factor), round(639 / factor))) > 0.5
    assert block_px(cv2.resize(less.astype(np.uint8), (639, 427), interpolation=how) > 0) == factor


def test_a_few_parts_of_few_blocks_are_enough_to_tell_and_a_few_boxes_are_not():
    dots = np.zeros((30, 30), bool)
    dots[[2, 8, 15], [20, 4, 12]] = dots[15, 13] = True
    assert block_px(np.kron(dots, np.ones((4, 4), bool))) == 4
    boxes = np.zeros((300, 300), bool)
    boxes[20:40, 50:90] = boxes[100:150, 200:250] = True
    assert block_px(boxes) == 1


def test_a_part_of_few_blocks_is_thickened_by_a_block_and_a_large_one_by_a_share():
    dots = np.zeros((40, 40), bool)
    dots[np.arange(2, 38, 4), np.random.default_rng(0).permutation(9) * 4 + 2] = True
    hole = np.kron(dots, np.ones((4, 4), bool))
    only = RefineSettings(specks=0, fill=0, close=0, smooth=0)
    assert np.array_equal(refine(hole, settings=only).hole, distance_outside(hole) <= 4)
    large = np.kron(figure(), np.ones((4, 4), bool))
    reached = [distance_outside(large)[refine(large, settings=replace(only, thicken=0, block=b)).hole].max()
               for b in (0.6, 0.9)]  # fmt: skip
    assert reached == pytest.approx([2.4, 3.6], abs=0.6)


def test_a_mask_that_falls_short_all_around_is_thickened_more():
    hole = figure()
    image = painted(hole)
    short = distance_inside(hole) > 0.03 * find_parts(hole)[1][0].size_px
    only = RefineSettings(reach=0, fill=0, close=0, smooth=0, shadow=False, reflection=False, trust=0)
    for given, more in ((short, True), (hole, False)):
        on, off = (refine(given, image, settings=replace(only, short=share)).hole.sum() for share in (1.0, 0.0))
        assert (on > 1.03 * off) == more


def test_a_person_is_thickened_most_where_she_is_seen_faintly_and_least_where_she_is_not():
    hole = np.zeros((160, 160), bool)
    hole[60:100, 60:100] = True
    sure = np.where(hole, np.float32(1), np.float32(0))
    sure[60:100, 100:120] = 0.3  # to her right something may be hers
    prior = Prior((Person(Box(0, 0, 160, 160), sure),))
    only = RefineSettings(person=False, smooth=0, thicken=0.1, thicken_px=0)  # by 4 px
    told, untold = (refine(hole, settings=replace(only, faint=faint), prior=prior).hole for faint in (4.0, 0.0))
    right, left = told[80, 100:].sum(), told[80, :60].sum()
    assert right > 2 * left
    assert 0 < left < untold[80, :60].sum() == untold[80, 100:].sum()


def test_where_nobody_looked_for_a_person_the_image_says_how_much_a_mask_is_thickened():
    hole = np.zeros((160, 160), bool)
    hole[60:100, 20:60] = hole[60:100, 110:150] = True
    sure = np.where(hole, np.float32(1), np.float32(0))[40:120, :80]
    one = Prior((Person(Box(40, 0, 80, 80), sure),))
    grown = refine(hole, settings=RefineSettings(smooth=0, thicken=0.1, thicken_px=0), prior=one).hole
    alone = refine(hole, settings=RefineSettings(smooth=0, thicken=0.1, thicken_px=0)).hole
    assert np.array_equal(grown[:, 80:], alone[:, 80:])
    assert grown[:, :80].sum() < alone[:, :80].sum()


def test_parts_of_other_radii_are_not_thickened_alike():
    hole = np.zeros((60, 120), bool)
    hole[20:40, 20:40] = hole[20:40, 80:100] = True
    labels, parts = find_parts(hole)
    grown = thicken(labels, parts, {1: 3.0, 2: 9.0})
    assert grown[30, 40:46].sum() == 3
    assert grown[30, 65:80].sum() == 9


# --- snap --------------------------------------------------------------------------------------------------------


def test_snap_brings_back_an_eroded_rim():
    hole = figure()
    given = distance_inside(hole) > 2
    seen = view(given, painted(hole), 0.3)
    added = seen.enlarge(snap(seen, 0.08).added)
    missing = (hole & ~given)[seen.box.slices]
    assert (added & missing).sum() > 0.6 * missing.sum()


def test_snap_does_not_cross_a_strong_edge():
    hole = figure()
    seen = view(hole, painted(hole), 0.3)
    assert snap(seen, 0.08).added.sum() < 0.02 * hole.sum()


def test_how_sure_the_ground_is_goes_on_outward_from_the_contour():
    hole = figure()
    image = painted(hole)
    image[:, :80] = painted(np.ones_like(hole))[:, :80]  # on the left the ground looks like the figure
    seen = view(hole, image, 0.3)
    settled, away = snap(seen, 0.06).settled, distance_outside(seen.part)
    sides = np.arange(seen.part.shape[1])[None] > np.flatnonzero(seen.part.any(axis=0)).mean()
    near, far = ((away > low) & (away < low + 2) for low in (1, 12))
    assert settled[far & sides].mean() == pytest.approx(settled[near & sides].mean(), abs=0.15)
    assert settled[far & sides].mean() > settled[far & ~sides].mean() + 0.2


def test_snap_finds_nothing_where_object_and_ground_look_alike():
    hole = figure()
    seen = view(distance_inside(hole) > 2, painted(hole, thing=(0.3, 0.5, 0.3)), 0.3)
    assert not snap(seen, 0.08).added.any()


def test_snap_never_goes_farther_than_its_reach():
    hole = distance_inside(figure()) > 6
    seen = view(hole, painted(figure()), 0.4)
    added = snap(seen, 0.1).added
    assert distance_outside(seen.part)[added].max() <= 0.1 * seen.size_px + 1.5


def test_the_user_is_told_when_the_object_goes_on_beyond_the_reach():
    hole = distance_inside(figure()) > 5
    chosen = RefineSettings(snap=0.08, reach=0, shadow=False, reflection=False)
    assert any(
        "goes on where snapping stopped" in note for note in refine(hole, painted(figure()), settings=chosen).notes
    )


# --- reach -------------------------------------------------------------------------------------------------------


def without_arm() -> np.ndarray:
    hole = figure()
    hole[:, 100:] = False
    return hole


def test_a_missing_arm_is_won_back():
    hole, given = figure(), without_arm()
    won = refine(given, painted(hole)).hole & hole & ~given
    assert won.sum() > 0.8 * (hole & ~given).sum()


def test_a_whole_figure_gains_nothing_by_reaching():
    hole = figure()
    assert "reach" not in refine(hole, painted(hole)).added


def test_reaching_never_takes_more_than_its_bound():
    hole = figure()
    rows, cols = np.indices(hole.shape)
    clutter = painted(hole | ((rows // 8 + cols // 8) % 2 == 0))
    seen = view(hole, clutter, 0.9, 60)
    limits = ReachLimits(score=0.5)
    assert reach_out(seen, 0.6, limits).added.sum() <= limits.total * seen.size_px**2


def test_reaching_does_not_run_along_ground_of_the_objects_colour():
    hole = figure()
    image = painted(hole)
    image[110:] = painted(np.ones_like(hole))[110:]  # the floor looks like the trousers, all the way
    refined = refine(hole, image, settings=RefineSettings(shadow=False, reflection=False))
    assert refined.hole.sum() < 1.6 * hole.sum()


# --- attached ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "taken"),
    [
        ("skateboard", True),
        ("umbrella", True),
        ("dog", True),
        ("couch", False),
        ("car", False),
        ("dining table", False),
    ],
)
def test_what_goes_with_a_person_is_taken_and_what_stays_is_not(category, taken):
    hole = figure()
    thing = np.zeros_like(hole)
    thing[130:142, 55:105] = True
    more, names = attached_things(hole, find_parts(hole)[1], [Thing(category, thing)])
    assert names == ([category] if taken else [])
    assert more.any() == taken


def test_a_thing_that_touches_nobody_stays():
    hole = figure()
    thing = np.zeros_like(hole)
    thing[0:8, 0:8] = True
    assert not attached_things(hole, find_parts(hole)[1], [Thing("handbag", thing)])[0].any()


def test_a_cup_that_only_brushes_the_person_stays_on_its_table():
    hole = figure()
    cup, held = np.zeros_like(hole), np.zeros_like(hole)
    cup[58:100, 126:160] = True
    held[57:63, 126:132] = True
    parts = find_parts(hole)[1]
    assert attached_things(hole, parts, [Thing("cup", cup)])[1] == []
    assert attached_things(hole, parts, [Thing("cup", held)])[1] == ["cup"]


# --- shadow and reflection ---------------------------------------------------------------------------------------


def shaded(strength: float, patterned: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a figure on a floor with a shadow to the right; image, figure, shadow."""
    hole = figure(240, 320)
    rows, cols = np.indices(hole.shape)
    shadow = (abs(rows - 138) < 7) & (cols > 60) & (cols < 150) & ~hole
    image = painted(hole, ground=(0.62, 0.58, 0.5))
    if patterned:
        image[(rows // 10 + cols // 10) % 2 == 0] *= 0.5
    image[shadow] *= strength
    return image, hole, shadow


def test_a_shadow_at_the_foot_is_found():
    image, hole, shadow = shaded(0.5)
    seen = view(hole, image, SHADOW_MARGIN, 60)
    found = np.zeros_like(hole)
    found[seen.box.slices] = seen.enlarge(find_shadow(seen))
    assert (found & shadow).sum() > 0.7 * shadow.sum()
    assert (found & ~shadow & ~hole).sum() < 0.5 * shadow.sum()


@pytest.mark.parametrize(("strength", "patterned"), [(1.0, False), (0.5, True)])
def test_no_shadow_is_found_without_one_nor_on_a_patterned_floor(strength, patterned):
    image, hole, _ = shaded(strength, patterned)
    assert not find_shadow(view(hole, image, SHADOW_MARGIN, 60)).any()


def test_something_dark_of_another_hue_at_the_foot_is_no_shadow():
    image, hole, shadow = shaded(1.0)
    image[shadow] = (0.05, 0.1, 0.5)
    assert not find_shadow(view(hole, image, SHADOW_MARGIN, 60)).any()


def test_a_dark_strip_that_runs_out_of_the_view_is_a_kerb_and_no_shadow():
    image, hole, _ = shaded(0.5)
    assert find_shadow(view(hole, image, SHADOW_MARGIN, 60)).any()
    image[136:146][~hole[136:146]] = np.array([0.31, 0.29, 0.25], np.float32)
    assert not find_shadow(view(hole, image, SHADOW_MARGIN, 60)).any()


def test_the_soft_edge_of_a_large_shadow_is_taken_too():
    image, hole, shadow = shaded(0.5)
    soft = cv2.GaussianBlur(image, (0, 0), 2)
    image = np.where(hole[..., None], image, soft)
    found = refine(hole, image, settings=RefineSettings(reach=0, snap=0, reflection=False)).hole
    rim = (cv2.dilate(shadow.view(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~shadow & ~hole
    assert found[shadow].mean() > 0.95
    assert found[rim].mean() > 0.8


def test_around_a_sharp_shadow_less_ground_is_taken_than_around_a_soft_one():
    image, hole, shadow = shaded(0.5)
    soft = np.where(hole[..., None], image, cv2.GaussianBlur(image, (0, 0), 4))
    chosen = RefineSettings(reach=0, snap=0, reflection=False, ends=0, pockets=0)
    sharp_px, soft_px = (
        (refine(hole, each, settings=chosen).added["shadow"] & ~shadow).sum() for each in (image, soft)
    )
    assert sharp_px < 0.75 * soft_px


def mirrored(strength: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a figure on a wet floor; image, figure, mirror image."""
    hole = figure(300, 300)
    rows = np.indices(hole.shape)[0]
    image = painted(hole)
    image[hole & (rows < 60)] = (0.2, 0.2, 0.7)
    source = 2 * 136 - np.arange(300)
    inside = (source >= 0) & (np.arange(300) > 136)
    turned = np.zeros_like(hole)
    turned[inside] = hole[source[inside]]
    image[turned] = (1 - strength) * image[turned] + strength * image[::1][np.clip(source, 0, 299)][turned]
    return image, hole, turned


def test_a_mirror_image_is_found():
    image, hole, turned = mirrored(0.5)
    seen = view(hole, image, REFLECTION_MARGIN, 48)
    found = np.zeros_like(hole)
    found[seen.box.slices] = seen.enlarge(find_reflection(seen))
    assert (found & turned).sum() > 0.8 * turned.sum()


def test_a_plain_floor_mirrors_nothing():
    image, hole, _ = mirrored(0.0)
    assert not find_reflection(view(hole, image, REFLECTION_MARGIN, 48)).any()
