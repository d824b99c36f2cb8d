"""Who may be a person in a picture: boxes, brought to the bodies in them, and how sure it is of each.

Several boxes that show one body are together. Where one person surely is, small ones and those cut by the border are
likelier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.body import Body, look_at_body
from freefill.detectors.boxes import squared
from freefill.detectors.joints import NAME as JOINTS
from freefill.detectors.joints import Joints, find_joints, fitted, of_one_body
from freefill.detectors.nanodet import Found
from freefill.detectors.sureness import SMALL_PX, at_most, sureness
from freefill.values import Image
from freefill.weights.locate import state

MARGIN = 0.2  # of the square that is looked at, as a share of the box's longer side
# Who is seen by joints alone, with less presence and NanoDet's score than this, is nobody without company.
LONE_PRESENCE, LONE_SCORE, LONE = 0.1, 0.3, 0.3
SURELY = 0.8  # from this sureness of one person who is not small on, others are likelier:
IN_COMPANY = 0.7  # ... of small ones this share of the least sureness is enough,
BORDER_PX, CUT_MOST = 4, 0.6  # ... of those cut by the border, who show few joints, box and pose count, up to this


@dataclass(frozen=True, eq=False)
class Candidate:
    """One box.

    Attributes
    ----------
    box : (4,) top, left, bottom, right, px
    sure : how sure it is that a person is there, 0 to 1
    body : what the pose network sees without the mirror image; None = it need not be asked
    in_company : how sure it is where somebody else is surely there
    """

    box: NDArray[np.float64]
    sure: float
    body: Body | None
    in_company: float

    @property
    def side_px(self) -> float:
        """The box's longer side, px."""
        return float(max(self.box[2:] - self.box[:2]))


def candidates(image: Image, found: Found, least: float) -> list[list[Candidate]]:
    """Return the boxes in which a person is sure enough; those of one body together, the view of most of it first.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    found : NanoDet's boxes of persons
    least : the least sureness, 0 to 1
    """
    boxes, scores = list(found.boxes), [float(score) for score in found.scores]
    if state(JOINTS) == "ready":
        joints = [find_joints(image, box) for box in boxes]
        groups = [
            [_judged(image, fitted(boxes[n], joints[n]), scores[n], joints[n], least) for n in views]
            for views in of_one_body(joints)
        ]
    else:
        groups = [[_judged(image, box, score, None, least)] for box, score in zip(boxes, scores, strict=True)]
    small = least
    if any(one.sure >= SURELY and one.side_px >= SMALL_PX for views in groups for one in views):
        groups = [[replace(one, sure=one.in_company) for one in views] for views in groups]
        small = IN_COMPANY * least
    kept = ([one for one in views if one.sure >= (small if one.side_px < SMALL_PX else least)] for views in groups)
    return [views for views in kept if views]


def _judged(image: Image, box: NDArray[np.float64], score: float, joints: Joints | None, least: float) -> Candidate:
    """Ask the pose network too, where its answer can matter: where box and joints allow the least sureness."""
    cut = bool((box[:2] <= BORDER_PX).any() or (box[2:] >= np.array(image.shape[:2]) - BORDER_PX).any())
    # Who is cut by the border shows few joints: then their absence says nothing.
    if joints is not None and not cut:
        most, small = at_most(score, box, joints), max(box[2:] - box[:2]) < SMALL_PX
        if most < (IN_COMPANY * least if small else least):
            return Candidate(box, most, None, most)
    plain = look_at_body(image, squared(box, MARGIN), mirror=False)
    if joints is None:
        sure = sureness(score, look_at_body(image, plain.square, seen=plain), box, None)
        return Candidate(box, sure, plain, sure)
    sure = sureness(score, plain, box, joints)
    without = min(sureness(score, plain, box, None), CUT_MOST) if cut else 0.0
    lone = plain.presence < LONE_PRESENCE and score < LONE_SCORE
    return Candidate(box, min(sure, LONE) if lone else sure, plain, max(sure, without))
