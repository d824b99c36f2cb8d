"""What lies left and right of an edge: its colours, whether the rim agrees, and what the hole gets of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import End, left_of
from freefill.layout.joining import Joined
from freefill.layout.sight import Sight, pixels

LEAST_STEP = 20.0  # Lab between the sides: only what is plain to see
CLEAN = 3.0  # times the spread of the colours on each side that the step must be
CLEAR_PX = 1.5  # from the edge: nearer, colours are of both sides
WIDE_PX = 8  # beside it
BACK_PX = 24  # along it
LEAST_PLACES = 32  # fewer say nothing of a side's colours
LIKE = 0.75  # of the step: what is farther from both sides is something else, and is not asked
FAR_SHARE = 0.6  # of the way: beyond, the rim must say so too
LEAST_MEAN, LEAST_FAR, LEAST_LIKE = 0.55, 0.35, 0.6
NEAR_SHARE = 0.35  # of the way: at this distance from it the rim counts a third
FARTHEST = 2.0  # times the way: beyond, the rim is not asked
RIM_PX = 4
BELIEVED = 0.1  # how far a side's colours are, right beside the line


class Sides(NamedTuple):
    """The colours to the left and to the right of an edge, Lab."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]

    def ask(self, colours: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return how much more colours (n, 3) are like the left than the right, -1 to 1, and which are like one."""
        left, right = (np.linalg.norm(colours - side, axis=1) for side in self)
        step = float(np.linalg.norm(self.left - self.right))
        return np.clip((right - left) / step, -1, 1), np.minimum(left, right) < LIKE * step


def sides_of(end: End, sight: Sight) -> Sides | None:
    """Return the colours beside an end; None where too little is known, or they do not differ plainly."""
    back = np.arange(1, min(end.length, BACK_PX) + 0.5)
    found, spread = [], 0.0
    for side in (1, -1):
        aside = np.arange(CLEAR_PX, WIDE_PX + 0.5) * side
        places = end.place - back[:, None, None] * end.heading + aside[None, :, None] * left_of(end.heading)
        (rows, cols), inside = pixels(places, sight)
        inside &= ~sight.hole[rows, cols]
        if np.count_nonzero(inside) < LEAST_PLACES:
            return None
        seen = sight.lab[rows[inside], cols[inside]].astype(np.float64)
        found.append(np.median(seen, axis=0))
        spread += float(seen.var(axis=0).sum()) / 2
    step = float(np.linalg.norm(found[0] - found[1]))
    return Sides(*found) if step >= max(LEAST_STEP, CLEAN * np.sqrt(spread)) else None


def parted(end: End, gap: float, sides: Sides, sight: Sight, smooth: NDArray[np.float32]) -> float:
    """Return how surely the rim is parted by the straight way on from an end, 0 to 1; what lies near it counts more.

    Parameters
    ----------
    gap : length of the way, px
    smooth : (h, w, 3) Lab without noise
    """
    rows, cols = _rim(sight)
    along, aside = _seen_from(end, rows, cols)
    votes, like = sides.ask(smooth[rows, cols])
    weight = np.exp(-np.abs(aside) / (NEAR_SHARE * gap + RIM_PX))
    sure = 1.0
    for side in (1, -1):
        beside = (side * aside > CLEAR_PX) & (side * aside < FARTHEST * gap) & (along > 0) & (along < gap + RIM_PX)
        if not beside.any():  # a short way across a wide hole: nothing is near enough to be asked
            sure = min(sure, LEAST_MEAN)
            continue
        for first, least in ((0.0, LEAST_MEAN), (FAR_SHARE * gap, LEAST_FAR)):
            asked = beside & (along >= first)
            heavy = weight * (asked & like)
            mean = float((side * votes * heavy).sum() / max(heavy.sum(), 1e-9))
            if mean < least or heavy.sum() < LEAST_LIKE * weight[asked].sum():
                return 0.0
            sure = min(sure, mean) if first == 0 else sure
    return sure


def lay_sides(lines: Sequence[Joined], sight: Sight, lab: NDArray[np.float32], confidence: NDArray[np.float32]) -> None:
    """Write into `lab` and `confidence`, where they are less sure, what the rim on each side of carried on lines shows.

    `lines` are those carried on straight. So no sky is copied below a roof's edge, however well it would fit there.
    """
    import cv2

    for line in lines:
        sides = sides_of(line.one, sight)
        if sides is None:
            continue
        gap = float(np.hypot(*(line.other.place - line.one.place)))
        rim, inner = _rim(sight), np.nonzero(sight.hole)
        along, aside = _seen_from(line.one, *rim)
        votes, like = sides.ask(sight.lab[rim])
        inner_along, inner_aside = _seen_from(line.one, *inner)
        for side in (1, -1):
            mine = like & (side * votes > 0) & (side * aside > CLEAR_PX) & (along > -RIM_PX) & (along < gap + RIM_PX)
            beside = (side * inner_aside > CLEAR_PX) & (inner_along > 0) & (inner_along < gap)
            shown = np.zeros((*sight.size, 4), np.float32)
            rows, cols = rim[0][mine], rim[1][mine]
            shown[rows, cols, :3], shown[rows, cols, 3] = sight.lab[rows, cols], 1
            shown = cv2.GaussianBlur(shown, (0, 0), gap / 4)
            rows, cols = inner[0][beside], inner[1][beside]
            sure = BELIEVED * line.confidence * np.exp(-np.abs(inner_aside[beside]) / gap)
            better = (confidence[rows, cols] < sure) & (shown[rows, cols, 3] > 1e-6)
            rows, cols = rows[better], cols[better]
            lab[rows, cols] = shown[rows, cols, :3] / shown[rows, cols, 3:]
            confidence[rows, cols] = sure[better]


def _rim(sight: Sight) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the known pixels next to the hole."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM_PX + 1, 2 * RIM_PX + 1))
    rows, cols = np.nonzero((cv2.dilate(sight.hole.astype(np.uint8), disc) > 0) & ~sight.hole)
    return rows, cols


def _seen_from(
    end: End, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far pixels lie along the heading of an end, and how far to its left."""
    at = np.stack((rows, cols), 1) - end.place
    return at @ end.heading, at @ left_of(end.heading)
