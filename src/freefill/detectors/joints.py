"""The joints of whoever stands in a box, by MoveNet MultiPose: a second opinion of another kind than boxes and masks.

The network says for each cell how surely the middle of a person lies there, where her 17 joints are from there, and,
apart from that, how surely each joint lies in each cell. A person has joints where her middle says they are; a mural,
a coat or a flower has not.

References
----------
Votel, Li, "Next-Generation Pose Detection with MoveNet and TensorFlow.js", TensorFlow blog, 2021. The heads are
those of Zhou et al., "Objects as Points", 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.boxes import squared
from freefill.detectors.crops import cut_square
from freefill.detectors.session import open_model
from freefill.errors import WeightsError
from freefill.values import Image

NAME = "movenet"
CENTRES, HEATS, PLACES = "centres", "joints", "places"
SIZE_PX, CELL_PX, COUNT = 256, 4, 17
MARGIN = 0.2  # of the box's longer side, at each end
NEAR = 2  # cells around where the middle says that a joint is
MANY = 9  # of the joints: half a person is one, too
SEEN = 0.3  # from this sureness on a joint is where it is said to be
LEAST_COMMON, APART = 5, 0.12  # bodies that share so many joints, no farther apart than this share of them all, are one
WHOLE = 14  # joints that are seen of a whole body
LEAST_SPAN = 0.25  # of the box's longer side: joints that span less are somebody else's
FARTHEST, NEAREST = 0.25, 0.04  # between the joints and the box's sides, as a share of what the joints span


@dataclass(frozen=True, eq=False)
class Joints:
    """What the network sees in a box.

    Attributes
    ----------
    places : (17, 3) row and col in px of the picture, and how surely the joint is there, 0 to 1
    anywhere : (17,) how surely each joint is anywhere in the box, 0 to 1
    """

    places: NDArray[np.float64]
    anywhere: NDArray[np.float64]

    @property
    def agreement(self) -> tuple[float, float]:
        """How surely the nine clearest joints are in the box, and how surely where the body's middle says, 0 to 1."""
        here, there = (float(np.sort(each)[-MANY:].mean()) for each in (self.anywhere, self.places[:, 2]))
        return here, there


def find_joints(image: Image, box: NDArray[np.float64]) -> Joints:
    """Look for the joints of the person in the middle of a box.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    box : (4,) top, left, bottom, right, px

    Raises
    ------
    WeightsError
        If the network is not on this machine, or is another than its card says.
    """
    top, left, side = squared(box, MARGIN)
    model = open_model(NAME)
    crop = cut_square(image, top, left, side, SIZE_PX) * np.float32(255)  # it takes 0 to 255
    centres, heats, places = (
        each[0] for each in model.run({next(iter(model.inputs)): crop[None]}, [CENTRES, HEATS, PLACES])
    )
    if centres.shape[2] != 1 or heats.shape[2] != COUNT or places.shape[2] != 2 * COUNT:
        raise WeightsError(f"{model.path}: its joints are {heats.shape}; this is no network for 'people'")
    px = side * CELL_PX / SIZE_PX
    first = np.clip(np.floor((box[:2] - [top, left]) / px), 0, len(centres) - 1).astype(int)
    last = np.clip(np.ceil((box[2:] - [top, left]) / px), first + 1, len(centres)).astype(int)
    within = (slice(first[0], last[0]), slice(first[1], last[1]))
    middle = first + np.unravel_index(int(centres[within][..., 0].argmax()), centres[within].shape[:2])
    found = middle + places[tuple(middle)].reshape(COUNT, 2).astype(np.float64)
    seen = [_near(heats[..., number], place) for number, place in enumerate(np.rint(found).astype(int))]
    at = (found + 0.5) * px + [top, left]  # + 0.5: the middle of a cell
    return Joints(np.column_stack([at, seen]), heats[within].reshape(-1, COUNT).max(axis=0).astype(np.float64))


def of_one_body(bodies: Sequence[Joints]) -> list[list[int]]:
    """Group bodies that are the same one, seen from several boxes, the view of most of it first; indices."""
    order = sorted(range(len(bodies)), key=lambda number: -float(bodies[number].places[:, 2].sum()))
    groups: list[list[int]] = []
    for number in order:
        for group in groups:
            if _same(bodies[number], bodies[group[0]]):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def fitted(box: NDArray[np.float64], joints: Joints) -> NDArray[np.float64]:
    """Return a box whose sides are neither far from the joints of a whole body nor on them.

    A box that takes a pillar above a head for a hat, or a whole bowl for a skater, shows the person small and the
    pillar large to those who draw her outline.
    """
    seen = joints.places[:, 2] >= SEEN
    if seen.sum() < WHOLE:
        return box
    first, last = joints.places[seen, :2].min(axis=0), joints.places[seen, :2].max(axis=0)
    span = float((last - first).max())
    if span < LEAST_SPAN * float((box[2:] - box[:2]).max()):
        return box
    start = np.clip(box[:2], first - FARTHEST * span, first - NEAREST * span)
    end = np.clip(box[2:], last + NEAREST * span, last + FARTHEST * span)
    return np.concatenate([start, end])


def _same(one: Joints, two: Joints) -> bool:
    """Tell whether the joints that both see lie at the same places."""
    both = (one.places[:, 2] >= SEEN) & (two.places[:, 2] >= SEEN)
    if both.sum() < LEAST_COMMON:
        return False
    here, there = one.places[both, :2], two.places[both, :2]
    extent = float(np.ptp(np.concatenate([here, there]), axis=0).max())
    return bool(np.median(np.linalg.norm(here - there, axis=1)) <= APART * extent)


def _near(heat: NDArray[np.float32], place: NDArray[np.int_]) -> float:
    """Return the most that is seen within NEAR cells of a place; 0 outside the square."""
    rows, cols = (slice(max(at - NEAR, 0), max(at + NEAR + 1, 0)) for at in place)
    around = heat[rows, cols]
    return float(around.max()) if around.size else 0.0
