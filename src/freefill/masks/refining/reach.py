"""Find what is missing of an object, or attached to it, from the image: an arm, a leg, a bag, a board.

Every region near the contour is compared with the object's own colours and with those of the background beyond. Some
background resembles every object, so four things bound the growth: a region must resemble the object clearly more,
together with its like-coloured neighbours; it must be reached from the contour through such regions; it must not
be larger than a limb; and it must end before the background begins to be looked at.

The image alone has no notion of what a person looks like: it brings back two fifths to half of a limb's pixels, and
takes ground that has the person's colours. Where a detector has looked at the picture, its word is added (decision
0035).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.masks.refining.colour_regions import PerRegion, Regions, cut_into_regions
from freefill.masks.refining.detected import Hint
from freefill.values import Hole

# The close-up's object size and its longest side, px: regions of 5 x 5 px are then 8 % of the object wide.
CLOSEUP_SIZE_PX = 60.0
CLOSEUP_BOX_PX = 320
# The detector's doubt counts double: what looks like the object and is none is where colours err.
DOUBT = 2.0


@dataclass(frozen=True)
class ReachLimits:
    """What bounds the growth. Areas are shares of the square of the object's size, that is of its area.

    Attributes
    ----------
    score : what a region must reach, log-odds like; lower finds more, truth and leaks alike
    piece : the most that one connected piece may be
    least : the least
    total : the most that all pieces may be
    sure : the most that one piece may be where a detector says that it is the person's; such pieces count for neither
        `piece` nor `total`: of a person who is meant half is masked, so they at most double the mask
    """

    score: float = 1.75
    piece: float = 0.15
    least: float = 0.015
    total: float = 0.25
    sure: float = 0.25


@dataclass(frozen=True, eq=False)
class Reached:
    """What was found in a close-up, (h, w) bool, and whether the bound on all growth stopped it."""

    added: Hole
    bound: bool


def reach_out(
    view: Closeup, reach: float = 0.6, limits: ReachLimits = ReachLimits(), hint: Hint | None = None
) -> Reached:
    """Find missing and attached pieces of one part.

    Parameters
    ----------
    view : the part seen close, with a margin of at least 1.4 times the reach
    reach : how far from the contour pieces may lie, as a share of the object's size
    limits : what bounds the growth
    hint : what a detector says of the close-up: the odds that a region is a person's are added to its score, and what
        is another person's is left alone; None = the image alone
    """
    nothing = Reached(np.zeros(view.part.shape, bool), False)
    if view.size_px < 8 or min(view.part.shape) < 8 or view.part.all() or not view.part.any():
        return nothing
    regions = cut_into_regions(view.lab, view.part)
    away = regions.mean(np.minimum(distance_outside(view.part), 1e6)) / view.size_px
    thing = regions.share(view.part) > 0.5
    other = regions.share(view.others) > 0.5
    ground = (away > reach) & ~other & ~thing
    free = ~thing & ~other & ~ground
    sure = np.zeros(len(free), bool)
    if thing.sum() >= 5 and ground.sum() >= 5:
        like_thing, like_ground = (regions.unlike(samples, view.size_px) for samples in (thing, ground))
        score = regions.spread(4 * np.log((like_ground + 3) / (like_thing + 3)), ~thing & ~other)
    elif hint is not None:  # the object fills the picture: its colours cannot be held against any ground
        score = np.zeros(len(free))
    else:
        return nothing
    if hint is not None:
        own, others = regions.mean(hint.own), regions.mean(hint.others)
        odds = np.log(np.clip(own, 0.02, 0.98) / np.clip(1 - own, 0.02, 0.98))  # no network is believed beyond 50 to 1
        score += np.where(odds > 0, odds, DOUBT * odds)
        free &= ~((others > 0.5) & (others > own))
        sure = own > 0.5
    chosen, bound = _choose(regions, score, thing, free, sure, view.size_px, limits)
    return Reached(chosen[regions.labels], bound)


def _choose(
    regions: Regions,
    score: PerRegion,
    thing: NDArray[np.bool_],
    free: NDArray[np.bool_],
    sure: NDArray[np.bool_],
    size_px: float,
    limits: ReachLimits,
) -> tuple[NDArray[np.bool_], bool]:
    """Lower the score step by step; a piece is taken while it is connected to the part and not too large."""
    chosen = np.zeros(len(score), bool)
    for least in np.arange(limits.score + 4, limits.score - 1e-9, -0.25):  # down to `limits.score` itself
        linked, piece = _pieces(regions, free & (score > least), thing)
        found, known = (
            np.bincount(piece, np.where(linked & these, regions.areas, 0), len(score) + 1)[piece] / size_px**2
            for these in (~sure, sure)
        )
        fits = (found + known >= limits.least) & (found <= limits.piece) & (known <= limits.sure)
        more = chosen | (linked & fits)
        if regions.areas[more & ~sure].sum() > limits.total * size_px**2:
            return chosen, True
        chosen = more
    return chosen, False


def _pieces(
    regions: Regions, wanted: NDArray[np.bool_], thing: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Keep the wanted regions that are linked to the part, and number their connected pieces (n = in none)."""
    count = len(wanted)
    both = wanted | thing
    one, two = regions.pairs[both[regions.pairs].all(axis=1)].T
    reached = _lowest(np.where(thing, -1, count), one, two) < 0
    linked = wanted & reached
    inside = linked[regions.pairs].all(axis=1)
    one, two = regions.pairs[inside].T
    return linked, _lowest(np.where(linked, np.arange(count), count), one, two)


def _lowest(labels: NDArray[np.int64], one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    """Spread the lowest label over linked regions."""
    while True:
        before = labels.copy()
        np.minimum.at(labels, one, before[two])
        np.minimum.at(labels, two, before[one])
        if np.array_equal(before, labels):
            return labels
