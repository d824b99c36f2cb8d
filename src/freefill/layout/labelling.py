"""One shift for every hole pixel, chosen together: a labelling of least energy by expansion moves.

What a pixel costs: that its shift does not continue the rim, that it would copy what resembles nothing on the rim near
by, and that it leaves a joined line. What a pair of neighbours costs: that what they copy does not fit.

References
----------
He, Sun, Statistics of patch offsets for image completion, ECCV 2012, section 3 (novelty and lines are ours).
Boykov, Veksler, Zabih, Fast approximate energy minimization via graph cuts, PAMI 2001, section 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept
from freefill.layout.bands import Bands, bands
from freefill.layout.figure import standing
from freefill.layout.flow import least_cut
from freefill.layout.novelty import novelty
from freefill.layout.sight import Sight

RIM_WEIGHT = 4.0
RIM_SIGMA = 2.0  # px over which the rim speaks
RIM_MOST = 60.0  # Lab and gradient
UNKNOWN = 20.0  # of a rim pixel whose shifted place is not known
FIGURE = 0.5  # of a Lab unit by which a source stands out from the ground
LINE_WEIGHT = 2.0
LABEL_STEP = 0.2  # of any two different shifts
UNSEEN = 40.0  # of neighbours whose copies cannot be compared
NEVER = 1e5  # of a source that is not allowed; finite, so that sums stay numbers
SWEEPS = 3
SURE_LINE = 0.3  # of a joined line: two things meet there, and need not fit
STILL = 1e-3  # share of the energy below which a sweep is the last

# Further costs of shifts, by the network that points for one: hole pixels (n, 2), shifts (K, 2) -> (K, n) float32,
# in Lab units like the rest.
Term = Callable[[NDArray[np.int64], NDArray[np.int32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Labelling:
    """What each hole pixel copies.

    Attributes
    ----------
    pixels, copied : (n, 2) hole pixels, and the known pixels that they copy
    seams : what does not fit between neighbours off the lines, Lab and gradient, mean over the pixels there
    figure : by how much what is copied stands out from the ground, Lab, mean over hole pixels
    """

    pixels: NDArray[np.int64]
    copied: NDArray[np.int64]
    seams: float
    figure: float


def label(
    sight: Sight,
    shifts: NDArray[np.int32],
    expected: NDArray[np.float32],
    confidence: NDArray[np.float32],
    further: Term | None = None,
    cut: Bands | None = None,
) -> Labelling | None:
    """Choose one of the shifts for each hole pixel.

    Parameters
    ----------
    shifts : (K, 2) int32
    expected, confidence : (h, w, 3) Lab and (h, w), the joined lines' picture
    further : more costs, or None
    cut : parts of the hole; None = nothing parts it

    Returns
    -------
    None where some pixel has no known place at any of the shifts
    """
    if len(shifts) == 0:
        return None
    pixels = np.argwhere(sight.hole)
    features = _features(sight)
    allowed = _allowed(sight, pixels, shifts)
    costs = _rim_costs(sight, features, pixels, shifts)
    cut = bands(sight.hole, []) if cut is None else cut
    costs += novelty(sight, features, pixels, shifts, allowed, cut)
    sure = confidence[sight.hole]
    places = np.flatnonzero(sure > 0.05)
    wanted = expected[sight.hole][places]
    height, width = sight.size
    for k, (down, across) in enumerate(shifts):
        rows = np.clip(pixels[places, 0] + down, 0, height - 1)
        cols = np.clip(pixels[places, 1] + across, 0, width - 1)
        away = np.linalg.norm(features[rows, cols, :3] - wanted, axis=1)
        costs[k, places] += LINE_WEIGHT * sure[places] * np.minimum(away, RIM_MOST)
    stands, avoided = standing(sight)
    for k, (down, across) in enumerate(shifts):
        rows, cols = np.clip(pixels[:, 0] + down, 0, height - 1), np.clip(pixels[:, 1] + across, 0, width - 1)
        costs[k] += FIGURE * avoided[rows, cols]
    if further is not None:
        costs += further(pixels, shifts)
    costs[~allowed] = NEVER
    chosen = np.ascontiguousarray(costs.argmin(0), np.int32)
    near = _neighbours(sight.hole)
    flat = np.ascontiguousarray(features.reshape(-1, features.shape[2]))
    home = (pixels[:, 0] * width + pixels[:, 1]).astype(np.int64)
    steps = (shifts[:, 0].astype(np.int64) * width + shifts[:, 1]).astype(np.int64)
    pairs = np.empty((len(pixels), 2))
    expand(near, costs, allowed, home, steps, flat, chosen, pairs, SWEEPS)
    numbers = np.arange(len(pixels))
    if not allowed[chosen, numbers].all():
        return None
    off = sure <= SURE_LINE
    seams = float(pairs[off].sum()) / max(int(np.count_nonzero(off)), 1)
    copied = pixels + shifts[chosen]
    return Labelling(pixels, copied, seams, float(stands[copied[:, 0], copied[:, 1]].mean()))


def _features(sight: Sight) -> NDArray[np.float32]:
    """Return Lab and the luminance's differences to the right and down, (h, w, 5); 0 where a side is not known."""
    features = np.zeros((*sight.size, 5), np.float32)
    features[..., :3] = sight.lab
    light, known = sight.lab[..., 0], ~sight.hole
    features[:, :-1, 3] = (light[:, 1:] - light[:, :-1]) * (known[:, 1:] & known[:, :-1])
    features[:-1, :, 4] = (light[1:] - light[:-1]) * (known[1:] & known[:-1])
    return features


def _allowed(sight: Sight, pixels: NDArray[np.int64], shifts: NDArray[np.int32]) -> NDArray[np.bool_]:
    height, width = sight.size
    rows = pixels[None, :, 0] + shifts[:, None, 0]
    cols = pixels[None, :, 1] + shifts[:, None, 1]
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return inside & sight.source[np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1)]


def _rim_costs(sight: Sight, features, pixels, shifts) -> NDArray[np.float32]:
    """Return by how much each shift fails to copy the rim onto itself, near each hole pixel, (K, n)."""
    import cv2

    height, width = sight.size
    known = ~sight.hole
    reach = 2 * int(3 * RIM_SIGMA) + 1
    ring = known & (cv2.dilate(sight.hole.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0)
    rows, cols = np.nonzero(ring)
    here = features[ring]
    costs = np.empty((len(shifts), len(pixels)), np.float32)
    sheet = np.zeros((height, width), np.float32)
    for k, (down, across) in enumerate(shifts):
        y, x = rows + down, cols + across
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        away = np.sqrt(((features[y, x] - here) ** 2).sum(1))
        sheet[rows, cols] = np.where(inside & known[y, x], np.minimum(away, RIM_MOST), UNKNOWN)
        costs[k] = RIM_WEIGHT * cv2.GaussianBlur(sheet, (0, 0), RIM_SIGMA)[sight.hole]
    return costs


def _neighbours(hole: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the number of the hole pixel to the right, below, left and above of each, or -1, (n, 4)."""
    numbers = np.full((hole.shape[0] + 2, hole.shape[1] + 2), -1, np.int32)
    numbers[1:-1, 1:-1][hole] = np.arange(np.count_nonzero(hole), dtype=np.int32)
    sides = numbers[1:-1, 2:], numbers[2:, 1:-1], numbers[1:-1, :-2], numbers[:-2, 1:-1]
    return np.stack([side[hole] for side in sides], 1)


@kept(nogil=True, error_model="numpy")
def apart(allowed, home, steps, flat, one, other, p):
    """Return how far apart what pixel p copies with two shifts lies, Lab and gradient; below 0 where one is unknown."""
    if not (allowed[one, p] and allowed[other, p]):
        return -1.0
    total = 0.0
    for c in range(5):
        away = flat[home[p] + steps[one], c] - flat[home[p] + steps[other], c]
        total += away * away
    return np.sqrt(total)


@kept(nogil=True, error_model="numpy")
def misfit(first, second):
    """Return what two neighbours with different shifts cost, by how far `apart` these lie at the one and the other."""
    if first < 0 and second < 0:
        return UNSEEN + LABEL_STEP
    if first < 0:
        first = second
    if second < 0:
        second = first
    return first + second + LABEL_STEP


@kept(nogil=True, error_model="numpy")
def pay(near, allowed, home, steps, flat, chosen, p, pairs):
    """Write what pixel p costs with its neighbour to the right and with that below."""
    for a in range(2):
        q = near[p, a]
        pairs[p, a] = 0.0
        if q >= 0 and chosen[p] != chosen[q]:
            first = apart(allowed, home, steps, flat, chosen[p], chosen[q], p)
            second = apart(allowed, home, steps, flat, chosen[p], chosen[q], q)
            pairs[p, a] = misfit(first, second)


@kept(nogil=True, error_model="numpy")
def energy(costs, chosen, pairs):
    """Return the energy of a labelling."""
    total = 0.0
    for p in range(len(chosen)):
        total += costs[chosen[p], p]
        for a in range(2):
            total += pairs[p, a]
    return total


@kept(nogil=True, error_model="numpy")
def offer(near, costs, allowed, home, steps, flat, chosen, pairs, k, away, spare, terminal):
    """Write the graph whose least cut says which pixels take shift k; `away` (n,) is for its own use.

    What pairs cost is what its two pixels' shifts lie apart from k, which all neighbours of a pixel share.
    """
    for p in range(len(chosen)):
        terminal[p] = costs[chosen[p], p] - costs[k, p]
        away[p] = 0.0 if chosen[p] == k else apart(allowed, home, steps, flat, chosen[p], k, p)
        for a in range(4):
            spare[p, a] = 0
    for p in range(len(chosen)):
        for a in range(2):
            q = near[p, a]
            if q < 0:
                continue
            one, other = chosen[p], chosen[q]
            if one == k and other == k:
                continue
            first = second = 0.0  # what the pair costs where p alone takes k, and where q alone does
            if one == other:
                first = second = misfit(away[p], away[q])
            else:
                if other != k:
                    first = misfit(apart(allowed, home, steps, flat, k, other, p), away[q])
                if one != k:
                    second = misfit(away[p], apart(allowed, home, steps, flat, one, k, q))
            # Both arcs alike: then only what pays by itself hangs on the source, and little is sent through the graph.
            stay = min(pairs[p, a], first + second)
            half = (first + second - stay) / 2
            terminal[p] -= first - stay - half
            terminal[q] -= second - stay - half
            spare[p, a] += half
            spare[q, a + 2] += half


@kept(nogil=True, error_model="numpy")
def expand(near, costs, allowed, home, steps, flat, chosen, pairs, sweeps):
    """Let each shift in turn take whatever pixels lower the energy, until a sweep gains little.

    `chosen` (n,) is where it starts from, and is overwritten; `pairs` (n, 2) gets what neighbours cost in the end.

    From the second sweep on only shifts that are in use take part.
    """
    count = len(chosen)
    spare = np.empty((count, 4))
    terminal, away = np.empty(count), np.empty(count)
    side = np.empty(count, np.uint8)
    for p in range(count):
        pay(near, allowed, home, steps, flat, chosen, p, pairs)
    before, paid = chosen.copy(), pairs.copy()
    used = np.ones(costs.shape[0], np.uint8)
    now = energy(costs, chosen, pairs)
    for _ in range(sweeps):
        start = now
        for k in range(costs.shape[0]):
            if not used[k]:
                continue
            offer(near, costs, allowed, home, steps, flat, chosen, pairs, k, away, spare, terminal)
            if terminal.max() <= 0:
                continue
            least_cut(near, spare, terminal, side)
            for p in range(count):
                side[p] = side[p] and chosen[p] != k
                if side[p]:
                    chosen[p] = k
            if not side.any():
                continue
            for p in range(count):  # what pairs pay is new where one of the two is
                if side[p] or (near[p, 0] >= 0 and side[near[p, 0]]) or (near[p, 1] >= 0 and side[near[p, 1]]):
                    pay(near, allowed, home, steps, flat, chosen, p, pairs)
            after = energy(costs, chosen, pairs)
            # `offer` cuts short what a pair may save, so a move may cost more than it seemed: then it is taken back.
            if after < now - 1e-6:
                now = after
                before[:], paid[:] = chosen, pairs
            else:
                chosen[:], pairs[:] = before, paid
        if start - now < STILL * abs(start):
            break
        used[:] = 0
        for p in range(count):
            used[chosen[p]] = 1
