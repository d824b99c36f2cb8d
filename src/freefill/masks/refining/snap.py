"""Move the contour of a mask outward to the object's real edge in the image.

From each point of the contour the image is sampled along the normal. What lies just inside gives the object's colour
there, what lies beyond the reach gives the background's; the contour moves to where the one gives way to the other.
Costs are averaged along the contour, so one odd sample moves nothing, and a point moves by the reach at most: the mask
cannot leak. Where object and background have the same colour there is no evidence and nothing moves.

GrabCut in a band of the same width was tried first: its colour models know no place, and it leaked along the ground
(decision 0031).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.values import Hole

# The close-up's object size, px: one px is then below 1 % of the object, finer than the annotations it was tuned on.
CLOSEUP_SIZE_PX = 120.0


@dataclass(frozen=True, eq=False)
class Snapped:
    """What snapping found in a close-up.

    Attributes
    ----------
    added : (h, w) bool
    bound_share : share of the contour that was stopped by the reach
    short : how far the contour moved, on average, as a share of the reach, 0 to 1: how far the mask falls short
    settled : (h, w) float32 in [0, 1], how sure it is that the background begins right at the nearest of the contour
    """

    added: Hole
    bound_share: float
    short: float
    settled: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Field:
    """Normals and distances of a close-up, for sampling."""

    rows: NDArray[np.float32]  # outward normal
    cols: NDArray[np.float32]
    outside: NDArray[np.float32]  # distance to the part, px
    lab: NDArray[np.float32]
    others: NDArray[np.float32]


def snap(view: Closeup, reach: float = 0.08, prior: float = 0.3, along: float = 0.03) -> Snapped:
    """Find what to add to a part so that it ends at the object's edge.

    Parameters
    ----------
    view : the part seen close
    reach : how far the contour may move, as a share of the object's size
    prior : evidence asked for each step outward; 0 believes any, 1 none
    along : how far evidence is averaged along the contour, as a share of the object's size
    """
    nothing = Snapped(np.zeros(view.part.shape, bool), 0.0, 0.0, np.zeros(view.part.shape, np.float32))
    reach_px, along_px = reach * view.size_px, along * view.size_px
    if reach_px < 0.75 or not view.part.any() or view.part.all():
        return nothing
    field = _field(view)
    step = max(reach_px / 8, 0.5)
    offsets = np.arange(-np.ceil(0.06 * view.size_px / step), np.ceil(2 * reach_px / step) + 1) * step
    contours, _ = cv2.findContours(view.part.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(view.part.shape, np.uint8)
    sure = np.zeros((2, *view.part.shape), np.float32)
    stopped = total = 0
    moved_px = 0.0
    for contour in contours:
        points = np.asarray(contour[:, 0], np.int32)
        if len(points) < 8:
            continue
        moves, bound, ground = _moves(field, points, offsets, reach_px, prior, along_px)
        sure[0][points[:, 1], points[:, 0]] += ground
        sure[1][points[:, 1], points[:, 0]] += 1
        stopped += int(bound.sum())
        moved_px += float(moves.sum())
        total += len(points)
        for (x, y), move in zip(points.tolist(), moves.tolist(), strict=True):
            if move >= 0.75:
                cv2.circle(canvas, (x, y), 0 if move < 1 else round(move), 1, -1)
    added = (canvas > 0) & ~view.part & ~view.others
    near = [cv2.GaussianBlur(np.ascontiguousarray(layer), (0, 0), max(reach_px / 2, 1.0)) for layer in sure]
    settled = _carried(np.asarray(near[0] / np.maximum(near[1], 1e-6), np.float32), sure[1] > 0)
    return Snapped(added, stopped / max(total, 1), moved_px / (max(total, 1) * reach_px), settled)


def _carried(values: NDArray[np.float32], contour: Hole) -> NDArray[np.float32]:
    """Give each pixel the value of the nearest one of the contour: what is grown by it then has no cracks."""
    if not contour.any():
        return np.zeros_like(values)
    known = (~contour).view(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(known, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.asarray(labels, np.int32)
    of_label = np.zeros(int(nearest.max()) + 1, np.float32)
    of_label[nearest[contour]] = values[contour]
    return of_label[nearest]


def _field(view: Closeup) -> _Field:
    """Prepare normals and colours."""
    outside = distance_outside(view.part)
    signed = np.asarray(outside - distance_inside(view.part), np.float32)
    blurred = cv2.GaussianBlur(signed, (0, 0), max(0.02 * view.size_px, 1.0))
    rows, cols = cv2.Scharr(blurred, cv2.CV_32F, 0, 1), cv2.Scharr(blurred, cv2.CV_32F, 1, 0)
    length = np.hypot(rows, cols) + 1e-6
    # Lightness counts a little less than colour: folds and soft shades change it within one object.
    lab = cv2.GaussianBlur(view.lab, (0, 0), 0.6) * np.array([0.8, 1, 1], np.float32)
    rows, cols = np.asarray(rows / length, np.float32), np.asarray(cols / length, np.float32)
    return _Field(rows, cols, outside, np.asarray(lab, np.float32), view.others.astype(np.float32))


def _moves(
    field: _Field,
    points: NDArray[np.int32],
    offsets: NDArray[np.float64],
    reach_px: float,
    prior: float,
    along_px: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Return how far each contour point moves, px, which are stopped by the reach, and how sure the ground is there."""
    x, y = points[:, 0], points[:, 1]
    at_x = (x[:, None] + field.cols[y, x][:, None] * offsets).astype(np.float32)
    at_y = (y[:, None] + field.rows[y, x][:, None] * offsets).astype(np.float32)

    def sample(array: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.remap(array, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)

    colours, outside = sample(field.lab), sample(field.outside)  # (n, k, 3), (n, k)
    far = (offsets > reach_px) & (outside > 0.7 * reach_px) & (sample(field.others) < 0.3)
    near = np.broadcast_to(offsets < 0, outside.shape) & (outside <= 0.5)
    thing, thing_count = _mean(colours, near)
    ground, ground_count = _mean(colours, far)
    band = np.flatnonzero((offsets > 0) & (offsets <= reach_px + 1e-6))
    to_thing = ((colours[:, band] - thing[:, None]) ** 2).sum(-1)
    to_ground = ((colours[:, band] - ground[:, None]) ** 2).sum(-1)
    evidence = (to_thing - to_ground) / (to_thing + to_ground + 25)  # -1 object, 1 background; 25: 5 levels are noise
    # 64: 8 levels apart, or the colours tell nothing.
    clear = (thing_count > 0) & (ground_count > 1) & (((thing - ground) ** 2).sum(-1) > 64)
    evidence[~clear] = 0
    cost = np.cumsum(np.pad(evidence + prior, ((0, 0), (1, 0)), constant_values=0), axis=1)  # (n, k + 1)
    smoothed = _along(cost, along_px)
    best = smoothed.argmin(axis=1)
    # From where the contour ends up, the first third of the reach beyond it: background (1) or not to be told (0).
    rows, first = np.arange(len(points))[:, None], best[:, None] + np.arange(max(len(band) // 3, 1))
    ahead = np.pad(evidence, ((0, 0), (0, len(band))), mode="edge")[rows, first].mean(axis=1)
    settled = _along(np.clip(ahead, 0, 1)[:, None], along_px)[:, 0]
    moves = np.where(best > 0, offsets[band][np.maximum(best - 1, 0)], 0.0)
    return _along(moves[:, None], along_px)[:, 0], best == len(band), settled


def _mean(colours: NDArray[np.float32], chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Average the chosen samples of each contour point; (n, 3) and how many they were."""
    count = chosen.sum(axis=1)
    return (colours * chosen[..., None]).sum(axis=1) / np.maximum(count, 1)[:, None], count


def _along(values: NDArray[np.floating], sigma_px: float) -> NDArray[np.float64]:
    """Blur (n, k) values along a closed contour of n points."""
    if sigma_px <= 0.3:
        return values.astype(np.float64)
    reach = min(int(3 * sigma_px) + 1, len(values) // 2)
    ring = np.concatenate([values[-reach:], values, values[:reach]]).astype(np.float64)
    blurred = cv2.GaussianBlur(ring, (1, 2 * reach + 1), sigmaX=0.01, sigmaY=sigma_px)
    return np.asarray(blurred, np.float64).reshape(ring.shape)[reach : reach + len(values)]
