"""Find what hangs on a mask and lies on plain ground: a ski pole on snow, a bat on grass, a dog's ear before a floor.

Ends (ends.py) are told by the colour that they have inside the mask too. A pole has none there: the hand that holds it
is masked, it is not. On plain ground, though, whatever differs from the ground stands out. A small piece that differs,
touches the mask with a narrow end and stops within the view is taken, unless it is a line that passes behind or goes
on. Where that is wrong it costs little: plain ground is filled well. On textured ground nothing is asked. Decisions
0091 and 0099 have the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.values import Hole

CLOSEUP_SIZE_PX = 160.0
CLOSEUP_BOX_PX = 640
ROUNDS = 3  # in each the ground is measured without what differed from it in the last
STRAIGHT, IN_LINE = 3.0, 0.6  # length over width of a straight piece; how much of the line beyond must differ too
LEAST_SIZE_PX, LEAST_PIECE_PX, LEAST_CLEAR_PX = 24, 6, 12
# Beyond its end, for its own length and at least so far, at most this share of the line may differ by half as much.
FADES, LEAST_LINE_PX = 0.6, 12
CLOSER = 0.35  # of the object's size: what is found at that size, too, is an umbrella's tip or the end of a stick


@dataclass(frozen=True)
class ProtrusionLimits:
    """What counts as a protrusion. Lengths are shares of the object's size, areas of its square.

    Attributes
    ----------
    window : the side of the square over which the ground is measured
    plain, clean : CIELAB, the most that plain ground varies within a window, and the least share of the window that is
        such ground
    differs, times : CIELAB, a piece differs from the ground's mean by this, and by so many times what the ground varies
    surrounded : the least share of what is around a piece that must be plain ground
    most : the largest area of a piece
    nearest : a piece reaches at least so far from the contour
    slender : ... and at least by this share of the length of its contact with the contour
    clear, blunt : ... of which this is enough where a piece differs by so many times what it must
    least, longest : the side of the square of a piece's least area, and the longest side of its box
    again : a straight piece that comes out of the mask again in line, for so long, passes behind it
    """

    window: float = 0.35
    plain: float = 9.0
    clean: float = 0.5
    differs: float = 12.0
    times: float = 2.5
    surrounded: float = 0.7
    most: float = 0.07
    nearest: float = 0.04
    slender: float = 0.5
    clear: float = 1.7
    blunt: float = 0.12
    least: float = 0.0
    longest: float = 4.0
    again: float = 0.08


SMALL = ProtrusionLimits(least=0.04, longest=0.4)
"""Of what is looked for closer: there a wall's joint and a rail are long."""


def find_protrusions(view: Closeup, limits: ProtrusionLimits = ProtrusionLimits()) -> Hole:
    """Return what hangs on a part and lies on plain ground, (h, w) bool.

    Parameters
    ----------
    view : the part seen close, thickened; a piece that reaches the view's border goes on, and is left
    limits : what counts
    """
    shape = view.part.shape
    masked = view.part | view.others
    if view.size_px < LEAST_SIZE_PX or min(shape) < 8 or masked.all() or not view.part.any():
        return np.zeros(shape, bool)
    away, varies, clean = _ground(view.lab, ~masked, int(limits.window * view.size_px) | 1)
    plain = (varies < limits.plain) & (clean > limits.clean) & ~masked
    must = np.maximum(limits.differs, limits.times * varies)
    differs = (away > must) & ~masked
    _, *answer, _ = cv2.connectedComponentsWithStats(differs.view(np.uint8), connectivity=8)
    labels, stats = (np.asarray(each, np.intp) for each in answer)
    count, size = len(stats), view.size_px
    outside_px = distance_outside(view.part)
    contact = np.bincount(labels[(outside_px > 0) & (outside_px <= 1.5)], minlength=count)  # 1.5: the eight neighbours
    farthest = np.zeros(count, np.float32)  # as what is compared: of two kinds of numbers it takes forty times as long
    np.maximum.at(farthest, labels.ravel(), outside_px.ravel())
    start, side, area = stats[:, :2], stats[:, 2:4], stats[:, cv2.CC_STAT_AREA]
    clear = (np.bincount(labels.ravel(), (away / must).ravel(), count) >= limits.clear * area) & (
        area >= LEAST_CLEAR_PX
    )
    hangs = (
        (contact > 0)
        & (start > 0).all(axis=1)
        & (start + side < shape[::-1]).all(axis=1)
        & (area >= max(LEAST_PIECE_PX, (limits.least * size) ** 2))
        & (area <= limits.most * size**2)
        & (farthest >= limits.nearest * size)
        & (farthest >= np.where(clear, limits.blunt, limits.slender) * contact)
        & (side.max(axis=1) <= limits.longest * size)
    )
    hangs[0] = False
    # Wider: a short piece tells its direction only roughly.
    wide = cv2.dilate(differs.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    faintly = away > 0.5 * must
    for number in np.flatnonzero(hangs):
        around = _surrounded(labels, int(number), stats[number], plain, masked)
        points = np.argwhere(labels == number).astype(np.float64)
        hangs[number] = (
            around >= limits.surrounded
            and not _goes_on_behind(points, wide, masked, limits.again * size)
            and not _goes_on_beyond(points, outside_px, faintly)
        )
    return hangs[labels]


def _ground(
    lab: NDArray[np.float32], known: Hole, side: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Measure the ground in a window around each pixel, without what differs from it.

    Returns
    -------
    away : how far each pixel is from the ground's mean, CIELAB
    varies : the standard deviation of the ground
    clean : which share of what is known in the window is such ground
    """

    def total(of: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.boxFilter(of, -1, (side, side), normalize=False), np.float32)

    # Channel by channel: numpy sums over a last axis of three ten times as slowly.
    channels = [np.ascontiguousarray(lab[..., c]) for c in range(3)]
    squared = _of_squares(channels)
    counted = known.astype(np.float32)
    of_known = total(counted) + np.float32(1e-3)
    away: NDArray[np.float32] = np.zeros(known.shape, np.float32)
    varies = clean = away
    for number in range(ROUNDS):
        if number:
            counted = (known & (away < np.maximum(2 * varies, 6))).astype(np.float32)
        count = total(counted) + np.float32(1e-3)
        means = [(total(channel * counted) / count).astype(np.float32, copy=False) for channel in channels]
        apart = _of_squares(
            [np.subtract(channel, mean, dtype=np.float32) for channel, mean in zip(channels, means, strict=True)]
        )
        away = np.sqrt(apart).astype(np.float32, copy=False)
        variance = total(squared * counted) / count - _of_squares(means)
        varies = np.sqrt(np.maximum(variance, 0)).astype(np.float32, copy=False)
        clean = (count / of_known).astype(np.float32, copy=False)
    return away, varies, clean


def _of_squares(channels: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the sum of the squares of three channels, (h, w)."""
    one, two, three = channels
    return (one * one + two * two + three * three).astype(np.float32, copy=False)


def _surrounded(labels: NDArray[Any], number: int, stats: NDArray[Any], plain: Hole, masked: Hole) -> float:
    """Return the share of a ring around a piece, 2 px away, that is plain ground."""
    left, top, width, height = stats[:4]
    here = (slice(max(top - 3, 0), top + height + 3), slice(max(left - 3, 0), left + width + 3))
    piece = (labels[here] == number).view(np.uint8)
    near, far = (cv2.dilate(piece, np.ones((side, side), np.uint8)) > 0 for side in (3, 5))
    ring = far & ~near & ~masked[here]
    return float(plain[here][ring].mean()) if ring.any() else 0.0


def _goes_on_beyond(points: NDArray[np.float64], outside_px: NDArray[np.float32], differs: Hole) -> bool:
    """Tell whether a piece, (n, 2) rows and columns, goes on beyond its end, fainter, or into another part of the mask.

    Parameters
    ----------
    outside_px : (h, w) how far each pixel is from the mask
    differs : (h, w) what differs from the ground, if only by little
    """
    middle = points.mean(axis=0)
    direction = np.linalg.eigh(np.cov((points - middle).T))[1][:, 1]
    along = (points - middle) @ direction
    rows, cols = points.astype(int).T
    if (along * outside_px[rows, cols]).sum() < 0:  # the mean of `along` is 0: away from the mask is where this grows
        direction, along = -direction, -along
    length = max(int(np.ptp(along)) + 1, LEAST_LINE_PX)
    end = middle + direction * along.max()
    at = np.rint(end + np.arange(2, 2 + length)[:, None] * direction).astype(int)  # 2: its own soft end
    at = at[((at >= 0) & (at < outside_px.shape)).all(axis=1)]
    return bool(len(at)) and float(differs[at[:, 0], at[:, 1]].mean()) > FADES


def _goes_on_behind(points: NDArray[np.float64], differs: Hole, masked: Hole, length_px: float) -> bool:
    """Tell whether a straight piece, (n, 2) rows and columns, comes out on the mask's other side, as a kerb does."""
    middle = points.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov((points - middle).T))
    if spread[1] < STRAIGHT**2 * max(spread[0], 0.25):  # 0.25: a line a pixel wide
        return False
    steps = np.arange(sum(masked.shape))
    for direction in (axes[:, 1], -axes[:, 1]):
        at = np.rint(middle + steps[:, None] * direction).astype(int)
        at = at[((at >= 0) & (at < masked.shape)).all(axis=1)]
        hidden = masked[at[:, 0], at[:, 1]]
        into = int(hidden.argmax())
        out = into + int((~hidden[into:]).argmax())
        if not hidden.any() or out == into:
            continue
        beyond = at[out + 2 : out + 2 + max(int(length_px), 6)]  # 2: the mask's rim
        if len(beyond) and differs[beyond[:, 0], beyond[:, 1]].mean() >= IN_LINE:
            return True
    return False
