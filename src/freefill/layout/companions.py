"""Edges that run along a joined line and close in on it: the white line by a kerb, the rails of a track.

What narrows with the distance often has one end only: where the line comes out of the hole again, its companions are
too near to it to be told apart, or gone. They are led along the line, ever nearer, and are drawn until they reach it.
Each of them also speaks for the line: chance makes two edges meet, hardly a bundle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from freefill.layout.ends import End, left_of
from freefill.layout.joining import Joined, bearing, cross, in_hole
from freefill.layout.sight import Sight

LEAST_CONTRAST = 12.0  # Lab
LEAST_PX = 24.0  # followed back: a shorter edge does not say whether it closes in
EVEN_PX = 0.3  # by which it may leave its own curve, root mean square
NEAREST_PX, FARTHEST_PX = 1.5, 16.0  # from the line, where both meet the hole
ASKEW_PX = 16.0  # along the line: a rim is seldom square to it
MOST_TURN = np.deg2rad(8.0)  # against the line
CLOSED = 0.5  # of its distance must be left at the line's other end, going straight on: more, and it is parallel
DRAWN = 0.85  # of the way: beyond, the two are one
DOUBT = 0.7  # of what is doubtful of a line remains with each companion


def companions(ends: Sequence[End], lines: Sequence[Joined], sight: Sight) -> list[Joined]:
    """Add to believed lines the edges that run with them.

    Parameters
    ----------
    lines : joined lines, both of whose ends are seen

    Returns
    -------
    the same lines in the same order, surer where they have companions, and then these
    """
    used = np.array([end.place for line in lines for end in (line.one, line.other)]).reshape(-1, 2)
    free = [end for end in ends if _tells(end) and (np.hypot(*(used - end.place).T) > NEAREST_PX).all()]
    found, added = [], []
    for line in lines:
        near = [led for way in (line, _turned(line)) for end in free if (led := _led(end, way, sight)) is not None]
        near = [led for led in near if not any(cross(led.curve, other.curve) for other in lines)]
        sure = 1 - (1 - line.confidence) * DOUBT ** len(near)
        found.append(replace(line, confidence=sure))
        added += [replace(led, confidence=sure) for led in near]
    return found + added


def _tells(end: End) -> bool:
    return end.contrast >= LEAST_CONTRAST and end.length >= LEAST_PX and end.rough <= EVEN_PX


def _turned(line: Joined) -> Joined:
    return replace(line, one=line.other, other=line.one, curve=line.curve[::-1], normals=-line.normals[::-1])


def _led(end: End, line: Joined, sight: Sight) -> Joined | None:
    """Return an edge led along a line from where this begins, or None where it does not run with it."""
    begin = line.one
    away = end.place - begin.place
    ahead, aside = float(away @ begin.heading), float(away @ left_of(begin.heading))
    turned = bearing(begin.heading, end.heading)
    if not NEAREST_PX < abs(aside) < FARTHEST_PX or abs(ahead) > ASKEW_PX or abs(turned) > MOST_TURN:
        return None
    back = np.arange(min(ahead, 0.0), 0.0, 0.5)[:, None]  # the line has begun before the hole, or the edge after it
    base = np.concatenate((begin.place + back * begin.heading, line.curve))
    normals = np.concatenate((np.broadcast_to(left_of(begin.heading), (len(back), 2)), line.normals))
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(base, axis=0), axis=1)))) + min(ahead, 0.0)
    if abs(aside) + np.sign(aside) * np.tan(turned) * (way[-1] - ahead) > CLOSED * abs(aside):
        return None
    share = (way - ahead) / max(way[-1] - ahead, 1e-9)
    drawn = (share >= 0) & (share <= DRAWN)
    if np.count_nonzero(drawn) < 2:
        return None
    curve = (base + (1 - share)[:, None] * aside * normals)[drawn]
    if not in_hole(curve, sight):
        return None
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    other = replace(end, place=curve[-1], heading=-tangent[-1], profile=end.profile[::-1], length=0.0)
    return Joined(
        end, other, curve, np.stack((-tangent[:, 1], tangent[:, 0]), 1), line.confidence, one_ended=True, closing=DRAWN
    )
