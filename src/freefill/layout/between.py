"""Bent edges that go into the hole, come out, and go in again: the rim of a plate behind a fork and a knife.

Between two parts of a hole an edge is often too short, or too near to the hole, to be an end of its own. But the curve
from one far end to the other passes over it, and there it can be asked whether the picture shows the edge where the
curve says. Where it does, little else must agree: the bend may grow along the way, as on an ellipse, and one of the two
sides may be another thing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import HALF_WIDTH, End
from freefill.layout.joining import MOST_TURN, TURN_NOISE, Joined, bearing, cross, curve_between, facing, well_known
from freefill.layout.sight import Sight, pixels

LEAST_CONTRAST = 20.0  # Lab: what is plain to see
LEAST_PX = 16.0  # followed back
LEAST_BEND = 0.004  # 1/px, of both ends: a straight edge the search finds by itself
BESIDE_PX = 3.0  # of the curve, where its sides are asked: it may lie 2 px beside the edge
LEAST_PLACES = 12  # of the curve, half a pixel apart, at which both sides are known
LEAST_SHOWN, MOST_SHOWN = 0.1, 0.6  # of the curve that lies over known ground
LEAST_AGREED = 0.8  # of the places asked
LIKE, UNLIKE = 0.4, 2.5  # times the step that is expected there
MOST_COST = 3.0  # of its turns, squared standard deviations


def seen_between(ends: Sequence[End], lines: Sequence[Joined], sight: Sight) -> list[Joined]:
    """Return the bent edges that join two ends and are seen on their way between parts of the hole, surest first.

    Parameters
    ----------
    lines : joined already: their ends take no part, and they are not crossed
    """
    used = np.array([end.place for line in lines for end in (line.one, line.other)]).reshape(-1, 2)
    free = [
        end
        for end in ends
        if end.contrast >= LEAST_CONTRAST
        and end.length >= LEAST_PX
        and abs(end.bend) >= LEAST_BEND
        and (np.hypot(*(used - end.place).T) > 1.5).all()
    ]
    made = [line for i, j in facing(free) if (line := _joined(free[i], free[j], sight)) is not None]
    taken = list(lines)
    for line in sorted(made, key=lambda line: -line.confidence):
        own = {id(line.one), id(line.other)}
        if not any(own & {id(other.one), id(other.other)} or cross(line.curve, other.curve) for other in taken):
            taken.append(line)
    return taken[len(lines) :]


def _joined(one: End, other: End, sight: Sight) -> Joined | None:
    cost = _turns(one, other)
    if cost > MOST_COST:
        return None
    curve, normals = curve_between(one, other)
    (rows, cols), inside = pixels(curve, sight)
    shown = ~sight.hole[rows, cols]
    if not inside.all() or not LEAST_SHOWN <= shown.mean() <= MOST_SHOWN:
        return None
    line = Joined(one, other, curve, normals, float(np.exp(-cost / 4)) * well_known(one, other))
    return line if _agreed(line, shown, sight) else None


def _turns(one: End, other: End) -> float:
    """Return what the turns of two ends say against one curve whose bend grows evenly, squared standard deviations."""
    chord = other.place - one.place
    gap = float(np.hypot(*chord))
    leave, arrive = bearing(chord, one.heading), bearing(chord, -other.heading)
    first, last = one.bend, -other.bend  # seen from the other end, left is right
    if max(abs(leave), abs(arrive)) > MOST_TURN or first * last < 0:
        return np.inf
    # With a bend that grows from `first` to `last` it leaves at -gap (first / 3 + last / 6), arrives at
    # gap (first / 6 + last / 3), both against the chord.
    noise = TURN_NOISE * (1 + 4 / min(one.length, other.length))
    off = leave + gap * (first / 3 + last / 6), arrive - gap * (first / 6 + last / 3)
    return float((off[0] ** 2 + off[1] ** 2) / 2 / noise**2)


def _agreed(line: Joined, shown: NDArray[np.bool_], sight: Sight) -> bool:
    """Tell whether the picture has the edge's step where the curve passes over known ground."""
    seen, asked = [], shown.copy()
    for side in (1, -1):
        (rows, cols), inside = pixels(line.curve + side * BESIDE_PX * line.normals, sight)
        asked &= inside & ~sight.hole[rows, cols]
        seen.append(sight.lab[rows, cols].astype(np.float64))
    if np.count_nonzero(asked) < LEAST_PLACES:
        return False
    profiles = line.one.profile, line.other.profile[::-1]
    steps = [profile[HALF_WIDTH + 1 :].mean(0) - profile[:HALF_WIDTH].mean(0) for profile in profiles]
    share = np.linspace(0, 1, len(line.curve))[:, None]
    expected = (1 - share) * steps[0] + share * steps[1]
    like = ((seen[0] - seen[1]) * expected).sum(1) / np.maximum((expected**2).sum(1), 1e-9)
    return bool(((like > LIKE) & (like < UNLIKE))[asked].mean() >= LEAST_AGREED)
