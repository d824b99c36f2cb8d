"""Mend the contour of a mask: specks, gaps, enclosed holes, stairs. Only the dropping of specks takes pixels away."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, distance_outside
from freefill.masks.parts import Part, box_around, by_size
from freefill.values import Hole

EVEN = 0.02  # standard deviation of the blur that makes a contour's smoothed course, as a share of the object's size
MEASURED_PX = 256.0  # object's size at which jaggedness is measured


def drop_specks(labels: NDArray[np.int32], parts: Sequence[Part], share: float) -> tuple[Hole, int]:
    """Leave out parts that are smaller than a share of the largest object's size.

    Parameters
    ----------
    labels : (H, W) int32, 0 = known
    parts : the parts of `labels`
    share : root of the area of a speck, as a share of the size of the largest part

    Returns
    -------
    hole : (H, W) bool
    dropped : how many parts were left out
    """
    largest = max((part.size_px for part in parts), default=0.0)
    specks = [part for part in parts if part.area_px**0.5 < share * largest]
    if not specks:
        return labels > 0, 0
    keep = np.ones(max(part.label for part in parts) + 1, bool)
    keep[0] = False
    keep[[part.label for part in specks]] = False
    return keep[labels], len(specks)


def close_gaps(labels: NDArray[np.int32], parts: Sequence[Part], share: float) -> Hole:
    """Close gaps and notches narrower than twice a share of the object's size (closing with a disc, part by part).

    A gap between two parts is closed when it is narrow for both: a small part beside a large one is judged by itself.

    Returns
    -------
    (H, W) bool, contains all that was labelled
    """
    hole = labels > 0
    closed = hole.copy()
    for size, group in by_size(parts):
        radius = share * size
        if radius < 1:
            continue
        margin = int(2 * radius) + 2
        around = box_around(group).grown(margin, hole.shape)
        boxes = [p.box.grown(margin, hole.shape) for p in group]
        if around.area <= sum(box.area for box in boxes):
            boxes = [around]
        for box in boxes:
            # All parts take part in the closing; smaller ones alone are closed with their own, smaller disc.
            wanted = np.zeros(max(p.label for p in parts) + 1, bool)
            wanted[[p.label for p in parts if p.size_px >= 0.8 * size]] = True
            inside = wanted[labels[box.slices]]
            reached = distance_outside(inside) <= radius
            # What the window's own border cut off is not judged: the outer ring of one radius is left as it is.
            core = tuple(
                slice(0 if low == 0 else int(radius) + 1, None if high == end else -int(radius) - 1)
                for low, high, end in ((box.top, box.bottom, hole.shape[0]), (box.left, box.right, hole.shape[1]))
            )
            closed[box.slices][core] |= (distance_inside(reached) > radius)[core]
    return closed


def fill_holes(hole: Hole, parts: Sequence[Part], share: float) -> Hole:
    """Fill enclosed known regions whose size (root of the area) is below a share of the object's that encloses them.

    A large enclosed region is background seen through the object, as between an arm and a hip: it stays known.

    Returns
    -------
    (H, W) bool, contains `hole`
    """
    filled = hole.copy()
    for part in parts:
        limit = (share * part.size_px) ** 2
        if part.area_px < 8 or limit < 1:
            continue
        box = part.box
        known = ~hole[box.slices]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            known.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
        )
        left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
        enclosed = (left > 0) & (top > 0) & (left + stats[:, cv2.CC_STAT_WIDTH] < box.width)
        enclosed &= (top + stats[:, cv2.CC_STAT_HEIGHT] < box.height) & (stats[:, cv2.CC_STAT_AREA] <= limit)
        enclosed[0] = False  # label 0 is what is masked
        if count > 1 and enclosed.any():
            filled[box.slices] |= enclosed[np.asarray(labels, np.int32)]
    return filled


def smooth(hole: Hole, parts: Sequence[Part], share: float, least_px: float = 0.0) -> Hole:
    """Round the contour: blur each part's surroundings by a share of its size, cut at one half, keep what was given.

    Parameters
    ----------
    hole : (H, W) bool
    parts : its parts
    share : standard deviation of the blur as a share of the part's size
    least_px : the least standard deviation, px; half a block for a mask that was enlarged

    Returns
    -------
    (H, W) bool, contains `hole`
    """
    rounded = hole.copy()
    for size, group in by_size(parts):
        # A tenth of the size at most: a wider blur would lose a small part.
        sigma = max(share * size, min(least_px, 0.1 * size))
        if sigma < 0.3:
            continue
        for part in group:
            box = part.box.grown(int(3 * sigma) + 1, hole.shape)
            rounded[box.slices] |= _blurred(hole[box.slices], sigma) > 0.5
    return rounded


def jaggedness(part: Hole, size_px: float) -> float:
    """Measure how far a contour strays from its own smoothed course, on average, as a share of the object's size.

    Annotated persons lie below 0.003, most below 0.002, whole or eroded; a contour with noise of 1.5 % of the size has
    0.006 to 0.008.

    Parameters
    ----------
    part : (h, w) bool, one part with nothing around it; beyond the border it is taken to go on
    size_px : the object's size

    Returns
    -------
    0 for a part too small to tell, or without a contour
    """
    scale = min(MEASURED_PX / size_px, 1.0)
    if scale < 1:
        size = (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1))
        part = cv2.resize(part.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 127
    sigma = EVEN * size_px * scale
    if sigma < 0.5 or part.all():
        return 0.0
    course = _blurred(part, sigma) > 0.5
    contours, _ = cv2.findContours(course.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(contour, True) for contour in contours)
    return float((part ^ course).sum() / max(length, 1.0) / (size_px * scale))


def evened(labels: NDArray[np.int32], parts: Sequence[Part], jags: float, stairs_px: float) -> NDArray[np.int32]:
    """Leave out what juts out of each part's smoothed contour: spikes of a jagged contour, corners of stairs.

    Thickening what is left does not carry the spikes on; the spikes themselves stay in the mask.

    Parameters
    ----------
    labels : (H, W) int32, 0 = known
    parts : the parts of `labels`
    jags : the jaggedness from which on a contour is smoothed, to the full at twice that; 0 = none is
    stairs_px : the least standard deviation of the blur, px; half a block for a mask that was enlarged, else 0

    Returns
    -------
    (H, W) int32; `labels` itself where nothing is left out
    """
    left = labels
    for part in parts:
        sigma = min(stairs_px, 0.1 * part.size_px)
        if jags and part.size_px >= 24:
            spiky = jaggedness(labels[part.box.slices] == part.label, part.size_px) / jags - 1
            sigma = max(sigma, EVEN * part.size_px * float(np.clip(spiky, 0, 1)))
        if sigma < 0.5:
            continue
        left = labels.copy() if left is labels else left
        box = part.box.grown(int(3 * sigma) + 1, labels.shape)
        inside = labels[box.slices] == part.label
        left[box.slices][inside & (_blurred(inside, sigma) <= 0.5)] = 0
    return left


def _blurred(hole: Hole, sigma: float) -> NDArray[np.float32]:
    """Blur; a wide blur is done at a reduced size, which changes nothing that can be seen."""
    step = max(int(sigma / 3), 1)
    grey = hole.astype(np.float32)
    if step == 1:
        return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
    height, width = hole.shape
    small = cv2.resize(grey, (max(width // step, 1), max(height // step, 1)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
