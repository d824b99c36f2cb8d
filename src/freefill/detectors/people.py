"""Persons: boxes first, then a mask inside each box, by two small networks that err differently.

NanoDet finds persons in the whole picture and in tiles. Each is cut out in a square and given to MediaPipe's pose
network, whose mask knows whole bodies, and to its selfie network, whose mask knows heads and shoulders; both see the
square and its mirror image, and the mean of the four is kept near the box. docs/mask-sources.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.boxes import Boxes, squared
from freefill.detectors.crops import cut_square, lay_square
from freefill.detectors.nanodet import Found, find_boxes
from freefill.detectors.session import Model, open_model
from freefill.errors import InputError
from freefill.values import Hole, Image

POSE, POSE_MASK = "pose", "activation_segmentation"
SELFIE, SELFIE_MASK = "selfie", "activation_10"
MASKS = ((POSE, POSE_MASK), (SELFIE, SELFIE_MASK))  # networks that mask one person in a square, and their outputs
WEIGHTS = ("nanodet", POSE, SELFIE)
SIZE_PX = 256


@dataclass(frozen=True)
class PeopleSettings:
    """How persons are found.

    Attributes
    ----------
    least_score : boxes below this are no persons, 0 to 1; lower finds more, and more that is none
    most_overlap : of two boxes that overlap by more (intersection over union), one stays
    tiles : look for small persons in tiles of the picture too
    margin : the square is wider than the box by this share of its longer side, at each end
    keep : nothing is masked farther than this share of a box's sides outside it
    mirror : average with the mirror image
    cut : a pixel is a person's from this probability on
    """

    least_score: float = 0.25
    most_overlap: float = 0.6
    tiles: bool = True
    margin: float = 0.2
    keep: float = 0.1
    mirror: bool = True
    cut: float = 0.5

    def __post_init__(self) -> None:
        for name in ("least_score", "most_overlap", "margin", "keep", "cut"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"people: {name} must lie within 0 to 1, not {getattr(self, name)}")


def detect(image: Image, settings: PeopleSettings = PeopleSettings()) -> Hole:
    """Mask every person in a picture.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]

    Returns
    -------
    (H, W) bool, True = person; may be empty

    Raises
    ------
    WeightsError
        If a network is not on this machine: freefill weights fetch nanodet pose selfie
    """
    return probabilities(image, settings)[0] >= settings.cut


def probabilities(
    image: Image, settings: PeopleSettings = PeopleSettings(), found: Found | None = None
) -> tuple[NDArray[np.float32], Found]:
    """Return how sure each pixel is a person's, (H, W) float32 in [0, 1], and the boxes; `found` = they are known."""
    models = _networks()
    if found is None:
        found = find_boxes(image, least=settings.least_score, most_overlap=settings.most_overlap, tiles=settings.tiles)
    sure = np.zeros(image.shape[:2], np.float32)
    for square, answer in _in_boxes(models, image, found.boxes, settings):
        lay_square(sure, answer, *square)
    return sure, found


def in_boxes(
    image: Image, boxes: Boxes, settings: PeopleSettings = PeopleSettings()
) -> Iterator[tuple[tuple[int, int, int], NDArray[np.float32]]]:
    """Mask the person of each box.

    Yields
    ------
    square : top, left, side, px of the picture; it may reach beyond it
    answer : (256, 256) float32 in [0, 1], how sure each place of the square is this person's
    """
    return _in_boxes(_networks(), image, boxes, settings)


def _networks() -> list[tuple[Model, str]]:
    return [(open_model(name), output) for name, output in MASKS]


def _in_boxes(
    models: list[tuple[Model, str]], image: Image, boxes: Boxes, settings: PeopleSettings
) -> Iterator[tuple[tuple[int, int, int], NDArray[np.float32]]]:
    for box in boxes:
        top, left, side = squared(box, settings.margin)
        answer = _in_crop(models, cut_square(image, top, left, side, SIZE_PX), settings.mirror)
        yield (top, left, side), _near(answer, box, settings.keep, top, left, side)


def _in_crop(models: list[tuple[Model, str]], crop: Image, mirror: bool) -> NDArray[np.float32]:
    """Return the mean of the networks' masks of one square, (256, 256)."""
    answers = []
    for model, output in models:
        name = next(iter(model.inputs))
        answers.append(model.run({name: crop[None]}, [output])[0][0, ..., 0])
        if mirror:
            turned = np.ascontiguousarray(crop[:, ::-1])
            answers.append(model.run({name: turned[None]}, [output])[0][0, :, ::-1, 0])
    return np.asarray(np.mean(answers, axis=0), np.float32)


def _near(
    answer: NDArray[np.float32], box: NDArray[np.float64], keep: float, top: int, left: int, side: int
) -> NDArray[np.float32]:
    """Set to 0 what lies outside the box, grown by `keep`: there the mask is of somebody else."""
    high, wide = box[2] - box[0], box[3] - box[1]
    scale = SIZE_PX / side
    rows = (box[[0, 2]] + np.array([-keep, keep]) * high - top) * scale
    cols = (box[[1, 3]] + np.array([-keep, keep]) * wide - left) * scale
    inside = np.zeros_like(answer)
    inside[max(int(rows[0]), 0) : int(np.ceil(rows[1])), max(int(cols[0]), 0) : int(np.ceil(cols[1]))] = 1
    return answer * inside
