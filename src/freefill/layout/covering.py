"""Edges of things that stand before others: a post before a wall above and before boards below.

Such an edge has the thing's colours on one side all along, and on the other side whatever lies behind it, which may be
something else at each end. Colours across do not agree then, but the way does: only ends that are long and straight and
point at each other to a degree are joined, and only the thing's own side is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freefill.layout.ends import HALF_WIDTH, End
from freefill.layout.joining import Joined, bearing, cross, curve_between, facing, in_hole, well_known
from freefill.layout.sight import Sight

LEAST_PX = 28.0  # followed back: a shorter edge does not point well enough
EVEN_PX = 0.3  # by which it may leave its own curve, root mean square
LEAST_CONTRAST = 8.0  # Lab
MOST_TURN = np.deg2rad(2.25)  # of each end against the chord
LIKE = 10.0  # Lab between the thing's sides at both ends: what it is itself
UNLIKE = 20.0  # between the others: less, and it is an edge like others
LEAST_GAP_PX = 8.0
ELSEWHERE_PX = 3.0  # from the ends that are joined already


def covering(ends: Sequence[End], lines: Sequence[Joined], sight: Sight) -> list[Joined]:
    """Join the edges of things that cover others, surest first.

    Parameters
    ----------
    lines : joined already: their ends take no part, and they are not crossed

    Returns
    -------
    lines of which one side is known
    """
    used = np.array([end.place for line in lines for end in (line.one, line.other)]).reshape(-1, 2)
    free = [end for end in ends if _tells(end) and (np.hypot(*(used - end.place).T) > ELSEWHERE_PX).all()]
    made = [line for i, j in facing(free) if (line := _joined(free[i], free[j], sight)) is not None]
    taken = list(lines)
    for line in sorted(made, key=lambda line: -line.confidence):
        own = line.one.place, line.other.place
        near = any(
            np.hypot(*(place - end.place)) <= ELSEWHERE_PX
            for place in own
            for other in taken
            for end in (other.one, other.other)
        )
        if not near and not any(cross(line.curve, other.curve) for other in taken):
            taken.append(line)
    return taken[len(lines) :]


def _tells(end: End) -> bool:
    return end.length >= LEAST_PX and end.rough <= EVEN_PX and end.contrast >= LEAST_CONTRAST


def _joined(one: End, other: End, sight: Sight) -> Joined | None:
    chord = other.place - one.place
    gap = float(np.hypot(*chord))
    if gap < LEAST_GAP_PX:
        return None
    turns = bearing(chord / gap, one.heading), bearing(chord / gap, -other.heading)
    if max(np.abs(turns)) > MOST_TURN:
        return None
    mine, theirs = one.profile, other.profile[::-1]
    sides = slice(0, HALF_WIDTH), slice(HALF_WIDTH + 1, None)  # right and left of the heading
    apart = [float(np.linalg.norm(mine[side].mean(0) - theirs[side].mean(0))) for side in sides]
    if min(apart) > LIKE or max(apart) < UNLIKE:
        return None
    curve, normals = curve_between(one, other)
    if not in_hole(curve, sight):
        return None
    sure = float(np.exp(-np.square(np.divide(turns, MOST_TURN)).mean() / 4)) * well_known(one, other)
    return Joined(one, other, curve, normals, sure, side=1 if apart[1] < apart[0] else -1)
