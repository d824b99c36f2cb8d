"""What refinement promises for any mask, with and without an image."""

import numpy as np
import pytest
from figures import figure, painted
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from freefill.distance import distance_outside
from freefill.errors import InputError
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing
from freefill.masks.refining.recipe import STEPS, THOROUGH, Refined, RefineSettings, refine
from freefill.values import Mask

HOLES = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))
OFF = RefineSettings(
    specks=0, fill=0, close=0, snap=0, reach=0, attached=False, ends=0, thicken=0, thicken_px=0, smooth=0, pockets=0,
    shadow=False, reflection=False,
)  # fmt: skip
ONLY = {
    "fill": {"fill": 0.5}, "close": {"close": 0.1}, "reach": {"reach": 0.6}, "snap": {"snap": 0.08},
    "attached": {"attached": True}, "ends": {"ends": 0.25},
    "thicken": {"thicken": 0.05}, "smooth": {"smooth": 0.05},
    "pockets": {"pockets": 0.2},
    "shadow": {"shadow": True}, "reflection": {"reflection": True},
}  # fmt: skip


@given(hole=HOLES, seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_a_refined_mask_contains_the_given_one_less_the_dropped_specks(hole, seed):
    image = np.random.default_rng(seed).random((*hole.shape, 3)).astype(np.float32)
    for seen in (None, image):
        refined = refine(hole, seen)
        assert not (hole & ~refined.hole & ~refined.dropped).any()
        assert not (refined.dropped & ~hole).any()


@given(hole=HOLES)
@settings(max_examples=30, deadline=None)
def test_what_the_steps_added_is_disjoint_and_makes_up_the_whole(hole):
    image = np.random.default_rng(1).random((*hole.shape, 3)).astype(np.float32)
    refined = refine(hole, image)
    assert set(refined.added) <= set(STEPS)
    layers = np.sum([layer.astype(int) for layer in refined.added.values()], axis=0) if refined.added else 0
    assert np.array_equal(layers + (hole & ~refined.dropped), refined.hole.astype(int))


@given(hole=HOLES)
@settings(max_examples=30, deadline=None)
def test_without_an_image_nothing_lies_farther_than_thickening_and_closing_reach(hole):
    refined = refine(hole)
    kept = hole & ~refined.dropped
    if kept.any():
        size = max(part.size_px for part in find_parts(kept)[1])
        far = distance_outside(kept)[refined.hole & ~refined.added.get("fill", np.zeros_like(hole))]
        assert far.max() <= 0.15 * 2 * size + 3


@given(hole=HOLES)
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90])
def test_without_an_image_turning_the_mask_turns_the_result(turn, hole):
    turned = refine(np.ascontiguousarray(turn(hole))).hole
    assert np.mean(turned ^ turn(refine(hole).hole)) <= 0.02


@pytest.mark.parametrize("turn", [np.fliplr, np.rot90])
def test_with_an_image_turning_both_turns_the_result(turn):
    # Shadows and reflections know what is down: they are left out here.
    chosen = RefineSettings(shadow=False, reflection=False)
    hole = figure()
    given_hole, image = distance_outside(~hole) > 4, painted(hole)
    straight = refine(given_hole, image, settings=chosen).hole
    turned = refine(np.ascontiguousarray(turn(given_hole)), np.ascontiguousarray(turn(image)), settings=chosen).hole
    assert (turned ^ turn(straight)).sum() < 0.05 * straight.sum()


@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 40)])
def test_empty_and_full_masks_come_back_as_they_are(shape, value):
    hole = np.full(shape, value)
    image = np.full((*shape, 3), 0.5, np.float32)
    for seen in (None, image):
        refined = refine(hole, seen)
        assert np.array_equal(refined.hole, hole)
        assert refined.added == {}


def test_a_hole_of_one_pixel_is_kept():
    hole = np.zeros((30, 30), bool)
    hole[10, 10] = True
    assert refine(hole, np.random.default_rng(0).random((30, 30, 3), np.float32)).hole[10, 10]


def test_with_every_step_off_the_mask_comes_back():
    hole = figure()
    refined = refine(hole, painted(hole), settings=OFF)
    assert np.array_equal(refined.hole, hole)
    assert refined.added == {}
    assert refined.notes == ()


@pytest.mark.parametrize("step", [step for step in ONLY if step not in ("shadow", "reflection")])
def test_each_step_alone_adds_only_under_its_own_name(step):
    hole = figure()
    hole[68:71, 78:82] = False  # an enclosed hole
    hole[100:104, 60:100] |= False
    image = painted(figure() | (distance_outside(figure()) < 4))
    bag = np.zeros_like(hole)
    bag[60:75, 125:140] = True
    chosen = RefineSettings(**{**vars_of(OFF), **ONLY[step]})
    refined = refine(hole, image, settings=chosen, things=[Thing("handbag", bag)])
    assert set(refined.added) <= {step}
    if step in ("fill", "snap", "attached", "thicken"):
        assert refined.added[step].any()


def vars_of(chosen: RefineSettings) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(chosen)


def test_the_same_input_gives_the_same_mask():
    hole = figure()
    image = painted(hole, seed=3)
    assert np.array_equal(refine(hole, image).hole, refine(hole, image).hole)


def test_a_mask_value_is_taken_like_its_hole():
    hole = figure()
    assert np.array_equal(refine(Mask(hole)).hole, refine(hole).hole)


def test_neither_the_mask_nor_the_image_is_written():
    hole = figure()
    image = painted(hole)
    hole.setflags(write=False)
    image.setflags(write=False)
    refine(hole, image)


def test_a_far_speck_is_dropped_and_said():
    hole = figure(400, 400)
    hole = np.kron(hole, np.ones((2, 2), bool))
    hole[780, 780] = True
    refined = refine(hole)
    assert refined.dropped.sum() == 1
    assert not refined.hole[780, 780]
    assert refined.notes[0] == "1 specks dropped"


def test_small_parts_are_thickened_by_their_own_size():
    hole = np.zeros((300, 300), bool)
    hole[20:220, 20:220] = True
    hole[250:260, 250:260] = True
    grown = refine(hole, settings=RefineSettings(thicken=0.05, smooth=0, close=0)).hole
    assert grown[120, 229]  # 200 px: 10 px more
    assert not grown[255, 262]  # 10 px: 1 px more


def test_shares_are_of_the_given_mask():
    hole = np.zeros((3, 3), bool)
    refined = Refined(hole | True, {"thicken": np.eye(3, dtype=bool)}, hole)
    assert refined.shares() == {"thicken": 0.5}


@pytest.mark.parametrize(
    ("hole", "image", "words"),
    [
        (np.zeros((4, 4)), None, "must be \\(H, W\\) bool"),
        (np.zeros((0, 4), bool), None, "must be \\(H, W\\) bool"),
        (np.zeros((4, 4), bool), np.zeros((4, 5, 3), np.float32), "bring them to one size"),
    ],
)
def test_what_does_not_fit_is_refused(hole, image, words):
    with pytest.raises(InputError, match=words):
        refine(hole, image)


def test_a_thing_of_another_size_is_refused():
    with pytest.raises(InputError, match="'dog'"):
        refine(np.ones((4, 4), bool), things=[Thing("dog", np.ones((2, 2), bool))])


@pytest.mark.parametrize("name", ["thicken", "snap", "reach", "fill"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), 9.0])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        RefineSettings(**{name: value})


def test_thorough_covers_all_that_the_default_covers_and_more():
    hole = figure()
    usual, thorough = refine(hole).hole, refine(hole, settings=THOROUGH).hole
    assert not (usual & ~thorough).any()
    assert thorough.sum() - hole.sum() > 2 * (usual.sum() - hole.sum())
