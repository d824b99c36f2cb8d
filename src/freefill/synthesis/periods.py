"""What repeats around a hole, also in perspective: pickets, windows, slats, tiles.

Square pieces of the known ground are correlated with themselves; each peak is a first idea of a repeat. It is fitted to
the ground around its piece, then to more and more of it, by least squares (Lucas and Kanade) with weights that leave
out what does not repeat. The repeat that foretells most of what a half step does not is taken: an edge is like itself
at every step along it, and is no repeat.

References
----------
Lucas and Kanade, An iterative image registration technique, IJCAI 1981.
Baker and Matthews, Lucas-Kanade 20 years on, IJCV 2004, section 4 (robust weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.elation import Elation
from freefill.synthesis.regular import correlation

PIECE_PX = 96
LEAST_KNOWN = 0.5  # of a piece
PEAK = 0.45  # correlation
OVERLAP = 0.25  # of the known pixels: a correlation over fewer is chance
DIP = 0.25  # of the correlation, between no step and one
LEAST_STEP_PX = 4.0
PEAKS = 3  # of each piece
COARSE = 5  # peaks are told apart by fifths
MOST_STARTS = 16
MOST_FITS = 4  # of those, that are not the same
SAME_PX = 2.0  # two ideas of a step that are this near are one
PARTS = (5, 4, 3, 2)  # of a step that may be a multiple
AS_GOOD = 0.7  # of what the whole step foretells
SOFT_PX = 1.5  # softened at first, so that a start that is off by a pixel finds the way
STILL_PX = 0.01  # a fit whose step changes less is done
SPREAD_PX = 16.0  # what is larger is light
LEAST_SPREAD = 0.03  # of full scale
ROUNDS = ((0.6, 6), (1.1, 8), (2.0, 8), (100.0, 10))  # reach in pieces, iterations
POINTS = 1000  # a fit has four unknowns: so many places are plenty
FAR = (2, 3, 5, 8)  # steps at which the last fits are made
DOUBT = 0.7  # residual that counts half
ALIKE, UNLIKE = 0.6, 0.4  # local correlation at a step, and at half a step
NEAR_PX = 7  # "local"


@dataclass(frozen=True, eq=False)
class EvenGround:
    """Known ground, made even: (H, W) float32 of mean 0 and spread 1 at the scale of SPREAD_PX, 0 where unknown."""

    even: NDArray[np.float32]
    known: NDArray[np.bool_]


def even_ground(grey: NDArray[np.float32], known: NDArray[np.bool_], spread_px: float = SPREAD_PX) -> EvenGround:
    """Take light and contrast out of a picture, (H, W) float32 in [0, 1]."""
    import cv2

    weight = known.astype(np.float32)

    def blur(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), spread_px), np.float32)

    total = np.maximum(blur(weight), 1e-3)
    apart = (grey - blur(grey * weight) / total) * weight
    spread = np.sqrt(blur(apart * apart) / total)
    return EvenGround(np.where(known, apart / (spread + LEAST_SPREAD), 0).astype(np.float32), known)


def find_step(ground: EvenGround) -> Elation | None:
    """Return the repeat that foretells most of the ground; None where nothing repeats."""
    import cv2

    soft = EvenGround(np.asarray(cv2.GaussianBlur(ground.even, (0, 0), SOFT_PX), np.float32), ground.known)
    tried: list[tuple[float, Elation]] = []
    left = MOST_FITS
    for middle, step in _starts(ground):
        if any(_same(found, middle, step) for _, found in tried):
            continue
        if left == 0:
            break
        left -= 1
        found = _grown(ground, soft, middle, step)
        if found is not None:
            tried.append((float(foretold(ground, found).sum()), found))
    return max(tried, key=lambda one: one[0])[1] if tried else None


def exact(ground: EvenGround, step: Elation) -> Elation:
    """Return the shortest step of the same repeat, fitted so well that many in a row are still in phase."""
    return _far(ground, _shortest(ground, step))


def _shortest(ground: EvenGround, step: Elation) -> Elation:
    """Return the step, or the part of it that repeats as well: one picket instead of three."""
    places = np.argwhere(ground.known)[:, ::-1].astype(float)
    # A fixed seed: the same picture has the same step.
    some = places[np.random.default_rng(0).choice(len(places), min(POINTS, len(places)), replace=False)]
    least = AS_GOOD * foretold(ground, step).sum()
    for parts in PARTS:
        shorter = step.with_values(step.values * (1, 1, 1 / parts, 1 / parts))
        if shorter.length_px(step.middle) < LEAST_STEP_PX:
            continue
        fitted = fit(ground, shorter, some, (1, -1), 6)
        if fitted is not None and foretold(ground, fitted).sum() >= least:
            return fitted
    return step


def _same(found: Elation, middle: NDArray[Any], step: NDArray[Any]) -> bool:
    """Say whether a repeat has this step, or the opposite one, at this place already."""
    way = found.move(middle[None], 1)[0][0] - middle
    return any(float(np.abs(way - side * step).max()) < SAME_PX for side in (1, -1))


def _far(ground: EvenGround, step: Elation) -> Elation:
    """Fit a step to what lies farther and farther away."""
    places = np.argwhere(foretold(ground, step))[:, ::-1].astype(float)
    some = places[np.random.default_rng(0).choice(len(places), min(3 * POINTS, len(places)), replace=False)]
    for far in FAR:
        better = fit(ground, step, some, (1, -1, *(s * n for n in range(2, far + 1) for s in (1, -1))), 6)
        step = better or step
    return step


def refine(image: NDArray[np.float32], known: NDArray[np.bool_], step: Elation, factor: float, most_px: int) -> Elation:
    """Return the step made exact on a picture `factor` times as large as what it was found on, in the small pixels."""
    import cv2

    share = min(1.0, most_px / max(known.shape))
    size = round(known.shape[1] * share), round(known.shape[0] * share)
    weight = np.asarray(cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    grey = np.where(known, image.mean(axis=2), np.float32(0)).astype(np.float32)
    grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)
    grey = (grey / np.maximum(weight, 1e-3)).astype(np.float32)
    larger = factor * share
    ground = even_ground(grey, weight > 0.999, SPREAD_PX * larger)
    better = _far(ground, step.seen_at(larger, np.zeros(2)))
    return better.seen_at(1 / larger, np.zeros(2))


def _starts(ground: EvenGround) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return middles of pieces and steps there, x and y, the most alike first."""
    import cv2

    height, width = ground.known.shape
    distance = cv2.distanceTransform(ground.known.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    found = []
    for row in range(0, max(height - PIECE_PX // 2, 1), PIECE_PX // 2):
        for col in range(0, max(width - PIECE_PX // 2, 1), PIECE_PX // 2):
            place = np.s_[row : row + PIECE_PX, col : col + PIECE_PX]
            known = ground.known[place]
            small = min(known.shape) < 0.6 * PIECE_PX
            if small or known.mean() < LEAST_KNOWN or distance[place].min() > PIECE_PX / 2:
                continue
            middle = np.array([col, row]) + PIECE_PX / 2
            found += [(alike, middle, step) for alike, step in _peaks(ground.even[place], known)]
    found.sort(key=lambda start: (-start[0], float(np.hypot(*start[2]))))
    return [(middle, step) for _, middle, step in found[:MOST_STARTS]]


def _peaks(even: NDArray[np.float32], known: NDArray[np.bool_]) -> list[tuple[float, NDArray[np.float64]]]:
    """Return the highest peaks of a piece's correlation with itself, one of each pair of opposites."""
    import cv2

    alike, count = correlation(even, known)
    middle = np.array(alike.shape) // 2
    alike = np.where(count >= OVERLAP * known.sum(), alike, -1.0)
    highest = cv2.dilate(alike, np.ones((7, 7), np.uint8))
    rows, cols = np.ogrid[: alike.shape[0], : alike.shape[1]]
    half = (rows > middle[0]) | ((rows == middle[0]) & (cols > middle[1]))
    far = np.hypot(rows - middle[0], cols - middle[1]) >= LEAST_STEP_PX
    places = np.argwhere((alike >= highest - 1e-6) & (alike >= PEAK) & half & far)
    heights = alike[places[:, 0], places[:, 1]]
    # An edge is like itself all the way to the peak, a period is not.
    on_the_way = np.rint(middle + (places - middle)[:, None] * np.linspace(0.25, 0.75, 9)[:, None]).astype(int)
    apart = alike[on_the_way[..., 0], on_the_way[..., 1]].min(axis=1) < heights - DIP
    places, heights = places[apart], heights[apart]
    steps = (places - middle)[:, ::-1].astype(float)
    # Of nearly equal peaks the shortest: the others are its multiples.
    coarse = np.rint(heights * COARSE) / COARSE
    order = np.lexsort((np.hypot(*steps.T), -coarse))[:PEAKS]
    return [(float(coarse[n]), steps[n]) for n in order]


def _grown(ground: EvenGround, soft: EvenGround, middle: NDArray[Any], step: NDArray[Any]) -> Elation | None:
    """Fit a step to more and more of the ground around its piece."""
    height, width = ground.known.shape
    unit = max(height, width) / 2
    found = Elation(np.array([0.0, 0.0, step[0] / unit, step[1] / unit]), np.array([width, height]) / 2, unit)
    places = np.argwhere(ground.known)[:, ::-1].astype(float)
    reach = np.abs(places - middle).max(axis=1)
    rng = np.random.default_rng(0)
    for number, (pieces, iterations) in enumerate(ROUNDS):
        near = places[reach < pieces * PIECE_PX]
        some = near[rng.choice(len(near), min(POINTS, len(near)), replace=False)]
        seen = ground if number == len(ROUNDS) - 1 else soft
        better = fit(seen, found, some, (1, -1), iterations)
        if better is None or better.length_px(middle) < LEAST_STEP_PX:
            return None
        found = better
    return found


def fit(
    ground: EvenGround, start: Elation, points: NDArray[Any], steps: tuple[int, ...], iterations: int
) -> Elation | None:
    """Return the repeat for which the points are most like what lies `steps` away; None where it runs off."""
    import cv2

    known = cv2.erode(ground.known.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    across, down = (cv2.Sobel(ground.even, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    layers = np.asarray(np.dstack([ground.even, across, down, known]), np.float32)
    own = sample(ground.even, points)
    found = start
    for _ in range(iterations):
        normal, right = np.zeros((4, 4)), np.zeros(4)
        for count in steps:
            moved, kept = found.move(points, count)
            seen = sample(layers, moved)
            use = kept & (seen[:, 3] > 0.99)
            if use.sum() < 50:
                continue
            residual = seen[use, 0] - own[use]
            weight = 1 / (1 + (residual / DOUBT) ** 2)
            slopes = np.einsum("nx,nxv->nv", seen[use, 1:3], found.slopes(points[use], count))
            normal += (slopes * weight[:, None]).T @ slopes
            right += (slopes * weight[:, None]).T @ residual
        # Damped: where two of the four values do nearly the same, neither runs off.
        damped = normal + 1e-3 * np.diag(np.diag(normal)) + 1e-9 * np.eye(4)
        change = np.linalg.solve(damped, -right)
        change[:2] = np.clip(change[:2], -0.3, 0.3)
        # At most 3 px a round: from a start that is off the first change is far too large.
        change *= min(1.0, 3.0 / max(float(np.abs(change[2:]).max()) * found.unit_px, 1e-9))
        found = found.with_values(found.values + change)
        if float(np.abs(change).max()) * found.unit_px < STILL_PX:
            break
    return found if np.isfinite(found.values).all() else None


def foretold(ground: EvenGround, step: Elation) -> NDArray[np.bool_]:
    """Return the pixels that are like those a step away on one side, and not like those half a step away."""
    told = np.zeros(ground.known.shape, bool)
    for side in (1, -1):
        told |= (local_likeness(ground, step, side) > ALIKE) & (local_likeness(ground, step, side / 2) < UNLIKE)
    return told


def local_likeness(ground: EvenGround, step: Elation, count: float) -> NDArray[np.float32]:
    """Return the correlation of the ground around each pixel with what lies `count` steps away; 0 where unknown."""
    import cv2

    even, known, _ = foreseen(ground.even, ground.known, step, count)
    both = (known & ground.known).astype(np.float32)
    size = 2 * NEAR_PX + 1

    def mean(values: NDArray[Any]) -> NDArray[np.float32]:
        return (np.asarray(cv2.boxFilter(values * both, -1, (size, size)), np.float32) / share).astype(np.float32)

    share = np.maximum(np.asarray(cv2.boxFilter(both, -1, (size, size)), np.float32), 1e-3)
    here, there = mean(ground.even), mean(even)
    together = mean(ground.even * even) - here * there
    spreads = [np.maximum(mean(values**2) - middle**2, 0.05) for values, middle in ((ground.even, here), (even, there))]
    return np.where(share > 0.3, together / np.sqrt(spreads[0] * spreads[1]), 0).astype(np.float32)


def foreseen(
    values: NDArray[Any], known: NDArray[np.bool_], step: Elation, count: float, cubic: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Return what lies `count` steps away from each pixel, where that is known, and its places (H, W, 2), x and y."""
    import cv2

    height, width = known.shape
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    moved, kept = step.move(grid, count)
    places = moved.astype(np.float32)
    across, down = places[..., 0], places[..., 1]
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    there = cv2.remap(inner, across, down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    way = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    found = np.asarray(cv2.remap(values, across, down, way, borderMode=cv2.BORDER_REPLICATE), np.float32)
    return found, kept & (there > 0), places


def sample(values: NDArray[np.float32], points: NDArray[Any]) -> NDArray[np.float32]:
    """Return values between pixels at (n, 2) x and y: (n,) or (n, K); 0 outside."""
    import cv2

    parts = []
    for first in range(0, len(points), 16384):
        part = points[first : first + 16384].astype(np.float32)
        parts.append(
            cv2.remap(values, part[:, :1], part[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[:, 0]
        )
    return np.concatenate(parts) if parts else np.zeros((0, *values.shape[2:]), np.float32)
