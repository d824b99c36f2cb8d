"""Thicken a mask in proportion to the size of each of its parts, with a round kernel.

A mask that others made ends a little inside of the object: at its hair, its soft rim, at the steps of a lower
resolution. A fixed disc covers that too, at the price of twice the object's own area where the object is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.parts import Part, box_around, by_size
from freefill.values import Hole


def thicken(
    labels: NDArray[np.int32],
    parts: Sequence[Part],
    radii_px: Mapping[int, float],
    share: NDArray[np.float32] | None = None,
) -> Hole:
    """Grow each part by its own radius.

    Parameters
    ----------
    labels : (H, W) int32, 0 = known
    parts : the parts of `labels`; what is labelled but not listed is kept and not grown
    radii_px : label to radius, px; below 1 nothing is added
    share : (H, W) float32, 0 to 2, by what the radius is multiplied at each pixel; None = 1

    Returns
    -------
    (H, W) bool, contains all that was labelled
    """
    grown = labels > 0
    for radius, group in by_size(parts, lambda part: radii_px[part.label]):
        if radius < 1:
            continue
        # Many small parts far apart: their own boxes are less work than the one around all.
        around = box_around(group).grown(int(2 * radius) + 1, labels.shape)
        boxes = [p.box.grown(int(2 * radius) + 1, labels.shape) for p in group]
        sets = [(around, group)] if around.area <= sum(b.area for b in boxes) else list(zip(boxes, group, strict=True))
        for box, chosen in sets:
            wanted = [p.label for p in chosen] if isinstance(chosen, list) else [chosen.label]
            window = labels[box.slices]
            inside = window == wanted[0] if len(wanted) == 1 else np.isin(window, wanted)
            bound = radius if share is None else radius * share[box.slices]
            grown[box.slices] |= distance_outside(inside) <= bound
    return grown


def block_px(hole: Hole) -> int:
    """Tell by what factor a mask was enlarged by nearest neighbour, from the steps of its contour.

    All columns and rows at which anything changes must lie on the grid of a mask of 1/2 to 1/8 of the size, at least 6
    of each: a few persons of a few blocks have no more, and a drawn box has two of each. For other factors the least
    distance between changes is taken, where there are at least 8 columns and 8 rows.

    Returns
    -------
    1 where it was not enlarged or cannot be told, else the whole part of the factor, at most 32
    """
    columns = np.flatnonzero((hole[:, 1:] != hole[:, :-1]).any(axis=0)) + 1
    rows = np.flatnonzero((hole[1:] != hole[:-1]).any(axis=1)) + 1
    if len(columns) < 6 or len(rows) < 6:
        return 1
    for factor in range(8, 1, -1):
        if _on_grid(rows, hole.shape[0], factor) and _on_grid(columns, hole.shape[1], factor):
            return factor
    if len(columns) < 8 or len(rows) < 8:
        return 1
    return int(np.clip(min(np.diff(columns).min(), np.diff(rows).min()), 1, 32))


def _on_grid(edges: NDArray[np.intp], length: int, factor: int) -> bool:
    """Tell whether all edges lie where those of a side reduced by a factor come to lie when it is enlarged again."""
    count = max(round(length / factor), 1)
    lines = np.arange(1, count) * (length / count)
    # Blocks are assigned by the pixels' centres (Pillow, exact OpenCV; where a line falls on a centre their roundings
    # differ) or by their first corners (OpenCV).
    by_centres = np.concatenate([np.ceil(lines - at) for at in (0.48, 0.52)])
    by_corners = np.ceil(lines - 1e-6)
    return any(bool(np.isin(edges, grid).all()) for grid in (by_centres, by_corners))


def edge_softness_px(lightness: NDArray[np.floating], part: Hole, reach_px: float) -> float:
    """Measure how wide the edge of an object is in the image: range of lightness over steepest slope along the contour.

    Parameters
    ----------
    lightness : (h, w) float32 in [0, 1]
    part : (h, w) bool
    reach_px : how far on both sides of the contour the edge is looked for

    Returns
    -------
    Width of the edge, px; 1 for a sharp one or where nothing can be measured
    """
    lightness = np.asarray(lightness, np.float32)
    contours, _ = cv2.findContours(part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return 1.0
    side = 2 * max(round(reach_px), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    contrast = cv2.dilate(lightness, disc) - cv2.erode(lightness, disc)
    # 32: Scharr's weights over two pixels.
    slope = np.hypot(cv2.Scharr(lightness, cv2.CV_32F, 1, 0), cv2.Scharr(lightness, cv2.CV_32F, 0, 1)) / 32
    steepest = cv2.dilate(slope, disc)
    points = np.concatenate([contour[:, 0] for contour in contours]).astype(np.int64)
    points = points[(points > 0).all(axis=1) & (points < np.array(part.shape[::-1]) - 1).all(axis=1)]
    height, slopes = contrast[points[:, 1], points[:, 0]], steepest[points[:, 1], points[:, 0]]
    clear = height > 0.15
    if clear.sum() < 8:
        return 1.0
    # Half of the ratio for a sharp step is 1: Scharr spreads a step over two pixels.
    return float(np.clip(np.median(height[clear] / np.maximum(slopes[clear], 1e-4)) / 2, 1.0, 2 * reach_px + 1))
