"""What the small networks see of a picture, near a mask: persons, and things that go with them. For refinement.

The persons are those of `freefill mask people`. NanoDet's boxes of things are filled in by u2netp, where it is here and
spans the box, else by GrabCut (docs/results/mask-sources.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from freefill.detectors import salient
from freefill.detectors.boxes import Boxes, overlaps
from freefill.detectors.crops import resized
from freefill.detectors.nanodet import CATEGORIES, Found, find_kinds
from freefill.detectors.people import WEIGHTS, PeopleSettings, in_boxes
from freefill.detectors.source import require
from freefill.errors import WeightsError
from freefill.masks.attached import IN_THE_HAND, WITH_A_PERSON, Thing
from freefill.masks.grabcut import WORK_PX, Marks, cut_out, surroundings
from freefill.masks.parts import spans
from freefill.masks.prior import Person, Prior, Seen
from freefill.masks.refinement import Refined, RefineSettings, refine
from freefill.values import Box, Hole, Image, Mask
from freefill.weights.store import state

Which = Literal["auto", "people", "none"]
WANTED = (*WEIGHTS, *salient.WEIGHTS)  # all that is of use here
PERSONS = PeopleSettings()
LEAST_SCORE = 0.35  # of a thing: below it NanoDet sees umbrellas in horses' ears
# Of things that look like nothing else; skis are benches and skateboards are bags at this score.
CLEAR = ("baseball bat", "baseball glove", "tennis racket", "surfboard")
LEAST_CLEAR_SCORE = 0.25
MOST_THINGS = 12  # the surest; each takes half a second
LEAST_PX = 16  # area of a box
SAME, RIDING = 0.5, 0.8  # boxes of different names that overlap by more are one thing; of a person and another
TOLD = 0.8  # of a box: where GrabCut fills more, colours do not tell the thing from the ground
FULL = 0.95  # of a box: a shape that fills more of it was not told from the ground
THROUGH = 0.75  # of a box's sides: a shape that reaches less far is a part of the thing
SURE = 0.5  # from this score on the box is taken where the shape cannot be told


def refined_mask(
    mask: Mask,
    image: Image | None,
    which: Which = "auto",
    *,
    settings: RefineSettings | None = None,
    things: Sequence[Thing] = (),
    seen: Prior | None = None,
) -> tuple[Mask, Refined]:
    """Refine a mask with what the networks see at it, and note who was asked.

    Parameters
    ----------
    mask : of the image's size
    image : (H, W, 3) float32, RGB in [0, 1]; None = by the mask's shape alone
    which : as for `ask`
    settings, things : as for `freefill.masks.refine`
    seen : what the networks saw already; then they are not asked again

    Returns
    -------
    mask : the refined one, with the notes of the given one and of refining
    refined : what each step added

    Raises
    ------
    WeightsError
        As `ask`.
    """
    if image is None or not mask.hole.any():
        prior, note = None, ""
    elif seen is not None:
        prior, note = seen, _said(seen)
    else:
        prior, note = ask(image, mask.hole, which)
    refined = refine(mask, image, settings=settings or RefineSettings(), things=things, prior=prior)
    notes = (*mask.notes, *([note] if note else []), *refined.notes)
    return replace(mask, hole=refined.hole, notes=notes), refined


def ask(image: Image, hole: Hole, which: Which = "auto") -> tuple[Prior | None, str]:
    """Look for persons and things at a mask, where that is wanted and can be done; say in one line what was done.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    hole : (H, W) bool
    which : "auto" = where the networks are on this machine, "people" = they must be, "none" = do not look

    Returns
    -------
    prior : None where nobody looked
    note : what looked, or what would make it possible; empty for "none"

    Raises
    ------
    WeightsError
        With "people", where a network is missing or cannot be run. Nothing is ever fetched here.
    """
    if which == "none":
        return None, ""
    if which == "people":
        require(WEIGHTS, "refine --prior people")
    elif not ready():
        return None, f"refined without a network that knows persons; run: freefill weights fetch {' '.join(WANTED)}"
    try:
        prior = look(image, hole)
    except WeightsError as error:
        if which == "people":
            raise
        return None, f"refined without a network that knows persons: {error}"
    return prior, _said(prior)


def ready() -> bool:
    """Tell whether the networks that find persons are on this machine."""
    return all(state(name) == "ready" for name in WEIGHTS)


def asked() -> str:
    """Return the names of the networks that are asked."""
    return ", ".join((*WEIGHTS, *(name for name in salient.WEIGHTS if state(name) == "ready")))


def _said(prior: Prior) -> str:
    return f"{_count(prior.persons, 'person')}, {_count(prior.things, 'thing')} seen at the mask by {asked()}"


def _count(found: Sized, word: str) -> str:
    return f"{len(found)} {word}{'' if len(found) == 1 else 's'}"


def look(image: Image, hole: Hole, kinds: Mapping[str, Found] | None = None) -> Prior:
    """Look for persons and things that touch a mask.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    hole : (H, W) bool; what lies far from it is not looked at closely
    kinds : what `find_all` found in the image, where it was asked already

    Raises
    ------
    WeightsError
        If a network is not on this machine: freefill weights fetch nanodet pose selfie
    """
    found = _surest(kinds if kinds is not None else find_all(image))
    of_persons = found["person"].boxes
    near = np.array([_touches(_whole(box, hole.shape), hole) for box in of_persons], bool)
    persons = [
        Person(Box(top, left, side, side), np.ascontiguousarray(answer))
        for (top, left, side), answer in in_boxes(image, of_persons[near], PERSONS)
    ]
    return Prior(tuple(persons), tuple(_things(image, hole, found)) if persons else ())


def find_all(image: Image, tiles: bool = PERSONS.tiles, least: float = PERSONS.least_score) -> dict[str, Found]:
    """Find the boxes of all kinds that NanoDet knows; (H, W, 3) float32, RGB in [0, 1]."""
    return find_kinds(image, CATEGORIES, least=least, most_overlap=PERSONS.most_overlap, tiles=tiles)


def _surest(kinds: Mapping[str, Found]) -> dict[str, Found]:
    """Of boxes of different names that are the same thing, keep the surest: a horse is no person as well."""
    kinds = {name: found.surer_than(PERSONS.least_score) for name, found in kinds.items()}
    left = {}
    for name, found in kinds.items():
        others = [(other, each) for other, each in kinds.items() if other != name]
        boxes: Boxes = np.concatenate([each.boxes for _, each in others])
        scores = np.concatenate([each.scores for _, each in others])
        # A rider's box is much of the motorcycle's.
        most = np.concatenate([
            np.full(len(each.scores), RIDING if "person" in (name, other) else SAME) for other, each in others
        ])  # fmt: skip
        kept = [
            not ((scores > score) & (scores >= LEAST_SCORE) & (overlaps(boxes, box) > most)).any()
            for box, score in zip(found.boxes, found.scores, strict=True)
        ]
        chosen = np.array(kept, bool)
        left[name] = Found(found.boxes[chosen], found.scores[chosen])
    return left


def _things(image: Image, hole: Hole, kinds: dict[str, Found]) -> list[Seen]:
    """Cut out the surest things that people carry, touch the mask and are not all masked."""
    listed = {name: found for name, found in kinds.items() if name in WITH_A_PERSON | IN_THE_HAND}
    boxes: Boxes = np.concatenate([found.boxes for found in listed.values()])
    scores = np.concatenate([found.scores for found in listed.values()])
    names = [name for name, found in listed.items() for _ in found.scores]
    things: list[Seen] = []
    for number in np.argsort(-scores, kind="stable"):
        box = _whole(boxes[number], hole.shape)
        if len(things) == MOST_THINGS:
            break
        if scores[number] < (LEAST_CLEAR_SCORE if names[number] in CLEAR else LEAST_SCORE):
            continue
        if box.area >= LEAST_PX and _touches(box, hole) and hole[box.slices].mean() < 0.9:
            shape = _shape(image, box)
            if shape.mean() < FULL and spans(shape, THROUGH):
                things.append(Seen(names[number], box, shape))
            elif scores[number] >= SURE:  # all of the box: half a bicycle left over is worse than some ground taken
                things.append(Seen(names[number], box, np.ones_like(shape)))
    return things


def _shape(image: Image, box: Box) -> Hole:
    """Return the thing's pixels, (box.height, box.width), cut out at GrabCut's working size."""
    view = surroundings(box, image.shape[:2])
    scale = min(WORK_PX / max(view.height, view.width), 1.0)
    crop = resized(image[view.slices], (max(round(view.height * scale), 2), max(round(view.width * scale), 2)))
    sides = np.array([box.top - view.top, box.left - view.left, box.bottom - view.top, box.right - view.left]) * scale
    within = _whole(sides, crop.shape[:2])
    shape = cut_out(crop, Marks(box=within))[within.slices]
    if state(salient.WEIGHTS[0]) == "ready":
        by_network = cut_out(crop, Marks(box=within), prior=salient.probabilities(crop))[within.slices]
        # The network leaves out spokes and poles, colours do not: both together, where colours tell the thing at all.
        shape = by_network | shape if shape.mean() < TOLD else by_network
    return resized(shape.astype(np.float32), (box.height, box.width)) > 0.5


def _whole(box: NDArray[np.float64], size: tuple[int, int]) -> Box:
    """Return a box in whole pixels, within the picture, of 2 px and more."""
    top, left = min(int(box[0]), size[0] - 2), min(int(box[1]), size[1] - 2)
    bottom, right = min(int(np.ceil(box[2])), size[0]), min(int(np.ceil(box[3])), size[1])
    return Box(max(top, 0), max(left, 0), max(bottom - top, 2), max(right - left, 2))


def _touches(box: Box, hole: Hole) -> bool:
    """Tell whether a box, a little widened, holds something of a mask."""
    return bool(hole[box.grown(max(round(0.05 * max(box.height, box.width)), 4), hole.shape).slices].any())
