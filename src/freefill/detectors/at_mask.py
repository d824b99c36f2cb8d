"""What the small networks see of a picture, near a mask: persons, and things that go with them.

The persons are those of `freefill mask people`; things.py cuts out what they hold, wear or ride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from freefill.detectors.boxes import touches, whole
from freefill.detectors.nanodet import CATEGORIES, Found, find_kinds, surest
from freefill.detectors.people import PeopleSettings, find_people
from freefill.detectors.things import cut_out_things
from freefill.masks.refining.detected import Person, Prior
from freefill.values import Hole, Image

PERSONS = PeopleSettings()


def look(
    image: Image, hole: Hole, kinds: Mapping[str, Found] | None = None, persons: Sequence[Person] | None = None
) -> Prior:
    """Look for persons and things that touch a mask.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    hole : (H, W) bool; what lies far from it is not looked at closely
    kinds : what `find_all` found in the image, where it was asked already
    persons : all persons of the image, where they were looked for already

    Raises
    ------
    WeightsError
        If a network is not on this machine: freefill weights fetch people
    """
    kinds = find_all(image) if kinds is None else {n: f.surer_than(PERSONS.least_box) for n, f in kinds.items()}
    found = surest(kinds)
    if persons is None:
        of_persons = found["person"]
        near = np.array([touches(whole(box, hole.shape), hole) for box in of_persons.boxes], bool)
        persons = find_people(image, PERSONS, Found(of_persons.boxes[near], of_persons.scores[near]), found)
    return Prior(tuple(persons), tuple(cut_out_things(image, hole, found)) if persons else ())


def find_all(image: Image, tiles: bool = PERSONS.tiles, least: float = PERSONS.least_box) -> dict[str, Found]:
    """Find the boxes of all kinds that NanoDet knows; (H, W, 3) float32, RGB in [0, 1]."""
    return find_kinds(image, CATEGORIES, least=least, most_overlap=PERSONS.most_overlap, tiles=tiles)
