"""A shadow on what goes on along a joined line: a stem, a kerb, a ledge that the removed thing shades beside the hole.

The shadow lies outside the mask and is known. Copied, it becomes a dark notch that ends in a hard edge. But along the
line the same ground is seen farther out in the light. So the picture is laid straight along the line: a row that is
darker at the rim than farther out, evenly in all colours, is in the shadow. The light that it lacks is told, and spread
into the hole, where it fades over about the length of the shadow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import End
from freefill.layout.joining import Joined
from freefill.layout.sight import Sight, softened

MOST_LINES = 3  # the surest are asked
BESIDE_PX = 28  # of the line, on each side: as far as ground is taken to go on along it
BACK_PX = 70  # from the hole, along the line
TURN_PX = 21  # over which the direction of the line is a mean
LEAST_FAR_PX = 16  # of ground in the light
FLOOR = 0.1  # of full scale, added before the logarithm: what is nearly black has no ratio
DARK = 0.15  # logarithm of light: where a shadow ends
CLEAR = 0.35  # the same, at its deepest, mean over what is found: less is the ground's own
EVEN = 0.1, 0.6  # by which channels may differ, and more the darker it is
MOSTLY = 0.6  # of the stretch must be even
DEEPEST = 1.2  # the same: what is darker is a thing
MOST_KNOWN = 0.5  # of as much behind the rim: in a thinner hole nothing can fade
SLANT = 0.6  # px from row to row by which it may begin farther back
NEAR_PX = 10  # from the line, else it lies on something else
STEADY = 0.24  # spread of the ground in the light along its row, logarithms
LEAST_ROWS = 5  # side by side
LONGEST = 0.6  # of what is known of a row: a longer one has no light to be held against
FADES = 1.0  # of the length of the shadow: then it has faded to 1/e
RIM_PX = 3  # into the hole, before it fades: the rim is known to more than a pixel of the larger picture
SOFT_PX = 1.0  # finer than this is grain
STEPS = 300
BEYOND_ROWS = 3  # of the rows in the shadow: farther aside no light is taken


def shade(sight: Sight, lines: Sequence[Joined]) -> NDArray[np.float32] | None:
    """Return what light the ground along joined lines lacks at the rim and, fading, in the hole.

    Parameters
    ----------
    sight : the picture at the size of the lines
    lines : surest first

    Returns
    -------
    (h, w, 3) float32, logarithms, 0 where no shadow is; None where there is none at all
    """

    there = (~sight.hole).astype(np.float32)
    soft = np.log(np.maximum(softened(sight.image, sight.hole, SOFT_PX), 0) + np.float32(FLOOR))
    for line in lines[:MOST_LINES]:
        places = _laid_straight(line)
        seen, known = _read(soft, there, places)
        light = np.zeros_like(seen)
        for way in (1, -1):
            dark = _dark_rows(seen[:, ::way], known[:, ::way])
            if dark is not None:
                light += _spread(*dark, known[:, ::way])[:, ::way]
        if light.any():
            return _laid_back(light, places, sight.size)
    return None


def _laid_straight(line: Joined) -> NDArray[np.float64]:
    """Return the places of rows along a line and the known ground before and behind it, (rows, n, 2), 1 px apart."""
    import cv2

    before, behind = _back(line.one), _back(line.other)
    course = np.concatenate((before[::-1], line.curve[::2], behind))
    way = cv2.blur(np.gradient(course, axis=0), (1, TURN_PX), borderType=cv2.BORDER_REPLICATE)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    aside = np.arange(-BESIDE_PX, BESIDE_PX + 1.0)[:, None, None]
    return course + aside * np.stack((-way[:, 1], way[:, 0]), 1)


def _back(end: End) -> NDArray[np.float64]:
    return end.place - np.arange(1.0, BACK_PX)[:, None] * end.heading


def _read(
    soft: NDArray[np.float32], there: NDArray[np.float32], places: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return what is seen at places, (rows, n, 3), and which of them are known."""
    import cv2

    rows, cols = (np.ascontiguousarray(places[..., k], np.float32) for k in (0, 1))
    seen = cv2.remap(soft, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    known = cv2.remap(there, cols, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(seen, np.float32), np.asarray(known > 0)


def _dark_rows(seen: NDArray[np.float32], known: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float] | None:
    """Return what light lacks before the hole, (rows, n, 3), <= 0, and how long that stretch is, px; None = no shadow.

    The columns come from the known ground to the hole.
    """
    rows, lights = len(known), seen.mean(axis=2)
    lacking = np.zeros_like(seen)
    lengths, starts = np.zeros((2, rows), int)
    deepest = np.zeros(rows)
    for row in range(rows):
        gaps = np.flatnonzero(~known[row])
        rim = int(gaps[np.searchsorted(gaps, BACK_PX // 4)]) if len(gaps) and gaps[-1] >= BACK_PX // 4 else 0
        before = gaps[gaps < rim]
        first = int(before[-1]) + 1 if len(before) else 0
        half = first + (rim - first) // 2
        if half - first < LEAST_FAR_PX:
            continue
        far = np.sort(lights[row, first:half])
        middle = far[len(far) // 2]
        if lights[row, rim - 1] > middle - DARK or far[-1 - len(far) // 10] - far[len(far) // 10] > STEADY:
            continue
        gap = seen[row, first:rim] - np.median(seen[row, first:half], axis=0)
        lightness = gap.mean(1)
        dark = lightness < -DARK
        count = len(dark) - 1 - int(np.flatnonzero(~dark)[-1]) if not dark.all() else len(dark)
        if not 2 <= count <= LONGEST * len(dark):
            continue
        if known[row, rim : rim + RIM_PX + count].mean() > MOST_KNOWN:
            continue
        gap, lightness = gap[-count:], lightness[-count:]
        even = np.ptp(gap, axis=1) < EVEN[0] - EVEN[1] * lightness
        if even.mean() < MOSTLY:
            continue
        # The last pixels before the hole may have colours of what is removed: of these the light counts alone.
        gap = np.minimum(np.where(even[:, None], gap, lightness[:, None]), 0)
        lengths[row], starts[row], deepest[row] = count, rim - count, -lightness.min()
        lacking[row, rim - count : rim] = gap
        lacking[row, rim : rim + RIM_PX] = gap[-2:].mean(0)
    kept = _together(lengths > 0, deepest, starts)
    if not kept.any():
        return None
    lacking[~kept] = 0
    return lacking, float(np.median(lengths[kept]))


def _together(found: NDArray[np.bool_], deepest: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the runs of rows that are not few, clearly dark, and begin side by side: an edge runs on slantwise."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], found.astype(np.int8), [0]))))
    kept = np.zeros_like(found)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        clear = CLEAR <= deepest[start:stop].mean() <= DEEPEST
        steep = np.ptp(starts[start:stop]) <= SLANT * (stop - start)
        near = start - NEAR_PX <= BESIDE_PX < stop + NEAR_PX
        whole = start > 0 and stop < len(found)  # what goes on farther aside would be cut off
        kept[start:stop] = whole and stop - start >= LEAST_ROWS and clear and steep and near
    return kept


def _spread(lacking: NDArray[np.float32], length: float, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `lacking` with what it says in the hole, where it fades (screened Laplace, by Jacobi's steps)."""
    import cv2

    told: NDArray[np.bool_] = np.asarray((lacking < 0).any(axis=2), bool)
    shaded: NDArray[np.bool_] = np.asarray(told.any(axis=1), bool)[:, None]
    near_rows = np.asarray(cv2.dilate(shaded.view(np.uint8), np.ones((2 * BEYOND_ROWS + 1, 1), np.uint8)), bool)
    # The rim is jagged: what is known right behind its first pixels lies in the same shadow.
    ends = np.where(shaded[:, 0], known.shape[1] - told[:, ::-1].argmax(axis=1), known.shape[1])[:, None]
    column = np.arange(known.shape[1])
    behind = (column >= ends) & (column < ends + length)
    known = told | (known & ~behind) | ~near_rows  # what lies aside of the shadow lacks nothing
    beside = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / np.float32(4 + (FADES * length) ** -2.0)
    whole = lacking.copy()
    if known.all():
        return whole
    rows, cols = np.nonzero(~known)
    part = np.s_[max(rows.min() - 1, 0) : rows.max() + 2, max(cols.min() - 1, 0) : cols.max() + 2]
    inner, free = whole[part], ~known[part][..., None]  # a view: what is written there is written in `whole`
    for _ in range(STEPS):  # few rows, so that few steps are enough
        near = cv2.filter2D(np.ascontiguousarray(inner), -1, beside, borderType=cv2.BORDER_REPLICATE)
        np.copyto(inner, near, where=free)
    return whole


def _laid_back(light: NDArray[np.float32], places: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return what was found at places in the picture, (h, w, 3): means of what falls on each pixel."""
    import cv2

    fine = [
        cv2.resize(np.asarray(x, np.float32), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR) for x in (light, places)
    ]
    rows, cols = np.rint(fine[1]).astype(np.int64).reshape(-1, 2).T
    inside = (rows >= 0) & (rows < size[0]) & (cols >= 0) & (cols < size[1])
    flat = rows[inside] * size[1] + cols[inside]
    count = np.maximum(np.bincount(flat, minlength=size[0] * size[1]), 1)
    values = fine[0].reshape(-1, 3)[inside]
    sums = [np.bincount(flat, values[:, k], minlength=size[0] * size[1]) / count for k in range(3)]
    return np.stack(sums, axis=1).reshape(size[0], size[1], 3).astype(np.float32)
