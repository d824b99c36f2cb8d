"""Smooth ground is copied in swaths: large pieces, each moved as a whole.

The search copies smooth ground in crumbs, for hardly anything tells its places apart. What is wider than a crumb and
finer than the light of the hole is lost then (streaks of a lawn, joints of a pavement, stains of concrete), and the
fill looks too even among its surroundings, or scratched. A swath brings it along, and its grain hangs together. It
comes from ground of the same grain and tone, from the side rather than from above or below, where the rim looks as it
does here. Nothing is copied twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.compiled import kernel
from freefill.synthesis.pyramid import push_pull

WIDE_PX = 10.0  # what is coarser than this is the light of the hole, and no swath's
SHOWN = 1.1 / 255  # of the rim's light in that band, median: where less is seen, as in a clear sky, crumbs do as well
LEAST_GRAIN = 0.5 / 255  # of full scale, added before the logarithm
GRAIN = 0.35  # logarithm by which grain may differ: places are alike where the squares of all shares add up to under 1
TONE = 25.0 / 255  # the same for each colour
UNLIKE = 4.0  # sum of squares above which a place is of another kind, whatever lies around it
ALIKE = -0.5  # least mean of 1 - sum of squares around a place
AROUND_PX = 9
FAR = 0.5  # of the longer side: from so far nothing comes, nor from half as far above or below
RING_PX = 6  # the rim that is looked at
RIM = 0.6  # of a swath's worth is lost where the rim shows nothing of what it brings
RIM_SEEN = 0.3  # of the rim must be known where a swath comes from, or it counts as unlike
STEP_PX = 2  # between shifts that are asked first, and between the places that are asked
ROUGHLY = 3  # times that between places, until few shifts are left
FEW = 1000
LEAST = 0.06  # of a region: a smaller piece is none
LEAST_PX = 150
THIN_PX = 5  # nor is one that is thinner
MOST = 6  # of a region


class Swaths(NamedTuple):
    """Pieces that are copied as a whole.

    Attributes
    ----------
    number : (h, w) int32, which swath lies here; 0 = none
    shifts : (n, 2) int64, rows and columns from a place to what it copies; the first, of number 0, is (0, 0)
    band : (h, w, 3) float32, what of the copied light is finer than `WIDE_PX`; 0 where none lies
    """

    number: NDArray[np.int32]
    shifts: NDArray[np.int64]
    band: NDArray[np.float32]


class _Places(NamedTuple):
    """What is known of each place: whether it may be copied, and is smooth; its kind, that expected, and its band."""

    usable: NDArray[np.bool_]
    smooth: NDArray[np.bool_]
    kind: NDArray[np.float32]
    expected: NDArray[np.float32]
    tone: NDArray[np.float32]


def swaths(
    light: NDArray[np.float32],
    grain: NDArray[np.float32],
    smooth: NDArray[np.bool_],
    usable: NDArray[np.bool_],
    region: NDArray[np.bool_],
    copies: NDArray[np.float32],
) -> Swaths:
    """Lay swaths over the smooth regions of a hole.

    Parameters
    ----------
    light, grain : (h, w, 3) and (h, w) float32, of full scale; read where `smooth`
    smooth : (h, w) bool, known ground without structure
    usable : (h, w) bool, what may be copied
    region : (h, w) bool, the smooth part of the hole
    copies : (h, w, 3) float32, the light of what the search copied in the hole, and of what is known elsewhere: it says
        which of two grounds lies where
    """
    import cv2

    number, shifts, bands = np.zeros(region.shape, np.int32), [(0, 0)], np.zeros_like(light)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=4)
    large = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= LEAST_PX]
    if large:
        wide = _mean(light, smooth)
        band = np.where(smooth[..., None], light - wide, 0).astype(np.float32)
        grained = np.log(np.where(smooth, grain, 0) + LEAST_GRAIN)[..., None].astype(np.float32) / np.float32(GRAIN)
        kind = np.concatenate((grained, wide / np.float32(TONE)), axis=2)
        expected = np.concatenate((push_pull(grained, smooth), _mean(copies, region | smooth) / TONE), axis=2)
        places = _Places(smooth & usable, smooth, kind, expected.astype(np.float32), band.mean(axis=2))
        for label in large:
            todo = np.asarray(labels == label)
            least = max(LEAST * np.count_nonzero(todo), LEAST_PX)
            if not _shows(todo, places):
                continue
            for _ in range(MOST):
                shift = _best_shift(todo, places)
                piece = _piece(todo, shift, places)
                if np.count_nonzero(piece) < least:
                    break
                number[piece] = len(shifts)
                rows, cols = np.nonzero(piece)
                from_where = rows + shift[0], cols + shift[1]
                bands[piece] = band[from_where]
                places.usable[from_where] = False
                shifts.append(shift)
                todo &= ~piece
    return Swaths(number, np.array(shifts, np.int64), bands)


def wholly(mask: NDArray[np.bool_], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the small pixels that lie in a mask with all they cover."""
    import cv2

    return cv2.resize(mask.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA) > 0.999


def moved_by(
    copied: NDArray[np.int32], holes: NDArray[np.int32], shifts: NDArray[np.int32], source: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return where each hole pixel is copied from: a shift away, where that is not 0 and may be copied."""
    moved = holes + shifts
    fits = np.asarray(shifts.any(axis=1) & ((moved >= 0) & (moved < source.shape)).all(axis=1))
    fits[fits] = source[moved[fits, 0], moved[fits, 1]]
    return np.where(fits[:, None], moved, copied).astype(np.int32)


def _mean(values: NDArray[np.float32], there: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return wide means over what is `there`, (h, w, 3)."""
    import cv2

    weight = there.astype(np.float32)
    total = np.asarray(cv2.GaussianBlur(values * weight[..., None], (0, 0), WIDE_PX))
    share = np.maximum(np.asarray(cv2.GaussianBlur(weight, (0, 0), WIDE_PX)), 1e-6)
    return (total / share[..., None]).astype(np.float32)


def _rim(todo: NDArray[np.bool_], smooth: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the smooth known places near, (n, 2)."""
    import cv2

    ring = cv2.dilate(todo.astype(np.uint8), np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8)) > 0
    return np.ascontiguousarray(np.argwhere(ring & smooth), np.int32)


def _shows(todo: NDArray[np.bool_], places: _Places) -> bool:
    """Tell whether the ground around shows anything that a swath would bring."""
    rows, cols = _rim(todo, places.smooth).T
    return len(rows) > 0 and float(np.median(np.abs(places.tone[rows, cols]))) > SHOWN


def _best_shift(todo: NDArray[np.bool_], places: _Places) -> tuple[int, int]:
    """Return the shift whose piece is worth most."""
    rim = _rim(todo, places.smooth)
    spread = 2 * float(np.mean(places.tone[rim[:, 0], rim[:, 1]] ** 2)) if len(rim) else 0.0
    spread = np.float32(max(spread, 2 * LEAST_GRAIN**2))
    reach = FAR * max(todo.shape)

    def worth(shifts: NDArray[np.int64], step: int, rim: NDArray[np.int32]) -> NDArray[np.float32]:
        asked = np.ascontiguousarray(np.argwhere(todo[::step, ::step]) * step, np.int32)
        found = np.zeros(len(shifts), np.float32)
        weigh(shifts, asked, rim, *places, spread, found)
        away = np.hypot(2 * shifts[:, 0], shifts[:, 1]) / reach
        return (found * np.maximum(1 - away**2, 0)).astype(np.float32)

    down, across = int(reach / 2), int(reach)
    shifts = _pairs(np.arange(-down, down + 1, STEP_PX), np.arange(-across, across + 1, STEP_PX))
    roughly = worth(shifts, ROUGHLY * STEP_PX, rim[:0])
    shifts = shifts[np.argsort(-roughly, kind="stable")[:FEW]]
    best = shifts[int(np.argmax(worth(shifts, STEP_PX, rim)))]
    near = np.arange(1 - STEP_PX, STEP_PX)
    shifts = _pairs(best[0] + near, best[1] + near)
    best = shifts[int(np.argmax(worth(shifts, STEP_PX, rim)))]
    return int(best[0]), int(best[1])


def _pairs(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row with each column, (n, 2)."""
    return np.stack([way.ravel() for way in np.meshgrid(rows, cols, indexing="ij")], axis=1)


def _piece(todo: NDArray[np.bool_], shift: tuple[int, int], places: _Places) -> NDArray[np.bool_]:
    """Return where what lies a shift away may be copied, and is of the kind expected: whole pieces, without threads."""
    import cv2

    at = np.argwhere(todo)
    inside = ((at + shift >= 0) & (at + shift < todo.shape)).all(axis=1)
    rows, cols = at[inside].T
    from_where = rows + shift[0], cols + shift[1]
    apart = np.square(places.kind[from_where] - places.expected[rows, cols]).sum(axis=1)
    good = (places.usable[from_where] & (apart < UNLIKE)).astype(np.float32)
    fit, there = np.zeros(todo.shape, np.float32), np.zeros(todo.shape, np.float32)
    fit[rows, cols], there[rows, cols] = good * np.maximum(1 - apart, -1), good
    around, count = (np.asarray(cv2.boxFilter(values, -1, (AROUND_PX, AROUND_PX))) for values in (fit, there))
    piece = (there > 0) & (around > ALIKE * count)
    return cv2.morphologyEx(piece.astype(np.uint8), cv2.MORPH_OPEN, np.ones((THIN_PX, THIN_PX), np.uint8)) > 0


@kernel
def weigh(shifts, asked, rim, usable, smooth, kind, expected, tone, spread, worth):
    """Write what each shift (n, 2) is worth: how many of the places asked it serves and how well, less by the rim."""
    height, width = usable.shape
    for n in range(shifts.shape[0]):
        down, across = shifts[n, 0], shifts[n, 1]
        total = np.float32(0)
        for m in range(asked.shape[0]):
            row, col = asked[m, 0], asked[m, 1]
            y, x = row + down, col + across
            if y < 0 or y >= height or x < 0 or x >= width or not usable[y, x]:
                continue
            apart = np.float32(0)
            for k in range(kind.shape[2]):
                difference = kind[y, x, k] - expected[row, col, k]
                apart += difference * difference
            total += max(np.float32(0), 1 - apart)
        if total == 0:
            continue
        seen = 0
        unlike = np.float32(0)
        for m in range(rim.shape[0]):
            row, col = rim[m, 0], rim[m, 1]
            y, x = row + down, col + across
            if y >= 0 and y < height and x >= 0 and x < width and smooth[y, x]:
                difference = tone[row, col] - tone[y, x]
                unlike += difference * difference
                seen += 1
        share = np.float32(1)
        if seen > 0 and seen >= RIM_SEEN * rim.shape[0]:
            share = min(share, unlike / (seen * spread))
        worth[n] = total * (1 - np.float32(RIM) * share)
