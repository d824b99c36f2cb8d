"""Where edges run into a hole: each end with its place, direction, bend and the colours across it.

Straight pieces come from a line segment detector; from there every edge is followed back from the rim, so that a curved
one (a stem, the rim of a plate) is known with its bend, and a straight one to a fraction of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept
from freefill.distance import distance_outside
from freefill.layout.faint import BESIDE_PX, LEAST_STEP, LENGTH_PX, faint_ways
from freefill.layout.sight import Sight, pixels

HALF_WIDTH = 4  # pixels on each side of an edge whose colours belong to it
REACH = 0.06  # an edge may stop short of the hole by this share of the longer side: shadows and soft rims
LEAST_PX = 5.0  # what is shorter has no direction
FOLLOWED_PX = 40
PROFILED_PX = 12  # colours across are means along this much of the edge
LEAST_CONTRAST = 5.0  # Lab
SEED_PX = 5.0  # from the rim: nearer, the object's own rim is still seen
GAIN = 2.55  # grey levels of a Lab unit in what the segment detector sees
STEP_PX = 0.5  # from place to place on a way to the hole
STRAIGHT_PX = 16.0  # a bend is only believed of edges followed further than this


@dataclass(frozen=True, eq=False)
class End:
    """An edge that runs into the hole.

    Attributes
    ----------
    place : (2,) row and column where it meets the hole
    heading : (2,) unit vector into the hole
    bend : curvature, 1/px, positive to the left of the heading; 0 where nothing is known of it
    profile : (2 HALF_WIDTH + 1, 3) Lab across, from right to left of the heading
    contrast : Lab between its two sides
    length : how far it was followed back, px
    rough : px by which it leaves its own curve (root mean square)
    clear : standard errors by which its step stands out all along, 0 = not asked
    path : (n, 2) the places at which it was followed, those left out that miss its curve
    """

    place: NDArray[np.float64]
    heading: NDArray[np.float64]
    bend: float
    profile: NDArray[np.float64]
    contrast: float
    length: float
    rough: float
    clear: float = 0.0
    path: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))


@kept(nogil=True, error_model="numpy")
def follow(grey, clear, row, col, down, across, sign, most, path):
    """Follow an edge backwards from (row, col), against the heading (down, across); write its points, return how many.

    `sign` is 1 where the left of the heading is the lighter side, else -1.

    Each step looks up to 1.5 px to both sides for the steepest place of the same polarity; the first one further, since
    a straight segment leaves a bent edge.
    """
    height, width = grey.shape
    count = 0
    first = 0.0
    fy, fx = -down, -across
    y, x = row, col
    while count < most:
        best, best_side, middle = 0.0, 0.0, 0.0
        span = 16 if count == 0 else 6
        for k in range(-span, span + 1):
            side = 0.25 * k
            # left of the heading is (-across, down) in (row, col)
            py, px = y - across * side, x + down * side
            ay, ax = py - across, px + down
            by, bx = py + across, px - down
            if min(ay, by) < 0 or max(ay, by) >= height - 1 or min(ax, bx) < 0 or max(ax, bx) >= width - 1:
                return count
            if not (clear[int(ay + 0.5), int(ax + 0.5)] and clear[int(by + 0.5), int(bx + 0.5)]):
                continue
            step = between(grey, ay, ax) - between(grey, by, bx)
            value = sign * step - 0.02 * abs(side) * abs(first)  # of equal steps the one straight ahead
            if value > best:
                best, best_side, middle = value, side, step
        if best <= 0 or (count > 0 and abs(middle) < 0.4 * abs(first)):
            return count
        first = middle if count == 0 else 0.9 * first + 0.1 * middle  # contrast changes slowly along an edge
        path[count, 0], path[count, 1] = y - across * best_side, x + down * best_side
        count += 1
        # the way on: mean direction of the last points
        back = max(0, count - 8)
        if count - back >= 3:
            vy, vx = path[count - 1, 0] - path[back, 0], path[count - 1, 1] - path[back, 1]
            norm = np.sqrt(vy * vy + vx * vx)
            if norm > 1e-6:
                fy, fx = vy / norm, vx / norm
                down, across = -fy, -fx
        y, x = path[count - 1, 0] + fy, path[count - 1, 1] + fx
    return count


@kept(nogil=True, error_model="numpy")
def between(grey, y, x):
    """Return the value at a place between pixels."""
    i, j = int(y), int(x)
    v, u = y - i, x - j
    top = grey[i, j] * (1 - u) + grey[i, j + 1] * u
    low = grey[i + 1, j] * (1 - u) + grey[i + 1, j + 1] * u
    return top * (1 - v) + low * v


def find_ends(sight: Sight) -> list[End]:
    """Return every edge that runs into the hole, in the order of the segment detector."""
    import cv2

    distance = distance_outside(sight.hole)
    # Edges of colour alone count too: they are followed in the channel that shows them best.
    channels = [np.ascontiguousarray(sight.lab[..., k], np.float32) for k in range(3)]
    detector = cv2.createLineSegmentDetector(0, scale=1.0)
    found = []
    # `a` and `b` lie around 0; what the detector sees does not go below it.
    for channel, base in zip(channels, (0.0, 128 / GAIN, 128 / GAIN), strict=True):
        grey = np.clip((channel + base) * GAIN, 0, 255).astype(np.uint8)
        segments = detector.detect(grey)[0]
        found += [] if segments is None else list(segments.reshape(-1, 4).astype(np.float64))
    ends: list[End] = []
    # Each piece twice: either of its points may be the one that is near the hole, and hardly any is.
    points = np.array(found).reshape(-1, 2, 2)[..., ::-1]
    points = np.stack((points, points[:, ::-1]), 1).reshape(-1, 2, 2)
    long = np.hypot(*(points[:, 0] - points[:, 1]).T) >= LEAST_PX
    near_hole = _values(distance, points[:, 0]) <= REACH * max(sight.size) + 3
    for path, heading in _followed(points[long & near_hole], sight, distance, channels):
        end = _fitted(path, heading, sight, distance)
        if end is not None and not any(_same(end, known) for known in ends):
            ends.append(end)
    for place, way, clear in faint_ways(sight, distance):
        path = place + np.arange(LENGTH_PX)[:, None] * way
        end = _fitted(path, -way, sight, distance, LEAST_STEP)
        if end is None:
            continue
        beside = [n for n, one in enumerate(ends) if _beside(end, one)]
        for n in beside:
            if _same(end, ends[n]):
                ends[n] = replace(ends[n], clear=clear, length=max(ends[n].length, end.length))
        if not beside:
            ends.append(replace(end, clear=clear))
    return ends


def _beside(one: End, other: End) -> bool:
    """Tell whether a faint end is another look at what the segment detector saw better."""
    return bool(np.hypot(*(one.place - other.place)) < BESIDE_PX and one.heading @ other.heading > 0.8)


def _same(one: End, other: End) -> bool:
    away = one.place - other.place
    return bool(away @ away < 2.0**2 and one.heading @ other.heading > 0.9)


def _followed(
    points: NDArray[np.float64], sight: Sight, distance: NDArray[np.float32], channels: list[NDArray[np.float32]]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return each edge that a segment shows running into the hole: its points back from there, (m, 2), and its heading.

    `points` (n, 2, 2) are a segment's near and far point. Each question is put to all segments at once.
    """
    near, far = points[:, 0], points[:, 1]
    length = np.hypot(*(near - far).T)
    heading = (near - far) / length[:, None]
    into, last = _last_known(far, heading, length, sight)
    into &= (np.hypot(*(last - far).T) >= LEAST_PX) & ~_along_rim(last, far, distance)
    far, last, heading, length = far[into], last[into], heading[into], length[into]
    left = np.stack((-heading[:, 1], heading[:, 0]), 1)
    start = last - heading * np.minimum(SEED_PX, length / 2)[:, None]
    places = np.linspace(far, last, 7, axis=1)[:, 1:-1]
    sides = [(places + side * left[:, None]).reshape(-1, 2) for side in (1, -1)]
    steps = np.array([(_values(c, sides[0]) - _values(c, sides[1])).reshape(-1, 5).sum(1) for c in channels])
    best = np.argmax(np.abs(steps), axis=0)
    sign = np.sign(np.take_along_axis(steps, best[None], 0)[0])
    clear, layers = distance > 1.0, np.stack(channels)
    # First on towards the hole, where a bent edge has left the straight segment, then back along the edge itself.
    paths, counts = np.empty((len(far), FOLLOWED_PX, 2)), np.empty(len(far), np.int64)
    follow_all(layers, clear, best, start, -heading, -sign, FOLLOWED_PX, paths, counts)
    number = np.flatnonzero(counts > 4)
    start[number] = paths[number, counts[number] - 1]
    way = start[number] - paths[number, np.maximum(counts[number] - 6, 0)]
    heading[number] = way / np.hypot(*way.T)[:, None]
    follow_all(layers, clear, best, start, heading, sign, FOLLOWED_PX, paths, counts)
    return [(paths[n, : counts[n]], heading[n]) for n in np.flatnonzero(counts >= LEAST_PX)]


def _last_known(far, heading, length, sight: Sight) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Walk from `far` along each heading: return which segments enter the hole, and the last known place of each."""
    most = np.ceil((length + REACH * max(sight.size) + STEP_PX) / STEP_PX).astype(np.int64)
    hits = np.empty(len(far), np.int64)
    first_hits(far, heading, most, STEP_PX, sight.hole, hits)
    last = np.minimum(hits - 1, (length / STEP_PX).astype(np.int64))
    return hits > 0, far + (last * STEP_PX)[:, None] * heading


@kept(nogil=True, error_model="numpy")
def follow_all(layers, clear, best, starts, headings, signs, most, paths, counts):
    """Follow many edges, each in its own layer of (3, h, w)."""
    for n in range(starts.shape[0]):
        start, way = starts[n], headings[n]
        counts[n] = follow(layers[best[n]], clear, start[0], start[1], way[0], way[1], signs[n], most, paths[n])


@kept(nogil=True, error_model="numpy")
def first_hits(places, ways, most, step, hole, hits):
    """Write how many steps from each place the first pixel of the hole lies on its way, or -1."""
    for n in range(places.shape[0]):
        hits[n] = -1
        for k in range(most[n]):
            row, col = np.rint(places[n, 0] + step * k * ways[n, 0]), np.rint(places[n, 1] + step * k * ways[n, 1])
            if 0 <= row < hole.shape[0] and 0 <= col < hole.shape[1] and hole[int(row), int(col)]:
                hits[n] = k
                break


def _along_rim(last, far, distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which segments run along the rim: such a one is the hole's own outline, and says nothing."""
    nearest = np.rint(last[:, None] + np.linspace(0, 1, 12)[:, None] * (far - last)[:, None]).astype(int)
    rows, cols = np.moveaxis(np.clip(nearest, 0, np.array(distance.shape) - 1), -1, 0)
    return np.asarray((distance[rows, cols] < 2.5).mean(1) > 0.5, bool)


def _values(channel: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values at places between pixels, (n, 2), moved into the picture."""
    rows = np.clip(places[:, 0], 0.0, channel.shape[0] - 1.001)
    cols = np.clip(places[:, 1], 0.0, channel.shape[1] - 1.001)
    i, j = rows.astype(np.int64), cols.astype(np.int64)
    v, u = rows - i, cols - j
    top = channel[i, j] * (1 - u) + channel[i, j + 1] * u
    low = channel[i + 1, j] * (1 - u) + channel[i + 1, j + 1] * u
    return top * (1 - v) + low * v


def _fitted(path, heading, sight: Sight, distance, least: float = LEAST_CONTRAST) -> End | None:
    """Fit a parabola to a followed edge, and read the colours across it."""
    left = left_of(heading)
    along, aside = (path - path[0]) @ heading, (path - path[0]) @ left
    length = float(along[0] - along[-1])
    if length < LEAST_PX - 1:
        return None
    weight = np.exp(along / 30.0)  # what is near the hole counts more
    degree = 2 if length > STRAIGHT_PX else 1
    fit = np.polyfit(along, aside, degree, w=weight)
    off = np.abs(aside - np.polyval(fit, along))
    weight = weight * (off <= 2 * np.sqrt(np.average(off**2, weights=weight)) + 0.3)  # a first step may have missed
    fit = np.polyfit(along, aside, degree, w=weight)
    rough = float(np.sqrt(np.average((aside - np.polyval(fit, along)) ** 2, weights=weight)))
    slope = fit[-2]
    bend = float(2 * fit[0] / (1 + slope**2) ** 1.5) if degree == 2 else 0.0
    start = path[0] + left * fit[-1]
    tangent = (heading + slope * left) / np.hypot(1, slope)
    place = first_hole(start, tangent, sight, REACH * max(sight.size) + 3)
    if place is None:
        return None
    read = profile_across(path[:PROFILED_PX], heading + slope * left, sight, least)
    if read is None:
        return None
    profile, contrast = read
    return End(place, tangent, bend, profile, contrast, length, rough, path=path[weight > 0])


def first_hole(place, way, sight: Sight, most_px: float):
    """Return the first place in the hole on a way through known ground, at most so far on; None where there is none."""
    places = place + np.arange(0, most_px, STEP_PX)[:, None] * way
    (rows, cols), inside = pixels(places, sight)
    hit = np.flatnonzero(inside & sight.hole[rows, cols])
    return places[hit[0]] if len(hit) and inside[: hit[0]].all() else None


def left_of(heading: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector to the left of a heading."""
    return np.array([-heading[1], heading[0]])


def profile_across(path, heading, sight: Sight, least: float):
    """Return the mean colours across an edge, (2 HALF_WIDTH + 1, 3), and its contrast; None where it has none."""
    heading = heading / np.hypot(*heading)
    left = left_of(heading)
    offsets = np.arange(-HALF_WIDTH, HALF_WIDTH + 1)
    places = path[:, None] + offsets[None, :, None] * left
    (rows, cols), inside = pixels(places, sight)
    inside &= ~sight.hole[rows, cols]
    counts = inside.sum(0)
    if (counts < 2).any():
        return None
    profile = (sight.lab[rows, cols] * inside[..., None]).sum(0) / counts[:, None]
    sides = float(np.linalg.norm(profile[:HALF_WIDTH].mean(0) - profile[HALF_WIDTH + 1 :].mean(0)))
    ridge = float(np.linalg.norm(profile[HALF_WIDTH] - (profile[0] + profile[-1]) / 2))
    contrast = max(sides, ridge)
    return None if contrast < least else (profile.astype(np.float64), contrast)
