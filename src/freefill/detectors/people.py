"""Persons, wholly: boxes first, then a mask inside each box, then whatever the box or the mask left out.

NanoDet finds persons in the whole picture and in tiles. Each is looked at twice: in a square around the box by
MediaPipe's pose network, whose mask knows whole bodies, and its selfie network, whose mask knows heads and shoulders;
and in a wider square by the pose network again. Both see the square and its mirror image. A person who goes on beyond
the box is looked at once more with a larger box; a limb whose joints are seen and whose mask is not is drawn from the
joints. docs/mask-sources.md has the measurements, decision 0050 the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.detectors.body import ENDS, LIMBS, Body, draw_limbs, look_at_body
from freefill.detectors.body import NAME as POSE
from freefill.detectors.boxes import Boxes, squared
from freefill.detectors.candidates import MARGIN, Candidate, candidates
from freefill.detectors.crops import cut_square
from freefill.detectors.leaks import later_adds_little, without_faint_pieces
from freefill.detectors.nanodet import Found, find_boxes, large_others
from freefill.detectors.rivals import without_rivals
from freefill.detectors.session import open_model
from freefill.detectors.sureness import LEAST_PRESENCE, SMALL_PX, inside
from freefill.errors import InputError
from freefill.masks.refining.detected import Person, joined, union
from freefill.values import Box, Hole, Image

SELFIE, SELFIE_MASK = "selfie", "activation_10"
WEIGHTS = ("nanodet", POSE, SELFIE)
SIZE_PX = 256
WIDE = 0.5  # margin of the wider square, as a share of the box's longer side
CANVAS_PX = 320  # the most that a person's evidence is kept at
WIDE_TRUST = 0.72  # by what the wider look's sureness is multiplied
SECOND_TRUST = 0.72  # the same for another box of the same body
KEPT_WIDE = 0.25  # nothing is masked farther than this share of a box's sides outside it
LEAST_STILL = 0.9  # of the presence in the first box: a larger box in which less of a person is seen is none of hers
ROUNDS = 2  # a box of which the other half is missing takes two
GOES_ON = 0.05  # of the person's area: what lies beyond the box makes a larger box worth a look
DRAWN = 0.6  # how sure it is that a limb drawn from its joints is there
SEEN_LIMB = 0.6  # of a drawn limb: where the masks show less, the person may be incomplete


@dataclass(frozen=True)
class PeopleSettings:
    """How persons are found.

    Attributes
    ----------
    least_score : whoever is less sure to be a person is left out, 0 to 1; lower finds more, and more that is none;
        0.7 of it is enough for small ones beside somebody who is surely there
    least_box : boxes below this score of NanoDet are not looked at, 0 to 1
    most_overlap : of two boxes that overlap by more (intersection over union), one stays
    tiles : look for small persons in tiles of the picture too
    margin : the square is wider than the box by this share of its longer side, at each end
    keep : nothing is masked farther than this share of a box's sides outside it
    mirror : average with the mirror image
    cut : a pixel is a person's from this probability on
    whole : look for what the box or the mask left out
    """

    least_score: float = 0.5
    least_box: float = 0.2
    most_overlap: float = 0.6
    tiles: bool = True
    margin: float = MARGIN
    keep: float = 0.1
    mirror: bool = True
    cut: float = 0.4
    whole: bool = True

    def __post_init__(self) -> None:
        for name in ("least_score", "least_box", "most_overlap", "margin", "keep", "cut"):
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
        If a network is not on this machine: freefill weights fetch people
    """
    return union(find_people(image, settings), image.shape[:2], settings.cut)


def find_people(
    image: Image,
    settings: PeopleSettings = PeopleSettings(),
    found: Found | None = None,
    kinds: Mapping[str, Found] | None = None,
) -> tuple[Person, ...]:
    """Find every person, the surest first.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    settings : how
    found : boxes of persons, where NanoDet was asked already
    kinds : boxes of all kinds, the surest of each place: nobody goes on into an elephant, nor is it any part of her
    """
    for name in WEIGHTS:
        open_model(name)  # says what is missing before anything is looked at
    if found is None:
        found = find_boxes(image, least=settings.least_box, most_overlap=settings.most_overlap, tiles=settings.tiles)
    met = candidates(image, found, settings.least_score)
    beside = large_others(kinds or {})
    persons = []
    for views in met:
        others = np.array([one.box for rest in met if rest is not views for one in rest]).reshape(-1, 4)
        others = np.concatenate([others, beside])
        persons.append(joined([_look(image, one, others, settings) for one in views], SECOND_TRUST))
    persons = without_rivals(image, persons, kinds or {}, settings.cut)
    return tuple(sorted(persons, key=lambda each: -each.score))


# --- one person --------------------------------------------------------------------------------------------------


def _look(image: Image, one: Candidate, others: Boxes, settings: PeopleSettings) -> Person:
    """Look at one box: at the square around it, then, where there is a person, at what lies beyond."""
    box = one.box
    near, body = _narrow(image, box, settings, one.body)
    seen = _kept(near, box, settings.keep)
    if not settings.whole or max(box[2:] - box[:2]) < SMALL_PX:
        return replace(seen, score=one.sure)
    close, clear = [seen], [_kept(_masked(body), box, settings.keep)]
    wide = look_at_body(image, squared(box, WIDE), mirror=False)
    first, later = _trusted(wide, box, KEPT_WIDE), []
    for number in range(ROUNDS):
        further = _further(wide, box, others)
        if further is None:
            break
        again, grown = _narrow(image, further, settings)
        if grown.presence < LEAST_STILL * body.presence:
            break
        box, body = further, grown
        close.append(_kept(again, box, settings.keep))
        clear.append(_kept(_masked(body), box, settings.keep))
        if number < ROUNDS - 1:  # nobody would look further after the last
            wide = look_at_body(image, squared(box, WIDE), mirror=False)
            later.append(_trusted(wide, box, settings.keep))
    top, left, side_px = squared(box, WIDE)
    view = Box(top, left, side_px, side_px)
    side = min(side_px, CANVAS_PX)
    size = (side, side)
    sure = _most(close, view, size)
    wider = without_faint_pieces(first.over(view, size), sure, _most(clear, view, size), settings.cut)
    kept = [look for look in (each.over(view, size) for each in later) if later_adds_little(look, sure, settings.cut)]
    sure = np.maximum.reduce([sure, wider, *kept])
    _drop_apart(sure, seen.over(view, size), settings.cut)
    lacking = _with_limbs(sure, body, view, settings.cut)
    return Person(view, sure, one.sure, lacking)


def _most(looks: Sequence[Person], view: Box, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the most that any look is sure of in a box of the picture, at the size (height, width)."""
    return np.asarray(np.maximum.reduce([each.over(view, size) for each in looks]), np.float32)


def _masked(body: Body) -> Person:
    """Return what the pose network alone is sure of."""
    return Person(Box(*body.square, body.square[2]), body.sure)


def _narrow(
    image: Image, box: NDArray[np.float64], settings: PeopleSettings, body: Body | None = None
) -> tuple[Person, Body]:
    """Ask both networks about the square around a box: the mean of their masks, and what the pose network sees."""
    square = squared(box, settings.margin)
    body = look_at_body(image, square, mirror=settings.mirror, seen=body)
    crop = cut_square(image, *square, SIZE_PX)
    answers = [_selfie(crop)]
    if settings.mirror:
        answers.append(_selfie(np.ascontiguousarray(crop[:, ::-1]))[:, ::-1])
    mean = (body.sure + np.mean(answers, axis=0)) / 2
    return Person(Box(*square, square[2]), np.ascontiguousarray(mean, np.float32)), body


def _selfie(crop: Image) -> NDArray[np.float32]:
    model = open_model(SELFIE)
    return model.run({next(iter(model.inputs)): crop[None]}, [SELFIE_MASK])[0][0, ..., 0]


def _trusted(wide: Body, box: NDArray[np.float64], keep: float) -> Person:
    """Return the wider look near the box; one network in a coarser square must be surer than two in a fine one."""
    person = _masked(wide)
    return _kept(replace(person, sure=WIDE_TRUST * person.sure), box, keep)


def _drop_apart(sure: NDArray[np.float32], first: NDArray[np.float32], cut: float) -> None:
    """Set to 0, in place, what the later looks saw apart from all that the first one is sure of: it is another's."""
    _, labels = cv2.connectedComponents((sure >= cut).view(np.uint8), connectivity=8)
    core = np.unique(labels[(first > 0.6) & (sure >= cut)])
    if core.size:
        sure[(labels > 0) & ~np.isin(labels, core) & (first < cut)] = 0


def _kept(person: Person, box: NDArray[np.float64], keep: float) -> Person:
    """Set to 0 what lies outside the box, grown by `keep`: there the mask is of somebody else."""
    margin = keep * (box[2:] - box[:2])
    within = inside(person.sure.shape, person.box, np.concatenate([box[:2] - margin, box[2:] + margin]))
    return Person(person.box, np.where(within, person.sure, np.float32(0)), person.score)


def _further(wide: Body, box: NDArray[np.float64], others: Boxes) -> NDArray[np.float64] | None:
    """Return a larger box where the person clearly goes on beyond this one, and nobody else is there; else None."""
    view = Box(*wide.square, wide.square[2])
    within = inside(wide.sure.shape, view, box)
    for other in others:
        within |= inside(wide.sure.shape, view, other)
    seen = wide.sure >= 0.5
    _, labels = cv2.connectedComponents(seen.view(np.uint8), connectivity=8)
    linked = np.isin(labels, np.unique(labels[seen & inside(seen.shape, view, box)])) & seen
    beyond = linked & ~within
    if beyond.sum() < GOES_ON * max(int((linked & within).sum()), 1):
        return None
    here = Box.around(beyond)
    if here is None:
        return None
    down, across = view.height / seen.shape[0], view.width / seen.shape[1]
    corners = [
        here.top * down + view.top,
        here.left * across + view.left,
        here.bottom * down + view.top,
        here.right * across + view.left,
    ]
    return np.concatenate([np.minimum(box[:2], corners[:2]), np.maximum(box[2:], corners[2:])])


def _with_limbs(sure: NDArray[np.float32], body: Body, view: Box, cut: float) -> tuple[str, ...]:
    """Draw limbs whose joints are seen into the evidence, in place; return those that the masks do not show.

    Of a limb that they show, only hand or foot is drawn: of all else that lies beside it a quarter is a person's.
    """
    if body.presence < LEAST_PRESENCE:
        return ()
    limbs, ends = (draw_limbs(body, view, sure.shape[:2], bones) for bones in (LIMBS, ENDS))
    lacking = tuple(name for name, limb in limbs.items() if (sure[limb] >= cut).mean() < SEEN_LIMB)
    for drawn in (*(limbs[name] for name in lacking), *ends.values()):
        sure[drawn] = np.maximum(sure[drawn], np.float32(DRAWN))
    return lacking


def main_persons(persons: Sequence[Person], image: Image) -> list[int]:
    """Order persons by how much the picture is about them: size, how central, how sharp; return their indices.

    Parameters
    ----------
    persons : may be empty
    image : (H, W, 3) float32, RGB in [0, 1]
    """
    middle = np.array(image.shape[:2]) / 2
    sharp = [_sharpness(image, person) for person in persons]
    sharpest = max(sharp, default=0.0) or 1.0

    def weight(number: int) -> float:
        person = persons[number]
        centre = np.array([person.box.top + person.box.height / 2, person.box.left + person.box.width / 2])
        away = float(np.linalg.norm((centre - middle) / middle)) / np.sqrt(2)
        return person.area_px * (1 - 0.5 * min(away, 1.0)) * (0.5 + 0.5 * sharp[number] / sharpest)

    return sorted(range(len(persons)), key=lambda number: -weight(number))


def _sharpness(image: Image, person: Person) -> float:
    """Return how much fine detail a person has, over all her contrast: 0 for one out of focus."""
    hole = person.hole((image.shape[0], image.shape[1]))
    box = Box.around(hole)
    if box is None or min(box.height, box.width) < 5:
        return 0.0
    grey = image[box.slices].mean(axis=2)
    # Without the outline: its contrast is the ground's as well.
    inside = cv2.erode(hole[box.slices].view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not inside.any():
        return 0.0
    fine = cv2.Laplacian(grey, cv2.CV_32F)[inside]
    return float(fine.std() / (grey[inside].std() + 0.02))  # plain clothes must not divide by nothing
