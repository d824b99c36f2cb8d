"""What a detector says, and how refinement heeds it, with persons and things that are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from figures import figure, painted

from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing, attached_things, seen_things
from freefill.masks.refining.detected import Person, Prior, Seen, hint_for, joined
from freefill.masks.refining.recipe import RefineSettings, refine
from freefill.values import Box

ONLY_REACH = RefineSettings(
    specks=0, fill=0, close=0, person=False, snap=0, thicken=0, thicken_px=0, smooth=0, pockets=0, shadow=False,
    reflection=False,
)  # fmt: skip
ONLY_PERSON = replace(ONLY_REACH, person=True, reach=0)


def person(hole: np.ndarray) -> Person:
    """A person of whom the detector is sure."""
    return Person(Box(0, 0, *hole.shape), np.where(hole, np.float32(0.97), np.float32(0.01)))


def thing(category: str, hole: np.ndarray) -> Seen:
    rows, cols = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    box = Box(int(rows[0]), int(cols[0]), int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1)
    return Seen(category, box, hole[box.slices])


def arm() -> np.ndarray:
    """The part of the figure's arm that lies beside its body."""
    hole = figure()
    hole[:, :97] = False
    return hole


# --- a person ----------------------------------------------------------------------------------------------------


def test_a_person_is_seen_in_another_box_at_another_size():
    sure = np.zeros((10, 10), np.float32)
    sure[2:5, 4:8] = 1  # rows 40 to 70, columns 110 to 150 of the picture
    seen = Person(Box(20, 70, 100, 100), sure).over(Box(30, 100, 60, 60), (30, 30))
    assert seen.shape == (30, 30)
    rows, cols = np.nonzero(seen > 0.5)
    assert (30 + 2 * rows.min(), 30 + 2 * (rows.max() + 1)) == pytest.approx((40, 70), abs=2)
    assert (100 + 2 * cols.min(), 100 + 2 * (cols.max() + 1)) == pytest.approx((110, 150), abs=2)


def test_beyond_its_box_nothing_is_sure():
    everywhere = Person(Box(-5, -5, 20, 20), np.ones((4, 4), np.float32))
    seen = everywhere.over(Box(0, 0, 40, 40), (40, 40))
    assert seen[:13, :13].min() == 1
    assert seen[18:, :].max() == seen[:, 18:].max() == 0


def test_the_masked_share_of_a_person_that_leaves_the_picture_is_of_what_is_seen():
    hole = np.zeros((40, 40), bool)
    hole[:, :10] = True
    half_outside = Person(Box(0, -20, 40, 40), np.ones((8, 8), np.float32))
    assert half_outside.masked(hole) == pytest.approx(0.5)
    assert half_outside.area_px == 1600


def test_a_person_is_meant_from_half_masked_on():
    hole = np.zeros((40, 40), bool)
    hole[:, :20] = True
    inside, outside = (person(np.indices(hole.shape)[1] < end) for end in (30, 50))
    assert inside.masked(hole) > 0.5
    own, others = Prior((inside, person(~hole))).parted(hole)
    assert own == [inside]
    assert len(others) == 1
    assert outside.masked(hole) == pytest.approx(0.5, abs=0.01)


def test_without_a_person_that_is_meant_there_is_no_hint():
    everybody = person(figure())
    box = Box(0, 0, 160, 160)
    assert hint_for(box, (40, 40), [], [everybody]) is None
    hint = hint_for(box, (40, 40), [everybody], [])
    assert hint is not None
    assert hint.own.max() > 0.9
    assert hint.others.max() == 0


# --- reaching ----------------------------------------------------------------------------------------------------


def with_arm(hole: np.ndarray, missing: np.ndarray, share: float) -> np.ndarray:
    """A figure whose arm is coloured between its own colour (1) and the ground's (0)."""
    whole, without = painted(hole), painted(hole & ~missing)
    return np.asarray(whole * share + without * (1 - share), np.float32)


def test_an_arm_that_the_image_tells_badly_comes_back_by_the_detector():
    hole, missing = figure(), arm()
    image = with_arm(hole, missing, 0.55)
    alone = refine(hole & ~missing, image, settings=ONLY_REACH)
    told = refine(hole & ~missing, image, settings=ONLY_REACH, prior=Prior((person(hole),)))
    assert (alone.hole & missing).sum() < 0.2 * missing.sum()
    assert (told.hole & missing).sum() > 0.7 * missing.sum()
    assert set(told.added) == {"reach"}


def test_what_is_surely_of_a_meant_person_is_taken_whatever_the_image_says():
    hole, missing = figure(), arm()
    image = np.full((*hole.shape, 3), 0.5, np.float32)
    told = refine(hole & ~missing, image, settings=ONLY_PERSON, prior=Prior((person(hole),)))
    assert set(told.added) == {"person"}
    assert (told.hole & missing).sum() > 0.95 * missing.sum()
    others = refine(
        hole & ~missing, image, settings=ONLY_PERSON, prior=Prior((person(hole & ~missing), person(missing)))
    )
    assert (others.hole & missing).sum() < 0.1 * missing.sum()
    assert not refine(
        hole & ~missing, image, settings=ONLY_REACH.without(["reach"]), prior=Prior((person(hole),))
    ).added


def test_ground_that_looks_like_the_person_is_left_where_the_detector_sees_none():
    hole, missing = figure(), arm()
    image = with_arm(hole, missing, 0.7)
    alone = refine(hole & ~missing, image, settings=ONLY_REACH)
    told = refine(hole & ~missing, image, settings=ONLY_REACH, prior=Prior((person(hole & ~missing),)))
    assert (alone.hole & missing).sum() > 0.7 * missing.sum()
    assert (told.hole & missing).sum() < 0.2 * missing.sum()


def test_what_is_another_persons_is_not_taken():
    hole, missing = figure(), arm()
    both = Person(Box(0, 0, 160, 160), np.where(missing, 0.6, np.where(hole, 0.97, 0.01)).astype(np.float32))
    given = hole & ~missing
    taken = refine(given, painted(hole), settings=ONLY_REACH, prior=Prior((both,))).hole
    left = refine(given, painted(hole), settings=ONLY_REACH, prior=Prior((both, person(missing)))).hole
    assert (taken & missing).sum() > 0.7 * missing.sum()
    assert not (left & missing)[:, 105:].any()


def test_persons_whom_the_mask_does_not_mean_change_nothing():
    hole = np.roll(figure(), 60, axis=1)
    hole[:, :90] = False
    image = painted(hole)
    elsewhere = np.zeros_like(hole)
    elsewhere[10:50, 5:30] = True
    told = refine(hole, image, prior=Prior((person(elsewhere),)))
    assert np.array_equal(told.hole, refine(hole, image).hole)


# --- things ------------------------------------------------------------------------------------------------------


def board(left: int = 122) -> np.ndarray:
    hole = np.zeros((160, 160), bool)
    hole[50:72, left : left + 20] = True
    return hole


@pytest.mark.parametrize(
    ("category", "taken"), [("tennis racket", True), ("skateboard", True), ("car", False), ("couch", False)]
)
def test_a_seen_thing_is_taken_by_the_list_of_annotated_ones(category, taken):
    hole = figure()
    more, names = seen_things(hole, [person(hole)], [], [thing(category, board())])
    assert more.any() == taken
    assert names == ([category] if taken else [])
    assert not (more & hole).any()


def test_a_seen_bottle_is_held_by_who_has_much_of_its_outline_and_not_by_who_stands_beside():
    hole = figure()
    beside, within = board(118), board(96)
    assert not seen_things(hole, [person(hole)], [], [thing("bottle", beside)])[1]
    assert seen_things(hole, [person(hole)], [], [thing("bottle", within)])[1] == ["bottle"]
    assert attached_things(hole, find_parts(hole)[1], [Thing("bottle", beside)])[1] == ["bottle"]


def test_a_seen_thing_that_touches_nobody_stays():
    hole = figure()
    assert not seen_things(hole, [person(hole)], [], [thing("skateboard", board(135))])[0].any()


def test_a_disc_in_the_air_goes_with_whoever_is_near_it_and_not_with_who_is_far():
    hole = figure()
    assert seen_things(hole, [person(hole)], [], [thing("frisbee", board(135))])[1] == ["frisbee"]
    wide = np.pad(hole, ((0, 0), (0, 200)))
    disc = np.roll(np.pad(board(), ((0, 0), (0, 200))), 150, axis=1)
    assert not seen_things(wide, [person(wide)], [], [thing("frisbee", disc)])[1]


def test_a_thing_is_taken_from_a_hand_of_which_the_detector_is_unsure():
    hole = figure()
    unsure = Person(Box(0, 0, 160, 160), np.where(hole, np.where(arm(), 0.2, 0.97), 0.01).astype(np.float32))
    assert seen_things(hole, [unsure], [], [thing("tennis racket", board())])[0].any()


def test_a_seen_thing_of_somebody_else_stays():
    hole = figure()
    other = np.zeros_like(hole)
    other[20:130, 140:158] = True
    racket = thing("tennis racket", board(126) & ~other)
    assert seen_things(hole, [person(hole)], [], [racket])[0].any()
    assert not seen_things(hole, [person(hole)], [person(other)], [racket])[0].any()


def test_an_umbrella_larger_than_whoever_touches_it_is_stuck_in_the_sand():
    hole = figure()
    large, small = np.zeros_like(hole), np.zeros_like(hole)
    side = int(1.5 * hole.sum() ** 0.5)
    large[:side, -side:] = True
    small[:40, 80:120] = True
    sunk, held = (seen_things(hole, [person(hole)], [], [thing("umbrella", some)])[1] for some in (large, small))
    assert (sunk, held) == ([], ["umbrella"])
    assert seen_things(hole, [person(hole)], [], [thing("kite", large)])[1] == ["kite"]


def test_a_seen_thing_far_larger_than_its_person_stays():
    hole = figure(300, 400)
    everything = thing("kite", ~np.roll(hole, 3, axis=0))
    assert everything.hole.sum() > 9 * hole.sum()
    assert not seen_things(hole, [person(hole)], [], [everything])[0].any()


def test_things_are_not_taken_for_a_mask_of_something_else():
    hole = figure()
    assert not seen_things(hole, [], [person(board(20))], [thing("skateboard", board())])[0].any()


def test_seen_things_come_in_the_attached_step_unless_annotations_are_given():
    hole = figure()
    seen = Prior((person(hole),), (thing("tennis racket", board()),))
    refined = refine(hole, painted(hole), prior=seen)
    assert (refined.added["attached"] & board()).sum() > 0.8 * (board() & ~hole).sum()
    assert "taken along: tennis racket" in refined.notes
    off = refine(hole, painted(hole), settings=RefineSettings(attached=False), prior=seen)
    assert "attached" not in off.added


def test_no_shadow_is_looked_for_under_the_rough_outline_of_a_seen_thing():
    hole = figure(240, 320)
    rows, cols = np.indices(hole.shape)
    image = painted(hole, ground=(0.62, 0.58, 0.5))
    rough = (rows > 60) & (rows < 130) & (cols > 95) & (cols < 200) & ~hole
    image[(abs(rows - 136) < 7) & (cols > 130) & (cols < 230) & ~hole] *= 0.5  # a shadow of something else
    seen = Prior((person(hole),), (thing("bicycle", rough),))
    told, alone = refine(hole, image, prior=seen), refine(hole, image)
    assert "attached" in told.added
    assert "shadow" not in alone.added
    assert "shadow" not in told.added


def test_another_view_of_a_person_counts_where_it_is_surer():
    first = Person(Box(0, 0, 40, 40), np.full((40, 40), 0.9, np.float32), 0.7, ("left arm",))
    doubtful, sure = (Person(Box(0, 30, 40, 40), np.full((40, 40), value, np.float32), 0.9) for value in (0.6, 0.9))
    one = joined([first, doubtful], 0.7)
    assert (one.box, one.score, one.lacking) == (Box(0, 0, 40, 70), 0.9, ("left arm",))
    assert one.hole((40, 70)).sum() == 40 * 40
    assert joined([first, sure], 0.7).hole((40, 70)).all()
    assert joined([first], 0.7) is first
