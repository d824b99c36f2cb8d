"""Level edges that run out of the picture: a counter, a cornice or a horizon behind somebody who stands at its border.

There the hole has no far side, so there is nothing to join an edge with and no rim to ask. What is level in a picture
is mostly level in the world, and long: it goes on past the border. What is upright ends somewhere, and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.layout.ends import STEP_PX, End
from freefill.layout.extend import straightened
from freefill.layout.joining import Joined, carried, surest_apart, well_known
from freefill.layout.sight import Sight, pixels

LEAST_CONTRAST = 10.0  # Lab
MOST_TILT = np.deg2rad(25.0)  # against the level
LEAST_PX = 24.0  # straight, next to the hole
FARTHEST = 3.0  # times that: farther, its direction is not known
BORDER_PX = 2.0  # from the picture's side: so near, a way has come there
BELIEVED = 0.8  # of an edge that is well known


def outwards(ends: Sequence[End], lines: Sequence[Joined], sight: Sight) -> list[Joined]:
    """Carry on level edges through a hole that is open at the left or the right side of the picture.

    Parameters
    ----------
    lines : those that are believed already: their ends take no part, and they are not crossed

    Returns
    -------
    lines whose second end is at the side of the picture, surest first
    """
    if not sight.hole[:, [0, -1]].any():
        return []
    distance = distance_outside(sight.hole)
    made = [line for end in ends if (line := _carried_out(end, sight, distance)) is not None]
    return surest_apart(made, lines)


def _carried_out(end: End, sight: Sight, distance: NDArray[np.float32]) -> Joined | None:
    if end.contrast < LEAST_CONTRAST:
        return None
    straight = straightened(end, sight, distance)
    if straight is None or straight.length < LEAST_PX or abs(straight.heading[0]) > np.sin(MOST_TILT):
        return None
    gap = _to_border(straight, sight)
    if gap is None or gap > FARTHEST * straight.length:
        return None
    return carried(straight, gap, BELIEVED * well_known(straight, straight))


def _to_border(end: End, sight: Sight) -> float | None:
    """Return how far it is through the hole to the left or right side of the picture, px; None where it is not."""
    steps = np.arange(STEP_PX, sum(sight.size), STEP_PX)
    places = end.place + steps[:, None] * end.heading
    (rows, cols), inside = pixels(places, sight)
    last = int(np.argmin(inside)) - 1
    if last < 1 or not sight.hole[rows[:last], cols[:last]].all():
        return None
    col, width = places[last, 1], sight.size[1]
    return float(steps[last]) if min(col, width - 1 - col) < BORDER_PX else None
