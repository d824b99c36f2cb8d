"""One person in a square: MediaPipe's pose network gives the mask, the joints, and whether there is a person at all.

References
----------
Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking", CV4ARVR workshop at CVPR 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.detectors.crops import cut_square
from freefill.detectors.session import open_model
from freefill.errors import WeightsError
from freefill.values import Box, Hole, Image

NAME = "pose"
MASK, JOINTS, PRESENCE = "activation_segmentation", "ld_3d", "output_poseflag"
SIZE_PX = 256
VISIBLE = 0.6  # a joint that is less surely seen may be anywhere

SHOULDERS, HIPS, EARS, NOSE = (11, 12), (23, 24), (7, 8), 0
# From joint to joint, and the half width as a share of the torso's length: shoulder to hip of 40 persons of
# coco_people, a little slim, since what is drawn is taken without looking at the image.
Bones = tuple[tuple[int, int, float], ...]
LIMBS: dict[str, Bones] = {
    "left arm": ((11, 13, 0.11), (13, 15, 0.09), (15, 19, 0.09)),
    "right arm": ((12, 14, 0.11), (14, 16, 0.09), (16, 20, 0.09)),
    "left leg": ((23, 25, 0.15), (25, 27, 0.11), (27, 31, 0.09), (27, 29, 0.08)),
    "right leg": ((24, 26, 0.15), (26, 28, 0.11), (28, 32, 0.09), (28, 30, 0.08)),
}
# Hands and feet: from wrist to finger, from ankle to toe and heel.
ENDS = {name: tuple((one, two, 0.75 * width) for one, two, width in bones[2:]) for name, bones in LIMBS.items()}


@dataclass(frozen=True, eq=False)
class Body:
    """What the network sees in a square.

    Attributes
    ----------
    square : top, left, side, px of the picture; it may reach beyond it
    sure : (256, 256) float32 in [0, 1], how sure each place of the square is the person's
    presence : 0 to 1, how sure it is that there is a person
    joints : (33, 3) row and col in px of the picture, and how surely it is seen, 0 to 1
    """

    square: tuple[int, int, int]
    sure: NDArray[np.float32]
    presence: float
    joints: NDArray[np.float64]


def look_at_body(image: Image, square: tuple[int, int, int], *, mirror: bool = True, seen: Body | None = None) -> Body:
    """Run the network on a square of a picture, (H, W, 3) float32, RGB in [0, 1].

    Parameters
    ----------
    square : top, left, side, px
    mirror : average mask and presence with those of the mirror image
    seen : what was seen in that very square without its mirror image; then only that one is looked at

    Raises
    ------
    WeightsError
        If the network is not on this machine, or is another than its card says.
    """
    if seen is None or seen.square != square:
        seen = _seen(square, *_run(cut_square(image, *square, SIZE_PX)))
    if not mirror:
        return seen
    turned, also, _ = _run(np.ascontiguousarray(cut_square(image, *square, SIZE_PX)[:, ::-1]))
    sure = np.ascontiguousarray((seen.sure + turned[:, ::-1]) / 2)
    return replace(seen, sure=sure, presence=(seen.presence + also) / 2)


def _seen(square: tuple[int, int, int], sure: NDArray[np.float32], presence: float, marks: NDArray[np.float64]) -> Body:
    """Return what the network says of a square in px of the picture."""
    top, left, side = square
    scale = side / SIZE_PX
    # Clipped: the exponential would overflow.
    visible = 1 / (1 + np.exp(-np.clip(marks[:33, 3:5], -30, 30)))  # whether it is visible, and in the picture at all
    joints = np.column_stack([marks[:33, 1] * scale + top, marks[:33, 0] * scale + left, visible.min(axis=1)])
    return Body(square, np.ascontiguousarray(sure, np.float32), presence, joints)


def _run(crop: Image) -> tuple[NDArray[np.float32], float, NDArray[np.float64]]:
    """Return the mask, (256, 256), the presence, and 39 marks of x, y, z, visibility, presence."""
    model = open_model(NAME)
    mask, marks, presence = model.run({next(iter(model.inputs)): crop[None]}, [MASK, JOINTS, PRESENCE])
    if marks.size != 195 or presence.size != 1:
        raise WeightsError(f"{model.path}: its joints are {marks.shape}; this is no network for 'people'")
    return mask[0, ..., 0], float(presence.ravel()[0]), marks.reshape(39, 5).astype(np.float64)


def draw_limbs(body: Body, view: Box, size: tuple[int, int], limbs: Mapping[str, Bones] = LIMBS) -> dict[str, Hole]:
    """Draw the limbs whose joints are seen, in a box of the picture, at the size (height, width).

    Parameters
    ----------
    limbs : LIMBS, or their ENDS alone

    Returns
    -------
    name of a limb to (height, width) bool; those of which nothing is seen are left out
    """
    torso_px = _torso_px(body.joints)
    if torso_px <= 0:
        return {}
    down, across = size[0] / view.height, size[1] / view.width
    at = (body.joints[:, :2] - [view.top, view.left]) * [down, across]
    drawn: dict[str, Hole] = {}
    for name, bones in limbs.items():
        canvas = np.zeros(size, np.uint8)
        for one, two, width in bones:
            if min(body.joints[one, 2], body.joints[two, 2]) >= VISIBLE:
                start, end = ((round(float(at[j, 1])), round(float(at[j, 0]))) for j in (one, two))
                cv2.line(canvas, start, end, 1, max(round(2 * width * torso_px * down), 1))
        if canvas.any():
            drawn[name] = canvas > 0
    return drawn


def _torso_px(joints: NDArray[np.float64]) -> float:
    """Return the length from the shoulders' middle to the hips' (no less than the shoulders are apart); 0 = unseen."""
    if min(joints[[*SHOULDERS, *HIPS], 2]) < VISIBLE:
        return 0.0
    shoulders, hips = joints[list(SHOULDERS), :2], joints[list(HIPS), :2]
    upright = float(np.linalg.norm(shoulders.mean(axis=0) - hips.mean(axis=0)))
    return max(upright, float(np.linalg.norm(shoulders[0] - shoulders[1])))
