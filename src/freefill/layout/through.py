"""One line, or one arc, through what is known of an edge on both sides of the hole.

An end alone says well where it meets the hole and badly in which direction: the last few places of a followed edge turn
its parabola by some degrees, and a curve that leaves so bulges by pixels in the middle of a straight edge. Where one
line, or else one arc, passes through the known pieces of both ends as evenly as each piece's own parabola does, the two
are joined by that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import End, left_of

FADE_PX = 30.0  # along a piece: what is near the hole counts more, as where an end is fitted
EVEN_PX = 0.4  # root mean square by which a known piece may leave the common curve
LESS_EVEN = 1.4  # times by which it leaves its own, where that is more
MOST_OFF_PX = 1.5  # by which a place at the hole may move
LEAST_PLACES = 8  # of each piece
LEAST_GAP_PX = 25.0  # over a shorter gap no direction leads a curve astray by half a pixel


def through(one: End, other: End) -> tuple[End, End]:
    """Return two ends of a pair as the simplest curve through both has them; as they are where none passes."""
    chord = other.place - one.place
    gap = float(np.hypot(*chord))
    if min(len(one.path), len(other.path)) < LEAST_PLACES or gap < LEAST_GAP_PX:
        return one, other
    ahead = chord / gap
    left = left_of(ahead)
    pieces = [((end.path - one.place) @ ahead, (end.path - one.place) @ left) for end in (one, other)]
    weights = [np.exp(-np.abs(along - at) / FADE_PX) for (along, _), at in zip(pieces, (0.0, gap), strict=True)]
    along, aside = (np.concatenate(both) for both in zip(*pieces, strict=True))
    heavy = np.concatenate([weight / weight.sum() for weight in weights])
    for degree in (1, 2):
        fit = np.polyfit(along / gap, aside, degree, w=np.sqrt(heavy))
        even = True
        for end, piece, weight in zip((one, other), pieces, weights, strict=True):
            off = piece[1] - np.polyval(fit, piece[0] / gap)
            even &= np.sqrt(np.average(off**2, weights=weight)) <= max(EVEN_PX, LESS_EVEN * end.rough)
        moved = np.abs(np.polyval(fit, [0.0, 1.0]))
        if even and moved.max() <= MOST_OFF_PX:
            return _on(one, fit, gap, ahead, left, 0.0), _on(other, fit, gap, ahead, left, 1.0)
    return one, other


def _on(
    end: End, fit: NDArray[np.float64], gap: float, ahead: NDArray[np.float64], left: NDArray[np.float64], at: float
) -> End:
    """Return an end as it lies on the common curve at 0 or 1, shares of the gap; `end.place` is 0 aside of `ahead`."""
    slope = float(np.polyval(np.polyder(fit), at)) / gap
    way = (1 - 2 * at) / np.hypot(1, slope)
    place = end.place + np.polyval(fit, at) * left
    bend = float(2 * fit[0]) / gap**2 / (1 + slope**2) ** 1.5 if len(fit) == 3 else 0.0
    return replace(end, place=place, heading=way * (ahead + slope * left), bend=(1 - 2 * at) * bend)
