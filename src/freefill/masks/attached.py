"""Things that go with a person: held, worn, ridden, led. With annotations, by category and touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freefill.masks.parts import Part, distance_outside
from freefill.values import Hole

# COCO's names. A touch is enough: whoever removes the person removes these.
WITH_A_PERSON = frozenset(
    [
        "backpack",
        "umbrella",
        "handbag",
        "tie",
        "suitcase",
        "frisbee",
        "skis",
        "snowboard",
        "kite",
        "skateboard",
        "surfboard",
        "bicycle",
        "motorcycle",
        "horse",
        "dog",
        "baseball bat",
        "baseball glove",
        "tennis racket",
        "sports ball",
        "cell phone",
        "hair drier",
        "toothbrush",
    ]
)
# These stand on tables as often as they are held: a fifth of their own outline must lie at the person.
IN_THE_HAND = frozenset(
    [
        "bottle",
        "cup",
        "fork",
        "knife",
        "spoon",
        "bowl",
        "banana",
        "apple",
        "sandwich",
        "orange",
        "pizza",
        "donut",
        "cake",
        "remote",
        "book",
        "scissors",
        "laptop",
        "wine glass",
        "hot dog",
        "teddy bear",
    ]
)
# Everything else stays though a person touches it: couch, chair, bench, bed, table, car, bus, train, truck, boat, ...


@dataclass(frozen=True, eq=False)
class Thing:
    """An annotated thing of the picture: its category's name and its pixels, (H, W) bool."""

    category: str
    hole: Hole


def attached_things(
    hole: Hole, parts: Sequence[Part], things: Sequence[Thing], touch: float = 0.04, touch_px: float = 4.0
) -> tuple[Hole, list[str]]:
    """Choose the annotated things that go with the masked persons.

    Parameters
    ----------
    hole : (H, W) bool, the persons
    parts : the parts of `hole`
    things : annotated things of other categories; persons among them are left out
    touch : how near a thing must be, as a share of the largest part's size ...
    touch_px : ... but at least this, px: annotations of neighbours leave a gap of a few px

    Returns
    -------
    attached : (H, W) bool, the chosen things, less `hole`
    names : their categories, in the order given
    """
    attached = np.zeros(hole.shape, bool)
    names: list[str] = []
    if not hole.any():
        return attached, names
    near = distance_outside(hole) <= max(touch_px, touch * max(part.size_px for part in parts))
    for thing in things:
        known = thing.category in WITH_A_PERSON or thing.category in IN_THE_HAND
        if not known or not (thing.hole & near).any():
            continue
        if thing.category in IN_THE_HAND and _outline_share(thing.hole, near) < 0.2:
            continue
        attached |= thing.hole
        names.append(thing.category)
    return attached & ~hole, names


def _outline_share(thing: Hole, near: Hole) -> float:
    """Return the share of a thing's outline that lies near the person."""
    padded = np.pad(thing, 1)
    inner = padded[1:-1, :-2] & padded[1:-1, 2:] & padded[:-2, 1:-1] & padded[2:, 1:-1]
    outline = thing & ~inner
    return float((outline & near).sum() / max(outline.sum(), 1))
