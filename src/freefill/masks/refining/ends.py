"""Find ends that stick out of a mask: the toe of a shoe, the rest of a kite, the top of an umbrella.

Where a mask ends inside a thing, one colour goes on straight across the contour. Regions of like colour are joined over
the contour, at several levels of likeness: what is joined then is an end where more than a rim of it is masked, and
where what is outside is small, leaves the contour rather than runs along it, stops in the open, and differs from all
that is around it by clearly more than it varies within. Ground fails one of these: little of it is masked, or it goes
on. Decision 0076 has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.masks.refining.colour_regions import PerRegion, Regions, cut_into_regions
from freefill.masks.refining.detected import Hint
from freefill.values import Hole

# At a size of 160 px, or in regions of 3 px, texture falls apart into regions that pass for ends.
CLOSEUP_SIZE_PX = 120.0
CLOSEUP_BOX_PX = 480
CELL_PX = 4
MOST_CONTRAST = 40.0  # levels; one very bright neighbour must not outweigh all the others


@dataclass(frozen=True)
class EndLimits:
    """What counts as an end. Lengths are shares of the object's size, areas of its square.

    Attributes
    ----------
    levels : colour differences, CIELAB, up to which neighbours are joined
    nearest : an end reaches at least so far from the contour: thickening covers what is nearer
    depth : so deep something of its colour lies inside the contour: a mask often holds a rim of ground
    masked : at least this share of the area outside is of its colour inside
    slender : of the length of its contact with the contour, the least that it reaches outside
    contrast : against what is around it, the least, as a multiple of the level
    most : the largest area
    clear, clear_most : what is masked by this share, with this contrast, may be so large, and `farther` as far
    """

    levels: tuple[float, ...] = (3.0, 4.5, 6.0, 8.0, 10.5, 14.0)
    nearest: float = 0.04
    depth: float = 0.05
    masked: float = 0.3
    slender: float = 0.5
    contrast: float = 2.0
    most: float = 0.035
    clear: tuple[float, float] = (0.5, 4.0)
    clear_most: float = 0.1
    farther: float = 1.8


def find_ends(view: Closeup, reach: float = 0.25, hint: Hint | None = None, limits: EndLimits = EndLimits()) -> Hole:
    """Return the ends that stick out of a part, (h, w) bool.

    Parameters
    ----------
    view : the part seen close, with a margin of at least twice the reach
    reach : how far from the contour an end may reach, as a share of the object's size
    hint : what a detector says of the close-up; what is another person's is no end of this one
    limits : what counts as an end
    """
    if view.size_px < 20 or min(view.part.shape) < 8 or view.part.all() or not view.part.any():
        return np.zeros(view.part.shape, bool)
    regions = cut_into_regions(view.lab, view.part, CELL_PX)
    barred = regions.share(view.others) > 0.5
    if hint is not None:
        barred |= regions.mean(hint.others) > 0.5
    seen = _Measured.of(view, regions)
    for rim in (regions.labels[0], regions.labels[-1], regions.labels[:, 0], regions.labels[:, -1]):
        barred[rim] |= ~seen.inside[rim]  # what goes on beyond the view does not end
    found = np.zeros(len(regions.areas), bool)
    for level in limits.levels:
        found |= _at_level(regions, seen, barred, level, reach, limits)
    return found[regions.labels]


@dataclass(frozen=True, eq=False)
class _Measured:
    """What is known of each region: (n,), lengths as shares of the object's size, areas of its square."""

    inside: NDArray[np.bool_]
    areas: PerRegion
    away: PerRegion  # of its farthest pixel from the contour, outside
    depth: PerRegion  # of its deepest pixel, inside
    contact: PerRegion  # how much of the contour it touches from outside

    @staticmethod
    def of(view: Closeup, regions: Regions) -> _Measured:
        size_px, count = view.size_px, len(regions.areas)
        outside_px = distance_outside(view.part)
        at_contour = (outside_px > 0) & (outside_px <= 1.5)  # 1.5: the eight neighbours
        return _Measured(
            inside=regions.share(view.part) > 0.5,
            areas=regions.areas / size_px**2,
            away=_most(regions.labels, outside_px / size_px, count),
            depth=_most(regions.labels, distance_inside(view.part) / size_px, count),
            contact=np.bincount(regions.labels.ravel(), at_contour.ravel(), count) / size_px,
        )


def _at_level(
    regions: Regions, seen: _Measured, barred: NDArray[np.bool_], level: float, reach: float, limits: EndLimits
) -> NDArray[np.bool_]:
    """Return which regions are of ends, (n,) bool, where neighbours that differ by less than a level are joined."""
    count = len(regions.areas)
    joined = regions.joined(regions.contrasts < level)
    outside = np.bincount(joined, np.where(seen.inside, 0, seen.areas), count)
    masked = np.bincount(joined, np.where(seen.inside, seen.areas, 0), count)
    away, depth = _most(joined, seen.away, count), _most(joined, seen.depth, count)
    contact = np.bincount(joined, seen.contact, count)
    contrast = _contrast(regions, seen.inside, joined)
    share, times = limits.clear
    clear = (masked > share * outside) & (contrast > times * level)
    ends = (
        (outside > 0)
        & (outside < np.where(clear, limits.clear_most, limits.most))
        & (masked > limits.masked * outside)
        & (depth > limits.depth)
        & (away > limits.nearest)
        & (away < reach * np.where(clear, limits.farther, 1.0))
        & (away > limits.slender * contact)
        & (contrast > limits.contrast * level)
        & ~(np.bincount(joined, barred, count) > 0)
    )
    return ends[joined] & ~seen.inside


def _contrast(regions: Regions, inside: NDArray[np.bool_], joined: NDArray[np.int64]) -> PerRegion:
    """Return how much what is outside of each joined piece differs from what is around it there, levels."""
    one, two = regions.pairs.T
    at_edge = (joined[one] != joined[two]) & ~inside[one] & ~inside[two]
    owners = np.concatenate([joined[one[at_edge]], joined[two[at_edge]]])
    length = np.tile(regions.borders[at_edge], 2)
    differing = np.tile(np.minimum(regions.contrasts[at_edge], MOST_CONTRAST), 2)
    count = len(regions.areas)
    return np.bincount(owners, length * differing, count) / np.maximum(np.bincount(owners, length, count), 1)


def _most(owners: NDArray[np.integer], values: NDArray[np.floating], count: int) -> PerRegion:
    """Return the largest value of each owner."""
    most = np.zeros(count)
    # As float64: of two kinds of numbers it takes thirty times as long.
    np.maximum.at(most, owners.ravel(), values.ravel().astype(np.float64))
    return most
