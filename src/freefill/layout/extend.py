"""Edges of which one end is hidden: carried on straight through the hole, where the rim on both sides says so.

A pole whose upper edge is covered, a board behind what comes next: there is no second end to join. The edge is carried
on along its own direction, and believed where the rim is parted as it would part it: what lies to the left of it looks
like its left side, what lies to the right like its right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.layout.ends import PROFILED_PX, STEP_PX, End, first_hole, follow, left_of, profile_across
from freefill.layout.joining import Joined, carried, surest_apart
from freefill.layout.sides import CLEAR_PX, LEAST_STEP, Sides, parted, sides_of
from freefill.layout.sight import Sight, pixels, softened

SEED_PX = 5.0  # from the rim
ONWARDS_PX = 12  # at most, on to the rim
FOLLOWED_PX = 80
LEAST_PX = 16  # straight, next to the hole
STRAIGHT_PX = 0.5  # by which it may leave its line there; a long edge by a hundredth of its length more
EVEN_PX = 0.35  # the same, root mean square
FARTHEST = 6.0  # times the straight piece: farther, its direction is not known
DENIED = 0.2  # where known ground beside the way says less, the edge is not there
DENIED_PX = 1.5  # on the way, and it ends


def extend(ends: Sequence[End], lines: Sequence[Joined], sight: Sight) -> list[Joined]:
    """Carry on the ends that no believed line joins.

    Parameters
    ----------
    lines : those that are believed

    Returns
    -------
    lines whose second end is where the way leaves the hole, surest first
    """
    plain = [end for end in ends if end.contrast >= LEAST_STEP]
    if not plain:
        return []
    distance = distance_outside(sight.hole)
    smooth = softened(sight.lab, sight.hole, 1.0)
    made = [line for end in plain if (line := _carried_on(end, lines, sight, smooth, distance)) is not None]
    return surest_apart(made, lines)


def _carried_on(
    end: End,
    lines: Sequence[Joined],
    sight: Sight,
    smooth: NDArray[np.float32],
    distance: NDArray[np.float32],
) -> Joined | None:
    """Return an edge carried on through the hole, or None where little speaks for it."""
    straight = straightened(end, sight, distance)
    sides = None if straight is None else sides_of(straight, sight)
    if straight is None or sides is None:
        return None
    gap = _covered(straight, _way(straight, sides, sight, smooth), lines)
    if not LEAST_PX / 2 < gap < FARTHEST * straight.length:
        return None
    sure = parted(straight, gap, sides, sight, smooth)
    if sure == 0:
        return None
    return carried(straight, gap, sure)


def _covered(end: End, gap: float, lines: Sequence[Joined]) -> float:
    """Return how far of the way an edge goes on until it comes to a thing that covers it, px."""
    for line in lines:
        along, aside = ((line.curve - end.place) @ way for way in (end.heading, left_of(end.heading)))
        if line.side and aside.min() < 0 < aside.max():
            reached = float(along[np.abs(aside).argmin()])
            gap = min(gap, reached) if reached > 0 else gap
    return gap


def straightened(end: End, sight: Sight, distance: NDArray[np.float32]) -> End | None:
    """Return an end with the direction of the straight piece next to the hole; None where that is short."""
    steps = end.profile[len(end.profile) // 2 + 1 :].mean(0) - end.profile[: len(end.profile) // 2].mean(0)
    channel = int(np.argmax(np.abs(steps)))
    sign, grey = float(np.sign(steps[channel])), np.ascontiguousarray(sight.lab[..., channel], np.float32)
    clear = distance > 1.0
    start = end.place - SEED_PX * end.heading + 0.5 * end.bend * SEED_PX**2 * left_of(end.heading)
    path = np.empty((FOLLOWED_PX, 2))
    count = follow(grey, clear, *start, *-end.heading, -sign, ONWARDS_PX, path)
    start = path[count - 1].copy() if count else start
    count = follow(grey, clear, *start, *end.heading, sign, FOLLOWED_PX, path)
    found = None
    for n in range(LEAST_PX, count + 1, 2):
        middle = path[:n].mean(0)
        way = np.linalg.svd(path[:n] - middle)[2][0]
        way = way * np.sign(way @ end.heading)  # a line's direction has no sign of its own
        off = (path[:n] - middle) @ left_of(way)
        if np.abs(off[1:]).max() > STRAIGHT_PX + 0.01 * n and found is not None:
            break
        found = n, middle, way, float(np.sqrt((off**2).mean()))
    if found is None or found[3] > EVEN_PX:
        return None
    length, middle, way, rough = found
    read = profile_across(path[:PROFILED_PX], way, sight, LEAST_STEP)
    place = first_hole(middle + way * ((path[0] - middle) @ way), way, sight, ONWARDS_PX)
    if read is None or place is None:
        return None
    return End(place, way, 0.0, *read, float(length), rough, end.clear)


def _way(end: End, sides: Sides, sight: Sight, smooth: NDArray[np.float32]) -> float:
    """Return how far the edge goes on, px: to the last hole pixel before known ground denies it, or the picture's edge.

    The way may leave the hole and come back where the edge is seen between.
    """
    steps = np.arange(0, sum(sight.size), STEP_PX)
    places = end.place + steps[:, None] * end.heading
    (rows, cols), inside = pixels(places, sight)
    hole = inside & sight.hole[rows, cols]
    agreed = np.ones(len(steps), bool)
    for side in (1, -1):
        (r, c), seen = pixels(places + (CLEAR_PX + 1) * side * left_of(end.heading), sight)
        seen &= ~sight.hole[r, c]
        agreed &= ~seen | (side * sides.ask(smooth[r, c])[0] > DENIED)
    last, denied = 0, 0
    for n in range(len(steps)):
        if not inside[n]:
            break
        if hole[n]:
            last, denied = n, 0
        denied += not hole[n] and not agreed[n]
        if denied * STEP_PX > DENIED_PX:
            break
    return float(steps[last])
