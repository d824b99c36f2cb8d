"""Joints as a second opinion, with a network for which every joint is where it is bright."""

import numpy as np
import pytest

from freefill.detectors import candidates
from freefill.detectors.joints import Joints, find_joints, fitted, of_one_body
from freefill.detectors.nanodet import Found
from freefill.detectors.people import PeopleSettings, find_people

# Rows and cols of a standing body, shares of its box: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, feet.
BODY = [(0.08, 0.5), (0.06, 0.45), (0.06, 0.55), (0.07, 0.4), (0.07, 0.6), (0.2, 0.3), (0.2, 0.7), (0.35, 0.2),
        (0.35, 0.8), (0.5, 0.15), (0.5, 0.85), (0.5, 0.4), (0.5, 0.6), (0.72, 0.4), (0.72, 0.6), (0.95, 0.4),
        (0.95, 0.6)]  # fmt: skip


def standing(top: float, left: float, high: float, wide: float, seen: int = 17) -> Joints:
    places = np.array([(top + down * high, left + across * wide, 0.9) for down, across in BODY])
    places[seen:, 2] = 0.1
    return Joints(places, places[:, 2])


def test_joints_are_told_in_pixels_of_the_picture(with_joints):
    image = np.zeros((300, 400, 3), np.float32)
    image[130:160, 250:280] = 1
    joints = find_joints(image, np.array([100.0, 210, 190, 320]))
    assert joints.agreement == pytest.approx((1, 1), abs=0.05)
    assert (np.abs(joints.places[:, :2] - [145, 265]) < 16).all()
    assert find_joints(image, np.array([200.0, 10, 290, 120])).agreement == (0, 0)


def test_a_body_seen_from_two_boxes_is_one_person_and_the_view_of_more_of_it_comes_first():
    half, whole, neighbour = standing(0, 0, 200, 80, seen=11), standing(3, 1, 200, 80), standing(0, 60, 200, 80)
    assert sorted(of_one_body([half, whole, neighbour])) == [[1, 0], [2]]


def test_bodies_of_which_too_little_is_seen_are_not_told_apart():
    assert of_one_body([standing(0, 0, 200, 80, seen=4), standing(0, 0, 200, 80, seen=4)]) == [[0], [1]]


def test_a_box_with_a_pillar_above_the_head_is_brought_to_the_body():
    joints = standing(200, 100, 200, 80)
    box = fitted(np.array([60.0, 95, 405, 185]), joints)
    assert 150 < box[0] < 200
    assert box[2] == 405
    assert box[0] == fitted(box, joints)[0]


def test_a_box_that_cuts_off_the_head_is_widened():
    assert fitted(np.array([240.0, 95, 400, 185]), standing(200, 100, 200, 80))[0] < 212


def test_of_half_a_body_no_box_is_made_smaller():
    box = np.array([60.0, 95, 405, 185])
    assert (fitted(box, standing(200, 100, 200, 80, seen=11)) == box).all()


def test_a_box_without_joints_is_no_person_whatever_the_others_say(with_joints):
    image = np.full((416, 416, 3), 0.1, np.float32)
    image[100:300, 180:240] = 0.95
    shown = Found(np.array([[100.0, 180, 300, 240]]), np.array([0.8]))
    (person,) = find_people(image, found=shown)
    assert person.score > 0.9
    faint = 0.2 * image  # masks and presence are its brightness; so are the joints
    (nobody,) = find_people(faint, PeopleSettings(least_score=0), found=shown)
    assert nobody.score < 0.1


def test_the_pose_network_is_asked_only_where_its_answer_can_matter(with_joints, monkeypatch):
    image = np.full((416, 416, 3), 0.1, np.float32)
    image[100:300, 180:240] = 0.95
    faint = 0.32 * image  # box and joints allow 0.4 at most
    asked = []
    look = candidates.look_at_body
    monkeypatch.setattr(candidates, "look_at_body", lambda *a, **k: asked.append(a) or look(*a, **k))
    shown = Found(np.array([[100.0, 180, 300, 240]]), np.array([0.3]))
    for least, times in ((0.5, 0), (0.1, 1)):
        asked.clear()
        candidates.candidates(faint, shown, least)
        assert len(asked) == times


def test_whoever_is_cut_by_the_border_and_shows_no_joints_counts_in_company(with_joints, monkeypatch):
    image = np.full((416, 416, 3), 0.1, np.float32)
    image[100:300, 180:240] = 0.95
    image[0:120, 300:380] = 0.95
    cut, whole = [0.0, 300, 120, 380], [100.0, 180, 300, 240]
    seen = candidates.find_joints

    def legs_alone(image: np.ndarray, box: np.ndarray) -> Joints:
        found = seen(image, box)
        return found if box[0] > 0 else Joints(found.places * [1, 1, 0.1], 0.1 * found.anywhere)

    monkeypatch.setattr(candidates, "find_joints", legs_alone)
    both = find_people(image, found=Found(np.array([whole, cut]), np.array([0.8, 0.6])))
    assert len(both) == 2
    assert both[1].score == candidates.CUT_MOST
    assert find_people(image, found=Found(np.array([cut]), np.array([0.6]))) == ()
