"""How sure it is that a box holds a person: boxes, masks and joints are asked, by three networks of three kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.body import Body
from freefill.detectors.joints import Joints
from freefill.values import Box, Hole

SMALL_PX = 48.0  # longer side of a box; below it a wider look says nothing, and the pose network's presence little
SIDE_PX = 256.0  # a larger box is seen no better

# Logistic regressions on NanoDet's score, the pose network's presence, MoveNet's two agreements, and the log of the
# box's longer side over SIDE_PX. Fitted to the boxes of the even half of coco_people and of every second people-free
# photograph of photos_eval. One half is where so many true boxes are lost that hardly a false one is left: of large
# boxes a fifth (fragments in crowds most of them), of small ones two thirds. Decision 0053 has the table.
LARGE, LARGE_OFFSET = np.array([0.21, 1.39, 6.04, 2.89, -1.18]), -4.87
SMALL, SMALL_OFFSET = np.array([4.28, 0.91, 1.76, 0.18, 0.79]), -0.63

# Where MoveNet is not on this machine: on NanoDet's score, the pose network's presence, the share of the box that it
# masks, and the log of the square's side, px: 382 boxes of the even half of coco_people. The offset is 0.4 below the
# fitted one: at one half, 230 of 286 true boxes and 27 of 96 false ones are taken.
ALONE, ALONE_OFFSET = np.array([4.37, 2.85, 0.80, 0.32]), -3.3
# Where the pose network sees nobody NanoDet must be surer, or petals and caps on a wall are persons.
LEAST_PRESENCE, LEAST_ALONE, UNSEEN = 0.5, 0.36, 0.3
# Of a small box NanoDet's score alone decides, one half from 0.33 on.
ALONE_SMALL, ALONE_SMALL_OFFSET = 9.33, -3.08


def sureness(score: float, body: Body, box: NDArray[np.float64], joints: Joints | None) -> float:
    """Return how sure it is that a box holds a person, 0 to 1.

    Parameters
    ----------
    score : NanoDet's
    body : what the pose network sees in the square around the box
    box : (4,) top, left, bottom, right, px
    joints : what MoveNet sees; None = it is not on this machine
    """
    if joints is not None:
        return _with_joints(score, body.presence, box, joints)
    if max(box[2:] - box[:2]) < SMALL_PX:
        return _share(float(ALONE_SMALL * score + ALONE_SMALL_OFFSET))
    within = inside(body.sure.shape, Box(*body.square, body.square[2]), box)
    masked = float((body.sure[within] > 0.5).mean()) if within.any() else 0.0
    evidence = np.array([score, body.presence, masked, np.log(max(body.square[2], 4))])
    unseen = score < LEAST_ALONE and body.presence < LEAST_PRESENCE
    found = _share(float(ALONE @ evidence) + ALONE_OFFSET)
    return min(found, UNSEEN) if unseen else found


def at_most(score: float, box: NDArray[np.float64], joints: Joints) -> float:
    """Return how sure it would be if the pose network were certain that somebody is there."""
    return _with_joints(score, 1.0, box, joints)


def _with_joints(score: float, presence: float, box: NDArray[np.float64], joints: Joints) -> float:
    side_px = float(max(box[2:] - box[:2]))
    evidence = np.array([score, presence, *joints.agreement, np.log(np.clip(side_px, 4, SIDE_PX) / SIDE_PX)])
    weights, offset = (SMALL, SMALL_OFFSET) if side_px < SMALL_PX else (LARGE, LARGE_OFFSET)
    return _share(float(weights @ evidence) + offset)


def inside(size: tuple[int, ...], view: Box, box: NDArray[np.float64]) -> Hole:
    """Return which pixels of a view, seen at a size, a box of the picture touches."""
    down, across = size[0] / view.height, size[1] / view.width
    top, bottom = int((box[0] - view.top) * down), int(np.ceil((box[2] - view.top) * down))
    left, right = int((box[1] - view.left) * across), int(np.ceil((box[3] - view.left) * across))
    within = np.zeros(size, bool)
    within[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return within


def _share(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))
