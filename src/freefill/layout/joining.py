"""Which ends belong together: edges that go on across the hole, each with how sure it is.

A pair is joined by the curve that leaves one end along its heading and comes in along the other's. It is good where
that curve turns as the ends say (straight on, or on with the bend that both have), where the colours on both sides
agree at both ends, and where neither end has another partner that is about as good. Ends may stay alone: edges do stop
behind things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import End, left_of
from freefill.layout.sight import Sight
from freefill.layout.through import through

MOST_TURN = np.deg2rad(50.0)  # of one end against the chord
MOST_STRAIGHT_TURN = np.deg2rad(22.0)  # where no bend explains it
PROFILE_NOISE = 12.0  # Lab by which colours across change along an edge
MOST_APART = 2.0  # times this: another edge
CONTRAST_NOISE = 0.25  # the same for strong edges, as a share
SAME_SHAPE = 0.3  # share of its contrast by which a profile changes along an edge
SHAPE_NOISE = 0.5  # share beyond that one which costs as much as a deviation
TURN_NOISE = np.deg2rad(5.0)
BENT = 1.2  # times the same, of a turn that is the same at both ends: a road bends, but nothing wavers
MOST_COST = 5.0  # a sum of squared deviations: what costs more is no pair
RIVAL = 2.0  # the next best partner must cost more by this for full confidence
MOST_JOINED = 12
WELL_SEEN = 12.0  # Lab; also px of length
WELL_CLEAR = 8.0  # standard errors
EVEN_PX = 0.8  # by which an edge may leave its curve and be fully believed
SAME_EDGE_PX = 4.0  # nearer ends are sides of one edge
STEPS_PER_PX = 2  # so that a drawn curve has no gaps where it turns


@dataclass(frozen=True, eq=False)
class Joined:
    """Two ends and the curve between them.

    Attributes
    ----------
    one, other : the ends
    curve : (n, 2) rows and columns from one to the other; normals : (n, 2) to the left of it
    confidence : 0 to 1
    side : 1 = only its left is known, -1 = only its right: what lies beyond is another thing at each end; 0 = both
    one_ended : only `one` was seen, and is carried on; `other` is where that leaves the hole or stops
    closing : share of its width that what runs along it loses on the way from `one` to `other`
    """

    one: End
    other: End
    curve: NDArray[np.float64]
    normals: NDArray[np.float64]
    confidence: float
    one_ended: bool = False
    side: int = 0
    closing: float = 0.0


def join(ends: list[End], sight: Sight) -> list[Joined]:
    """Pair ends across the hole: cheapest first, each end once, no two curves across each other.

    Returns
    -------
    joined lines, surest first; empty where nothing crosses
    """
    costs = np.full((len(ends), len(ends)), np.inf)
    for i, j in facing(ends):
        costs[i, j] = costs[j, i] = _cost(ends[i], ends[j])
    found: list[Joined] = []
    order = np.argsort(costs, axis=None, kind="stable")
    taken: list[End] = []
    pairs: list[tuple[int, int]] = []
    for flat in order:
        i, j = divmod(int(flat), len(ends))
        if costs[i, j] > MOST_COST or len(found) == MOST_JOINED:
            break
        if i > j or any(_beside(end, used) for end in (ends[i], ends[j]) for used in taken):
            continue
        one, other = through(ends[i], ends[j])
        curve, normals = curve_between(one, other)
        if not in_hole(curve, sight) or any(cross(curve, line.curve) for line in found):
            continue
        found.append(Joined(one, other, curve, normals, 0.0))
        taken += [ends[i], ends[j]]
        pairs.append((i, j))
    own = np.full(len(ends), np.inf)
    for i, j in pairs:
        own[i] = own[j] = costs[i, j]
    sure = [_sureness(i, j, costs, own, ends) for i, j in pairs]
    found = [replace(line, confidence=sure) for line, sure in zip(found, sure, strict=True)]
    return sorted(found, key=lambda line: -line.confidence)


def facing(ends: list[End]) -> NDArray[np.int64]:
    """Return the pairs that look towards each other, (n, 2): of many ends hardly any do, and asking all takes long."""
    places = np.array([end.place for end in ends]).reshape(-1, 2)
    headings = np.array([end.heading for end in ends]).reshape(-1, 2)
    chords = places[None] - places[:, None]  # from the one to the other
    towards = (chords * headings[:, None]).sum(2) > 0
    return np.argwhere(np.triu(towards & towards.T, 1))


def _cost(one: End, other: End) -> float:
    """Return what speaks against joining two ends, in squared standard deviations; infinite where it cannot be."""
    chord = other.place - one.place
    gap = float(np.hypot(*chord))
    if gap < 3:
        return np.inf
    chord = chord / gap
    leave, arrive = bearing(chord, one.heading), bearing(chord, -other.heading)
    if max(abs(leave), abs(arrive)) > MOST_TURN:
        return np.inf
    # Seen from the other end, left is right: its bend changes sign along the way.
    bends = np.array([one.bend, -other.bend])
    agreed = float(bends.mean()) if bends[0] * bends[1] > 0 else 0.0
    half = float(np.clip(agreed * gap / 2, -MOST_TURN, MOST_TURN))  # an arc leaves at -half and arrives at +half
    turn = (arrive - leave) / 2
    explained = min(abs(turn - half), abs(turn))
    if half == 0 and max(abs(leave), abs(arrive)) > MOST_STRAIGHT_TURN:
        return np.inf
    noise = TURN_NOISE * (1 + 4 / min(one.length, other.length))
    colours = _unlike(one, other)
    if colours > MOST_APART**2:
        return np.inf
    # A long end that meets a short one where it points says as much as two of middling length.
    doubt = gap / (8 * np.sqrt(one.length * other.length) + 60)
    return ((leave + arrive) / 2 / noise) ** 2 + (explained / noise / BENT) ** 2 + colours + doubt


def _unlike(one: End, other: End) -> float:
    """Return what speaks against the colours of a pair: how far they lie apart, and how differently they step."""
    mine, theirs = one.profile, other.profile[::-1]
    noise = max(PROFILE_NOISE, CONTRAST_NOISE * min(one.contrast, other.contrast))
    apart = float(((mine - theirs) ** 2).sum(1).mean()) / noise**2
    mine, theirs = mine - mine.mean(0), theirs - theirs.mean(0)
    most = max(float((mine**2).sum()), float((theirs**2).sum()), 1e-9)
    misshapen = float(np.sqrt(((mine - theirs) ** 2).sum() / most))
    return apart + (max(misshapen - SAME_SHAPE, 0) / SHAPE_NOISE) ** 2


def bearing(from_: NDArray[np.float64], to: NDArray[np.float64]) -> float:
    """Return the angle from one direction to another, positive to the left of it."""
    left = left_of(from_)
    return float(np.arctan2(to @ left, to @ from_))


def _beside(one: End, other: End) -> bool:
    """Tell whether two ends are sides of the same edge or start at the same place."""
    return bool(np.hypot(*(one.place - other.place)) < 1.5)


def curve_between(one: End, other: End) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Hermite curve between two ends, (n, 2), and its normals to the left, (n, 2)."""
    gap = float(np.hypot(*(other.place - one.place)))
    t = np.linspace(0, 1, max(int(gap * STEPS_PER_PX), 2))[:, None]
    a, b, u, v = one.place, other.place, one.heading * gap, -other.heading * gap
    curve = (2 * t**3 - 3 * t**2 + 1) * a + (t**3 - 2 * t**2 + t) * u + (3 * t**2 - 2 * t**3) * b + (t**3 - t**2) * v
    tangent = (6 * t**2 - 6 * t) * (a - b) + (3 * t**2 - 4 * t + 1) * u + (3 * t**2 - 2 * t) * v
    tangent = tangent / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    return curve, np.stack((-tangent[:, 1], tangent[:, 0]), 1)


def in_hole(curve: NDArray[np.float64], sight: Sight) -> bool:
    """Tell whether nearly all of a curve lies in the hole: what is known need not be joined."""
    rows, cols = np.rint(curve).astype(int).T
    height, width = sight.size
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return bool((inside & sight.hole[np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1)]).mean() > 0.9)


def carried(end: End, far_px: float, confidence: float) -> Joined:
    """Return an edge that goes straight on from one end for `far_px`: nothing of its other end is seen."""
    place, profile = end.place + far_px * end.heading, end.profile[::-1]
    other = replace(end, place=place, heading=-end.heading, profile=profile, length=0.0)
    curve, normals = curve_between(end, other)
    return Joined(end, other, curve, normals, confidence, one_ended=True)


def surest_apart(made: Sequence[Joined], lines: Sequence[Joined]) -> list[Joined]:
    """Return new lines, surest first, without those that begin where a line ends already or cross one.

    Parameters
    ----------
    made : the new ones; a surer one comes before another
    lines : those that are believed already
    """
    taken = list(lines)
    for line in sorted(made, key=lambda line: -line.confidence):
        near = any(np.hypot(*(line.one.place - end.place)) < SAME_EDGE_PX for o in taken for end in (o.one, o.other))
        if not near and not any(cross(line.curve, other.curve) for other in taken):
            taken.append(line)
    return taken[len(lines) :]


def cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether two curves cross, taken at 12 places each."""
    a, b = (curve[np.linspace(0, len(curve) - 1, 12).astype(int)] for curve in (one, other))
    p, r = a[:-1, None], a[1:, None] - a[:-1, None]
    q, s = b[None, :-1], b[None, 1:] - b[None, :-1]
    area = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    gap = q - p
    t = (gap[..., 0] * s[..., 1] - gap[..., 1] * s[..., 0]) / area
    u = (gap[..., 0] * r[..., 1] - gap[..., 1] * r[..., 0]) / area
    return bool(((t > 0) & (t < 1) & (u > 0) & (u < 1)).any())


def _sureness(i: int, j: int, costs: NDArray[np.float64], own: NDArray[np.float64], ends: list[End]) -> float:
    """Return how sure a pair is, 0 to 1: by its cost, by its next best rival, by contrast and length.

    `own` (ends,) is what each end costs in its own pair: one that has a better partner is no rival. So the lines of a
    bundle, each of which would go with any other, do not make each other doubtful.
    """
    known = well_known(ends[i], ends[j])
    own_cost = costs[i, j] - 4 * np.log(known)
    rivals = [
        costs[a, k] - 4 * np.log(well_known(ends[a], ends[k]))
        for a, b in ((i, j), (j, i))
        for k in range(len(ends))
        if k not in (i, j) and costs[a, k] < own[k] and np.hypot(*(ends[k].place - ends[b].place)) > SAME_EDGE_PX
    ]
    apart = float(np.clip((min(rivals, default=np.inf) - own_cost) / RIVAL, 0.2, 1))
    return float(np.exp(-costs[i, j] / 4) * apart * known)


def well_known(one: End, other: End) -> float:
    """Return how well two ends are known, 0 to 1: by how they stand out, how long and how even they are."""
    seen = min(max(end.contrast / WELL_SEEN, end.clear / WELL_CLEAR) for end in (one, other))
    even = EVEN_PX / max(one.rough, other.rough, EVEN_PX)
    length = float(np.sqrt(one.length * other.length)) / WELL_SEEN
    return min(seen, 1.0) * even * min(length, 1.0)
