"""Limbs from joints, without a network."""

import numpy as np
import pytest

from freefill.detectors.body import ENDS, Body, draw_limbs
from freefill.values import Box

JOINTS = {11: (60, 60), 12: (60, 100), 13: (90, 40), 15: (120, 20), 19: (126, 16), 23: (130, 65), 24: (130, 95)}


def body(**changed: tuple[float, float, float]) -> Body:
    """Shoulders, hips and the left arm are seen, in a square of 256 px at (100, 50) of the picture."""
    joints = np.zeros((33, 3))
    for number, (row, col) in JOINTS.items():
        joints[number] = (row + 100, col + 50, 0.9)
    for number, joint in changed.items():
        joints[int(number[1:])] = joint
    return Body((100, 50, 256), np.zeros((256, 256), np.float32), 1.0, joints)


def test_a_limb_is_drawn_where_its_joints_are_seen_and_no_other_is():
    drawn = draw_limbs(body(), Box(100, 50, 256, 256), (256, 256))
    assert list(drawn) == ["left arm"]
    arm = drawn["left arm"]
    assert all(arm[JOINTS[number]] for number in (11, 13, 15, 19))
    assert arm.sum() < 0.04 * arm.size


@pytest.mark.parametrize("size", [(256, 256), (64, 64), (128, 512)])
def test_a_limb_lies_at_the_same_place_of_the_picture_at_any_size(size):
    arm = draw_limbs(body(), Box(100, 50, 256, 256), size)["left arm"]
    row, col = (int(joint * side / 256) for joint, side in zip(JOINTS[13], size, strict=True))
    assert arm[row, col]


def test_nothing_is_drawn_where_the_torso_is_not_seen():
    assert draw_limbs(body(j23=(230.0, 115.0, 0.2)), Box(100, 50, 256, 256), (256, 256)) == {}


def test_a_bone_is_left_out_where_one_of_its_ends_is_not_seen():
    arm = draw_limbs(body(j15=(220.0, 70.0, 0.1)), Box(100, 50, 256, 256), (256, 256))["left arm"]
    assert arm[JOINTS[13]]
    assert not arm[JOINTS[15]]


def test_of_the_ends_of_limbs_hand_and_foot_alone_are_drawn_and_slimmer():
    whole, hand = (draw_limbs(body(), Box(100, 50, 256, 256), (256, 256), *of)["left arm"] for of in ((), (ENDS,)))
    assert hand[JOINTS[15]]
    assert hand[JOINTS[19]]
    assert not hand[JOINTS[13]]
    assert (whole | hand).sum() == whole.sum()
