"""Where a repeat is believed in a hole, and from how many steps away each pixel is copied.

What comes from both sides must agree. Where there is one side only, what the next step foretells must agree, and so
must the known rim. Agreement is of structure against the contrast of what repeats, in nearly the same light.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.elation import Elation
from freefill.synthesis.periods import foreseen
from freefill.synthesis.pieces import large_pieces

MOST_STEPS = 10
SMALLER = 100  # steps that the side where things are smaller lies farther: what is enlarged is blurred
ENLARGED = 1.03  # area, by one step
MOST_STEPS_ALONE = 4  # from one side only
ALIKE = 0.6  # correlation of what should be the same
RING_PX = 5  # around the hole: this is held against what is foretold there
LIGHTER = 0.6  # of the same contrast, in the mean
MISFIT = 0.35  # of the contrast of what repeats: less is no difference
RIM_TOLD = 0.7  # of the rim within a period, for one side to be believed
AGREED = 0.2  # of what one side foretells must agree with the next step
TORN = 0.5  # of the rim within half a period: where less shows what is foretold, something else stands behind the row
TORN_REACH = 0.5  # periods: so far from there nothing is believed
GROWN = 1.1  # periods: so far from what both sides foretell one side is believed, where its own next step agrees
SHADE = 1.5  # periods from the hole: there is what it throws its shadow on
SHADED = 20.0  # steps that such ground lies farther

Planes = dict[int, tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]]


def believed_steps(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    known: NDArray[np.bool_],
    step: Elation,
    told: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """Return how many steps away each hole pixel is copied from, (H, W) int8; 0 = the repeat is not believed there."""
    rows, cols = np.nonzero(hole)
    period = step.length_px(np.array([cols.mean(), rows.mean()]))
    contrast = max(float(np.sqrt(image[told].var(axis=0).mean())), 0.02)
    rim = _dilated(hole, RING_PX) & known & ~hole
    planes = _planes(image, hole, rim, known, step, period)
    first, second = _nearest_two(planes, hole, step)
    (one, _), (other, there), (next_one, followed) = (
        _pick(planes, count, image) for count in (first, second, first + np.sign(first))
    )
    agreed = _agreeing(one, other, hole & there, period, contrast)
    followed = _agreeing(one, next_one, hole & (first != 0) & followed, period, contrast)
    beside, asked = _pick(planes, _carried_out(first, hole), image)
    asked &= rim
    good = _agreeing(beside, image, asked, period, contrast)
    lone = hole & (first != 0) & (second == 0) & (np.abs(first) <= MOST_STEPS_ALONE)
    if lone.any() and followed[lone].mean() >= AGREED:
        agreed |= lone & (_share(good, asked, period) >= RIM_TOLD)
    core = _without_specks(agreed, hole, period)
    ends = _dilated(core, GROWN * period) & followed & ~(_share(good, asked, period / 2) < RIM_TOLD)
    # Light may differ at the rim (a shadow that stays): then the structure is the same, and is meant to go on.
    shown = _agreeing(beside, image, asked, period, contrast, lighter=np.inf)
    torn = asked & ~shown & (_share(shown, asked, period / 2) < TORN)
    return np.where((core | ends) & hole & ~_dilated(torn, TORN_REACH * period), first, 0).astype(np.int8)


def _planes(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    rim: NDArray[np.bool_],
    known: NDArray[np.bool_],
    step: Elation,
    period: float,
) -> Planes:
    """Return for each count of steps what it foretells in the hole and at its rim, where, and how much it is avoided.

    What lies right beside the hole is in its shadow more often than not.
    """
    import cv2

    hull = np.zeros(hole.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.argwhere(hole)[:, ::-1].astype(np.int32)), 1)
    shade = _dilated(hull > 0, SHADE * period).astype(np.float32)
    planes: Planes = {}
    for steps in (*range(1, MOST_STEPS + 1), *range(-1, -MOST_STEPS - 1, -1)):
        values, there, places = foreseen(image, known, step, steps, cubic=True)
        there &= hole | rim
        if (there & hole).any():
            planes[steps] = (
                values,
                there,
                cv2.remap(shade, places[..., 0], places[..., 1], cv2.INTER_NEAREST) * np.float32(SHADED),
            )
    return planes


def _nearest_two(planes: Planes, hole: NDArray[np.bool_], step: Elation) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return two counts of steps for each hole pixel, 0 = none.

    The first is the nearest, and comes from the side where things are larger; the second comes from the other side.
    """
    cost, count = np.full((2, *hole.shape), np.inf), np.zeros((2, *hole.shape), np.int64)
    places = np.argwhere(hole)[:, ::-1]
    enlarged = [float(np.median(step.stretch(places, steps))) < 1 / ENLARGED for steps in (1, -1)]
    for steps, (_, there, shade) in planes.items():
        side = int(steps < 0)
        price = np.where(there & hole, abs(steps) + shade + (SMALLER if enlarged[side] else 0), np.inf)
        better = price < cost[side]
        cost[side][better], count[side][better] = price[better], steps
    nearer = cost[0] <= cost[1]
    return np.where(nearer, count[0], count[1]), np.where(nearer, count[1], count[0])


def _pick(
    planes: Planes, count: NDArray[np.int64], image: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return what each pixel's own count of steps foretells, and where it does."""
    picked, found = np.zeros_like(image), np.zeros(count.shape, bool)
    for steps, (values, there, _) in planes.items():
        use = (count == steps) & there
        picked[use], found[use] = values[use], True
    return picked, found


def _agreeing(
    one: NDArray[np.float32],
    other: NDArray[np.float32],
    where: NDArray[np.bool_],
    period: float,
    contrast: float,
    lighter: float = LIGHTER,
) -> NDArray[np.bool_]:
    """Return where two pictures show the same: alike in structure, or both without any, in nearly the same light.

    In the mean they may differ by less than `lighter` of the contrast.
    """
    import cv2

    weight = where.astype(np.float32)
    size = 2 * max(3, round(period / 3)) + 1

    def mean(values: NDArray[Any]) -> NDArray[np.float32]:
        total = np.asarray(cv2.boxFilter(np.ascontiguousarray(values), -1, (size, size)), np.float32)
        return (total / (share if values.ndim == 2 else share[..., None])).astype(np.float32)

    share = np.maximum(np.asarray(cv2.boxFilter(weight, -1, (size, size)), np.float32), 1e-3)
    first, second = ((values * weight[..., None]).astype(np.float32) for values in (one, other))
    here, there = mean(first), mean(second)
    together = (mean(first * second) - here * there).sum(axis=2)
    spreads = [(mean(v**2) - m**2).sum(axis=2) for v, m in ((first, here), (second, there))]
    alike = together / np.sqrt(np.maximum(spreads[0] * spreads[1], 1e-12))
    apart = np.sqrt(np.maximum(spreads[0] + spreads[1] - 2 * together, 0) / 3) / contrast
    light = np.abs(here - there).mean(axis=2) / contrast
    return where & ((alike > ALIKE) | (apart < MISFIT)) & (light < lighter)


def _carried_out(count: NDArray[np.int64], hole: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the counts of steps with those of the nearest hole pixel outside the hole."""
    import cv2

    outside = (~hole).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    at_label = np.zeros(int(nearest.max()) + 1, np.int64)
    labels = np.asarray(nearest, np.int64)
    at_label[labels[hole]] = count[hole]
    return at_label[labels]


def _share(good: NDArray[np.bool_], asked: NDArray[np.bool_], reach: float) -> NDArray[np.float32]:
    """Return how much of what was asked within `reach` is good; NaN where nothing was asked."""
    import cv2

    size = 2 * max(3, round(reach)) + 1
    sums = [np.asarray(cv2.boxFilter(mask.astype(np.float32), -1, (size, size))) for mask in (good, asked)]
    return np.where(sums[1] > 1e-6, sums[0] / np.maximum(sums[1], 1e-6), np.nan).astype(np.float32)


def _without_specks(agreed: NDArray[np.bool_], hole: NDArray[np.bool_], period: float) -> NDArray[np.bool_]:
    """Return the mask without pieces, and without enclosed gaps, that are small against a period."""

    pieces = large_pieces(agreed, max(64.0, period**2 / 2), connectivity=4)
    return hole & ~large_pieces(~pieces, 2 * period**2, connectivity=4)


def _dilated(mask: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    import cv2

    size = 2 * max(1, round(reach)) + 1
    return cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
