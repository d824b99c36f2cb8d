"""What the box or the mask left out of a person, with networks for which a person is what is bright."""

from dataclasses import replace

import numpy as np
import pytest

from freefill.detectors import body, people
from freefill.detectors.boxes import squared
from freefill.detectors.nanodet import Found
from freefill.detectors.people import PeopleSettings, find_people, main_persons
from freefill.masks.refining.detected import Person, union
from freefill.values import Box

SIZE = (416, 416)


def tall() -> np.ndarray:
    """Dark, with a bright upright figure of 200 x 60 px."""
    image = np.full((*SIZE, 3), 0.1, np.float32)
    image[100:300, 180:240] = 0.95
    return image


def upper_half() -> Found:
    """NanoDet's box ends at the waist."""
    return Found(np.array([[100.0, 180, 200, 240]]), np.array([0.8]))


def test_whoever_goes_on_beyond_the_box_is_masked_to_the_feet(models):
    image = tall()
    (person,) = find_people(image, found=upper_half())
    truth = image[..., 0] > 0.5
    hole = person.hole(SIZE, 0.4)
    assert (hole & truth).sum() > 0.97 * truth.sum()
    assert (hole & ~truth).sum() < 0.15 * truth.sum()
    (half,) = find_people(image, PeopleSettings(whole=False), found=upper_half())
    assert (half.hole(SIZE, 0.4) & truth).sum() < 0.7 * truth.sum()


def test_nobody_goes_on_into_what_is_surely_no_person(models):
    horse = {"horse": Found(np.array([[205.0, 120, 320, 300]]), np.array([0.9]))}
    (person,) = find_people(tall(), found=upper_half(), kinds=horse)
    assert not person.hole(SIZE, 0.4)[235:300].any()


def test_a_box_in_which_the_pose_network_sees_nobody_is_none(models, monkeypatch):
    seen = body._run
    monkeypatch.setattr(body, "_run", lambda crop: (np.zeros_like(seen(crop)[0]), 0.0, seen(crop)[2]))
    found = Found(upper_half().boxes, np.array([0.35]))
    assert find_people(tall(), found=found) == ()
    (person,) = find_people(tall(), PeopleSettings(least_score=0.1), found=found)
    assert person.score < 0.5


def test_a_limb_whose_joints_alone_are_seen_is_masked_and_told(models, monkeypatch):
    """A dark arm: shoulder, elbow, wrist and finger in a row to the left of the figure."""
    seen = body._run

    def with_joints(crop: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        mask, presence, marks = seen(crop)
        marks = np.full_like(marks, -9)
        rows, cols = np.nonzero(mask > 0.5)
        top, high, left, wide = rows.min(), np.ptp(rows), cols.min(), np.ptp(cols)
        for number, (down, across) in {
            11: (0.2, 0.1), 12: (0.2, 0.9), 23: (0.55, 0.2), 24: (0.55, 0.8), 13: (0.25, -0.25), 15: (0.3, -0.5),
            19: (0.3, -0.55),
        }.items():  # fmt: skip
            marks[number] = (left + across * wide, top + down * high, 0, 9, 9)
        return mask, presence, marks

    monkeypatch.setattr(body, "_run", with_joints)
    image = tall()
    found = Found(np.array([[100.0, 180, 300, 240]]), np.array([0.8]))
    (person,) = find_people(image, found=found)
    assert person.lacking == ("left arm",)
    hole = person.hole(SIZE, 0.4)
    assert hole[158, 155]  # halfway down the arm
    assert hole[100:300, 180:240].mean() > 0.97


def test_beside_a_limb_that_the_masks_show_only_its_hand_is_drawn():
    joints = np.zeros((33, 3))
    for number, place in {11: (60, 60), 12: (60, 100), 23: (130, 65), 24: (130, 95), 13: (60, 40), 15: (60, 15),
                          19: (60, 5)}.items():  # fmt: skip
        joints[number] = (*place, 0.9)
    seen = body.Body((0, 0, 256), np.zeros((256, 256), np.float32), 1.0, joints)
    view, shown, hidden = Box(0, 0, 256, 256), np.zeros((256, 256), np.float32), np.zeros((256, 256), np.float32)
    shown[54:67, 10:62] = 0.9  # the arm, slimmer than it would be drawn
    assert people._with_limbs(shown, seen, view, 0.4) == ()
    assert people._with_limbs(hidden, seen, view, 0.4) == ("left arm",)
    upper_arm, hand = (slice(50, 70), slice(40, 58)), (slice(58, 62), slice(4, 9))
    assert (shown[upper_arm] >= 0.4).sum() == 13 * 18
    assert (hidden[upper_arm] >= 0.4).sum() > 13 * 18
    assert (shown[hand] >= 0.4).all()


@pytest.mark.parametrize("faint", [0.3, 0.1])
def test_a_wide_look_that_takes_what_a_close_one_faintly_saw_is_not_believed(models, monkeypatch, faint):
    image = tall()
    image[100:300, 100:180] = faint
    see = people.look_at_body

    def leaking(image, square, **how):
        seen = see(image, square, **how)
        wide = how == {"mirror": False}
        return replace(seen, sure=np.where(seen.sure > 0.05, np.float32(0.9), seen.sure)) if wide else seen

    monkeypatch.setattr(people, "look_at_body", leaking)
    found = Found(np.array([[100.0, 160, 300, 240]]), np.array([0.8]))
    (person,) = find_people(image, found=found)
    hole = person.hole(SIZE, 0.4)
    assert hole[105:295, 185:235].all()
    assert not hole[:, 100:170].any()


def test_a_later_wide_look_that_takes_much_is_not_believed(models, monkeypatch):
    see = people.look_at_body
    first = squared(np.array([100.0, 120, 200, 240]), people.WIDE)

    def leaking(image, square, **how):
        seen = see(image, square, **how)
        later = how == {"mirror": False} and square != first
        return replace(seen, sure=np.full_like(seen.sure, 0.9)) if later else seen

    monkeypatch.setattr(people, "look_at_body", leaking)
    found = Found(np.array([[100.0, 120, 200, 240]]), np.array([0.8]))
    (person,) = find_people(tall(), found=found)
    hole = person.hole(SIZE, 0.4)
    assert hole[105:295, 185:235].all()  # she goes on beyond the box
    assert not hole[:, 130:170].any()


def square(top: int, left: int, side: int) -> Person:
    return Person(Box(top, left, side, side), np.ones((8, 8), np.float32))


def test_the_main_person_is_large_and_central():
    plain = np.full((360, 360, 3), 0.5, np.float32)
    persons = [square(0, 0, 60), square(150, 150, 60), square(150, 0, 100)]
    assert main_persons(persons, plain)[0] == 2
    assert main_persons(persons[:2], plain) == [1, 0]
    assert main_persons([], plain) == []


def test_of_two_alike_the_one_in_focus_is_the_main_one():
    image = np.full((360, 360, 3), 0.5, np.float32)
    stripes = (np.arange(80) // 2 % 2).astype(np.float32)
    image[140:220, 240:320] = stripes[:, None]
    image[140:220, 40:120] = np.linspace(0, 1, 80, dtype=np.float32)[:, None, None]
    assert main_persons([square(140, 40, 80), square(140, 240, 80)], image) == [1, 0]


def test_the_union_of_nobody_is_empty():
    assert not union([], (4, 5)).any()


@pytest.mark.parametrize("beyond", [(-50, -50), (420, 420)])
def test_whoever_lies_outside_of_the_picture_masks_nothing(beyond):
    person = Person(Box(beyond[0], beyond[1], 40, 40), np.ones((8, 8), np.float32))
    assert not person.hole(SIZE).any()
