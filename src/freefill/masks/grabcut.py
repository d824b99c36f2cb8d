"""Cut out what the user marks with a box, strokes or points: GrabCut at a working size, then the edge at full size.

References
----------
Rother, Kolmogorov, Blake, "GrabCut", SIGGRAPH 2004 (OpenCV's implementation). He, Sun, Tang, "Guided Image Filtering",
ECCV 2010, lays the small mask along the edges of the large picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.errors import InputError
from freefill.masks.draw import Point, disc_mask
from freefill.masks.parts import spans
from freefill.values import Box, Hole, Image

WORK_PX = 480  # longer side at which GrabCut runs: 0.2 s; larger changes the outline by less than the filter does
COLLAPSED = 0.05  # of the first guess: where colours tell nothing, GrabCut gives all up; the guess is better then
FILLS = 0.5  # of a box's height and width: a prior that spans less has seen another thing; boxes may be loose
MARGIN = 0.25  # of the box, on each side: what GrabCut learns the background from


@dataclass(frozen=True, eq=False)
class Marks:
    """What the user says about the thing.

    Attributes
    ----------
    box : the thing lies inside
    points, not_points : (row, col) on the thing, and beside it
    strokes, not_strokes : (H, W) bool, pixels of the thing, and pixels that are not
    """

    box: Box | None = None
    points: tuple[Point, ...] = ()
    not_points: tuple[Point, ...] = ()
    strokes: Hole | None = None
    not_strokes: Hole | None = None


def cut_out(
    image: Image, marks: Marks, *, prior: NDArray[np.float32] | None = None, rounds: int = 5, point_px: float = 0.0
) -> Hole:
    """Return the marked thing.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    marks : a box, or something on the thing, is needed
    prior : (H, W) float32 in [0, 1], how much each pixel stands out, from a network; None = the marks alone. It is
        heeded where it spans the box given: alone with the box it is the answer, with more marks it starts GrabCut
    rounds : of GrabCut
    point_px : radius of the disc that a point stands for; 0 = 1.5 % of the picture's shorter side

    Returns
    -------
    (H, W) bool, within the box; all that is marked is inside, nothing that is marked against

    Raises
    ------
    InputError
        If nothing is marked, marks lie outside the picture, or sizes disagree.
    """
    size = image.shape[:2]
    check_marks(marks, size)
    if prior is not None and prior.shape != size:
        raise InputError(f"grabcut: the prior is {prior.shape}, the picture {size}")
    radius = point_px or max(0.015 * min(size), 1.0)
    inside = _union(size, marks.strokes, marks.points, radius)
    outside = _union(size, marks.not_strokes, marks.not_points, radius) & ~inside
    box = marks.box if marks.box is not None else _reach(inside, size)
    view = surroundings(box, size)
    here = view.slices
    if prior is not None and marks.box is not None and not spans(prior[box.slices] > 0.5, FILLS):
        prior = None
    if prior is not None and marks.box is not None and not inside.any() and not outside.any():
        cut = (prior > 0.5)[here]  # measured better than what GrabCut makes of it
    else:
        labels = _first_guess(size, box, marks.box is not None, inside, outside, prior)[here]
        cut = _grabcut(image[here], labels, rounds)
    hole = np.zeros(size, bool)
    hole[here] = cut
    hole |= inside
    if marks.box is not None:
        within = np.zeros(size, bool)
        within[marks.box.slices] = True
        hole &= within
    return hole & ~outside


def check_marks(marks: Marks, size: tuple[int, int]) -> None:
    """Refuse marks that mark nothing, or do not fit a picture of that size (height, width)."""
    for name, array in (("strokes", marks.strokes), ("strokes against", marks.not_strokes)):
        if array is not None and array.shape != size:
            raise InputError(
                f"grabcut: the {name} are {array.shape[1]}x{array.shape[0]}, the picture {size[1]}x{size[0]}"
            )
    for row, col in (*marks.points, *marks.not_points):
        if not (0 <= row < size[0] and 0 <= col < size[1]):
            raise InputError(f"grabcut: point {col:g},{row:g} lies outside the picture of {size[1]}x{size[0]} px")
    box = marks.box
    if box is not None and (
        box.height < 2 or box.width < 2 or box.top < 0 or box.left < 0 or box.bottom > size[0] or box.right > size[1]
    ):
        raise InputError(
            f"grabcut: the box {box.left},{box.top},{box.width},{box.height} (x, y, width, height) does not lie in the "
            f"picture of {size[1]}x{size[0]} px"
        )
    if box is None and not marks.points and (marks.strokes is None or not marks.strokes.any()):
        raise InputError("grabcut: nothing is marked; give --box, --point or --strokes on the thing")


def guided(guide: Image, values: NDArray[np.float32], radius_px: int, softness: float = 1e-3) -> NDArray[np.float32]:
    """Smooth values along the edges of a guide: the guided filter, on the guide's brightness.

    Parameters
    ----------
    guide : (h, w, 3) float32
    values : (h, w) float32
    radius_px : of the square windows
    softness : variance of brightness below which a window counts as flat
    """
    window = (2 * radius_px + 1, 2 * radius_px + 1)
    grey = np.ascontiguousarray(guide @ np.array([0.299, 0.587, 0.114], np.float32))

    def mean(array: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(array, window, borderType=cv2.BORDER_REFLECT), np.float32)

    mean_grey, mean_values = mean(grey), mean(values)
    slope = (mean(grey * values) - mean_grey * mean_values) / (mean(grey * grey) - mean_grey**2 + softness)
    return np.asarray(mean(slope) * grey + mean(mean_values - slope * mean_grey), np.float32)


# --- steps -------------------------------------------------------------------------------------------------------


def _union(size: tuple[int, int], strokes: Hole | None, points: Sequence[Point], radius_px: float) -> Hole:
    marked = np.zeros(size, bool) if strokes is None else strokes.copy()
    for point in points:
        marked |= disc_mask(size, point, radius_px)
    return marked


def surroundings(box: Box, size: tuple[int, int]) -> Box:
    """Return a box with what GrabCut looks at around it, within the picture."""
    return box.grown(max(round(MARGIN * max(box.height, box.width)), 8), size)


def _reach(inside: Hole, size: tuple[int, int]) -> Box:
    """Without a box the thing may lie anywhere within three times the marks' extent, or half the picture if more."""
    box = Box.around(inside) or Box(0, 0, *size)
    return box.grown(max(box.height, box.width, min(size) // 4), size)


def _first_guess(
    size: tuple[int, int],
    box: Box,
    is_given: bool,
    inside: Hole,
    outside: Hole,
    prior: NDArray[np.float32] | None,
) -> NDArray[np.uint8]:
    """Return OpenCV's four labels. Without a prior, a given box is taken for the thing, a guessed one is not."""
    labels = np.full(size, cv2.GC_BGD, np.uint8)
    labels[box.slices] = cv2.GC_PR_FGD if is_given else cv2.GC_PR_BGD
    if prior is not None:
        here = box.slices
        peak = max(float(prior[here].max()), 1e-6)
        labels[here] = np.where(prior[here] > 0.4 * peak, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    if not is_given:  # round a mark, its neighbourhood is more likely the thing than not
        near = (distance_outside(inside) <= 0.04 * min(size)) & (labels != cv2.GC_BGD)
        labels[near] = cv2.GC_PR_FGD
    labels[inside] = cv2.GC_FGD
    labels[outside] = cv2.GC_BGD
    return labels


def _grabcut(image: Image, labels: NDArray[np.uint8], rounds: int) -> Hole:
    """Run GrabCut at the working size and bring its mask back along the edges of the image."""
    height, width = labels.shape
    factor = min(WORK_PX / max(height, width), 1.0)
    small = (max(round(width * factor), 2), max(round(height * factor), 2))
    levels = (np.clip(image, 0, 1) * 255).astype(np.uint8)[..., ::-1]
    reduced = cv2.resize(np.ascontiguousarray(levels), small, interpolation=cv2.INTER_AREA)
    # From the middle of each span, which plain NEAREST misses.
    work = cv2.resize(labels, small, interpolation=cv2.INTER_NEAREST_EXACT)
    for label in (cv2.GC_FGD, cv2.GC_BGD):  # thin strokes must not fall between the samples
        share = cv2.resize((labels == label).astype(np.float32), small, interpolation=cv2.INTER_AREA)
        other = cv2.GC_BGD if label == cv2.GC_FGD else cv2.GC_FGD
        work[(share > 0.1) & (work != other)] = label
    kinds = np.isin(work, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if kinds.all() or not kinds.any():  # nothing to tell apart: GrabCut needs both
        return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    cv2.setRNGSeed(0)  # its colour models start from a random clustering
    models = np.zeros((1, 65)), np.zeros((1, 65))  # five Gaussians each, of 13 numbers
    mode = cv2.GC_INIT_WITH_MASK
    for _ in range(rounds):
        before = work
        work, *_ = cv2.grabCut(reduced, before.copy(), None, *models, 1, mode)  # type: ignore[call-overload]
        if mode == cv2.GC_EVAL and np.array_equal(work, before):
            break  # the colour models have settled: a third of all rounds is saved
        mode = cv2.GC_EVAL
    thing = np.isin(work, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if thing.sum() < COLLAPSED * kinds.sum():
        thing = kinds.astype(np.float32)
    if factor == 1.0:
        return thing > 0.5
    large = np.asarray(cv2.resize(thing, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return guided(image, large, max(round(1.5 / factor), 1)) > 0.5
