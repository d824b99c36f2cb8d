"""Things that go with a person: held, worn, ridden, led. By category and touch, from annotations or from a detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freefill.distance import distance_outside
from freefill.masks.parts import Part, find_parts
from freefill.masks.refining.detected import Person, Seen, hint_for
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
# These stand on tables as often as they are held: this share of their own outline must lie at the person (HELD).
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
# Of a detected one so much: what lies before somebody on a desk is seen as hers as often.
HELD, HELD_SEEN = 0.2, 0.4
# These are thrown and kicked: near enough is enough, for a disc that hangs in the air over nobody looks odd.
IN_THE_AIR = frozenset(["frisbee", "sports ball"])
# Everything else stays though a person touches it: couch, chair, bench, bed, table, car, bus, train, truck, boat, ...

TOUCH, TOUCH_PX = 0.04, 4.0  # how near a thing must be: a share of the person's size, and at least so many px
AIR = 0.6  # how near what is in the air must be, as a share of the person's size
MOST_TIMES = 3.0  # the largest size of a detected thing, as a multiple of the person's ...
MOST_TIMES_UMBRELLA = 1.3  # ... and of one that is stuck in the sand or stands over a stall where it is larger


@dataclass(frozen=True, eq=False)
class Thing:
    """An annotated thing of the picture: its category's name and its pixels, (H, W) bool."""

    category: str
    hole: Hole


def attached_things(
    hole: Hole,
    parts: Sequence[Part],
    things: Sequence[Thing],
    touch: float = TOUCH,
    touch_px: float = TOUCH_PX,
    held: float = HELD,
) -> tuple[Hole, list[str]]:
    """Choose the annotated things that go with the masked persons.

    Parameters
    ----------
    hole : (H, W) bool, the persons
    parts : the parts of `hole`
    things : annotated things of other categories; persons among them are left out
    touch : how near a thing must be, as a share of the largest part's size ...
    touch_px : ... but at least this, px: annotations of neighbours leave a gap of a few px
    held : of what is IN_THE_HAND, this share of its outline must lie at the person

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
        if thing.category in IN_THE_HAND and _outline_share(thing.hole, near) < held:
            continue
        attached |= thing.hole
        names.append(thing.category)
    return attached & ~hole, names


def seen_things(
    hole: Hole, own: Sequence[Person], others: Sequence[Person], things: Sequence[Seen]
) -> tuple[Hole, list[str]]:
    """Choose the detected things that go with the masked persons, by the rules for annotated ones and two more.

    A detector errs: a thing must touch what it holds for a person that is masked, more than it touches anybody else
    (what is IN_THE_AIR: be near her, and nearer than to anybody else);
    and one that is MOST_TIMES as large as that person (an umbrella: less) is none that one carries or rides.

    Parameters
    ----------
    hole : (H, W) bool
    own, others : detected persons that the mask means, and the others; what is another's is left alone
    things : what was detected

    Returns
    -------
    attached : (H, W) bool, the chosen things, less `hole`
    names : their categories, in the order given
    """
    attached = np.zeros(hole.shape, bool)
    names: list[str] = []
    for thing in things:
        size_px = max((person.area_px for person in own if person.box.overlaps(thing.box)), default=0.0) ** 0.5
        touch_px = max(TOUCH_PX, (AIR if thing.category in IN_THE_AIR else TOUCH) * size_px)
        view = thing.box.grown(int(touch_px) + 1, hole.shape)
        hint = hint_for(view, (view.height, view.width), own, others)
        if hint is None:
            continue
        theirs = (hint.others > 0.5) & (hint.others > hint.own)
        mine = hint.near & hole[view.slices] & ~theirs
        top, left = thing.box.top - view.top, thing.box.left - view.left
        shape = np.zeros(mine.shape, bool)
        shape[top : top + thing.box.height, left : left + thing.box.width] = thing.hole
        at_mine, at_theirs = ((shape & (distance_outside(some) <= touch_px)).sum() for some in (mine, theirs))
        shape &= ~theirs
        new = shape & ~hole[view.slices]
        most_times = MOST_TIMES_UMBRELLA if thing.category == "umbrella" else MOST_TIMES
        if at_mine <= at_theirs or not new.any() or shape.sum() > (most_times * size_px) ** 2:
            continue
        taken, name = attached_things(
            mine, find_parts(mine)[1], [Thing(thing.category, shape)], 0.0, touch_px, HELD_SEEN
        )
        if name:
            attached[view.slices] |= taken & ~hole[view.slices]
            names += name
    return attached, names


def _outline_share(thing: Hole, near: Hole) -> float:
    """Return the share of a thing's outline that lies near the person."""
    padded = np.pad(thing, 1)
    inner = padded[1:-1, :-2] & padded[1:-1, 2:] & padded[:-2, 1:-1] & padded[2:, 1:-1]
    outline = thing & ~inner
    return float((outline & near).sum() / max(outline.sum(), 1))
