"""What the small networks see of a picture, near a mask: persons, and things that go with them.

The persons are those of `freefill mask people`; things.py cuts out what they hold, wear or ride.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from freefill.detectors.boxes import Boxes, overlaps, touches, whole
from freefill.detectors.nanodet import CATEGORIES, Found, find_kinds
from freefill.detectors.people import PeopleSettings, in_boxes
from freefill.detectors.things import LEAST_SCORE, cut_out_things
from freefill.masks.refining.detected import Person, Prior
from freefill.values import Box, Hole, Image

PERSONS = PeopleSettings()
SAME, RIDING = 0.5, 0.8  # boxes of different names that overlap by more are one thing; of a person and another


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
    near = np.array([touches(whole(box, hole.shape), hole) for box in of_persons], bool)
    persons = [
        Person(Box(top, left, side, side), np.ascontiguousarray(answer))
        for (top, left, side), answer in in_boxes(image, of_persons[near], PERSONS)
    ]
    return Prior(tuple(persons), tuple(cut_out_things(image, hole, found)) if persons else ())


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
