"""The strokes of the glyphs in one row of text, by local contrast.

Strokes are thin: a morphological opening removes bright ones, a closing dark ones (top hat and black hat). Gaps between
dark strokes are thin and bright too, so that thinness does not tell which of both is the text. The ground above and
below the row does: gaps look like it, strokes do not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.values import Hole, Image

WORK_HEIGHT_PX = 64.0  # rows are looked at in this height, unless they are smaller
STROKE_SHARE = 0.36  # of the row's widened height: no stroke is wider
LEAST_CONTRAST = 0.03  # of full scale; fainter strokes are noise
SPREAD, LEAST_SPREAD = 3.5, 0.12  # how far a stroke's colour may lie from the usual, in usual distances, and at least
PLAUSIBLE = (0.03, 0.7)  # share of a row that its strokes take


def glyphs_in_row(image: Image, corners: NDArray[np.float32], height_px: float, rim: float, hole: Hole) -> bool:
    """Add the strokes of one row to `hole`, in place; the whole row where they cannot be told apart.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    corners : (4, 2) x and y of the row, px
    height_px : of the row
    rim : growth of the strokes, as a share of the height
    hole : (H, W) bool

    Returns
    -------
    whether strokes were found
    """
    margin = int(np.ceil(0.35 * height_px)) + 2
    size = hole.shape
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin + 1, (size[1], size[0]))
    if right - left < 3 or bottom - top < 3:
        return False
    crop = np.ascontiguousarray(image[top:bottom, left:right])
    inside = _polygon(corners - (left, top), crop.shape[:2])
    factor = min(WORK_HEIGHT_PX / height_px, 1.0)
    small = (max(round(crop.shape[1] * factor), 3), max(round(crop.shape[0] * factor), 3))
    work = crop if factor == 1.0 else np.asarray(cv2.resize(crop, small, interpolation=cv2.INTER_AREA), np.float32)
    row = cv2.resize(inside.view(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
    strokes = _strokes(work, row, height_px * factor)
    share = strokes.sum() / max(row.sum(), 1)
    if not PLAUSIBLE[0] <= share <= PLAUSIBLE[1]:
        hole[top:bottom, left:right] |= inside
        return False
    if factor < 1.0:
        soft = cv2.resize(strokes.astype(np.float32), (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_LINEAR)
        strokes = soft > 0.4
    radius = max(rim * height_px, 1.5)
    hole[top:bottom, left:right] |= distance_outside(strokes) <= radius
    return True


def _polygon(corners: NDArray[np.float32], size: tuple[int, int]) -> Hole:
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.rint(corners).astype(np.int32)], 1)
    return inside.view(np.bool_)


def _strokes(work: Image, row: Hole, height_px: float) -> Hole:
    """Return the strokes at the working scale."""
    ground = _ground(work, row, height_px)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(round(STROKE_SHARE * height_px / 2), 1) + 1,) * 2)
    bright = work - cv2.morphologyEx(work, cv2.MORPH_OPEN, kernel)
    dark = cv2.morphologyEx(work, cv2.MORPH_CLOSE, kernel) - work
    over = work - ground
    # A stroke is thin and differs from the ground in the same direction; a gap is thin and does not.
    raised = np.minimum(bright, np.maximum(over, 0)).max(axis=2)
    sunken = np.minimum(dark, np.maximum(-over, 0)).max(axis=2)
    main, other = (raised, sunken) if raised[row].sum() >= sunken[row].sum() else (sunken, raised)
    level = _level(main[row])
    strokes = (main > level) & row
    strokes = _with_weak_ends(_of_one_colour(work, strokes), (main > 0.5 * level) & row)
    strokes = _of_one_colour(work, strokes)
    # Outlines and shadows of the other brightness lie against the strokes, no farther than a stroke is wide.
    if strokes.any():
        strokes |= (other > max(level, 0.08)) & (distance_outside(strokes) <= max(0.12 * height_px, 2.0))
    return _without_specks(strokes, height_px)


def _ground(work: Image, row: Hole, height_px: float) -> Image:
    """Return what lies behind the text: the colours around the row, carried inside by a wide blur."""
    weight = (~row).astype(np.float32)
    window = (2 * max(round(0.8 * height_px), 2) + 1,) * 2
    share = cv2.blur(weight, window, borderType=cv2.BORDER_REPLICATE)
    near = (
        cv2.blur(work * weight[..., None], window, borderType=cv2.BORDER_REPLICATE) / np.maximum(share, 1e-4)[..., None]
    )
    whole = work[~row].mean(axis=0) if (~row).any() else np.median(work.reshape(-1, 3), axis=0)
    return np.where(share[..., None] > 0.02, near, whole).astype(np.float32)


def _level(contrast: NDArray[np.float32]) -> float:
    """Return the contrast that parts strokes from the rest: Otsu's threshold, not below what is noise."""
    peak = float(contrast.max(initial=0.0))
    if peak < LEAST_CONTRAST:
        return 1.0
    levels = np.rint(contrast / peak * 255).astype(np.uint8).reshape(-1, 1)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return max(threshold / 255 * peak * 0.9, LEAST_CONTRAST)


def _of_one_colour(work: Image, strokes: Hole) -> Hole:
    """Leave out what is far from the strokes' usual colour: thin things of the picture that show between the glyphs.

    How far is far follows from how much the colours vary: little in opaque text, much where the ground shines through.
    """
    if strokes.sum() < 8:
        return strokes
    colours = work[strokes]
    away = np.abs(work - np.median(colours, axis=0)).max(axis=2)
    usual = float(np.median(away[strokes]))
    return strokes & (away <= max(SPREAD * usual, LEAST_SPREAD))


def _with_weak_ends(strong: Hole, weak: Hole) -> Hole:
    """Return the connected parts of `weak` that hold something of `strong`."""
    _, labels = cv2.connectedComponents((weak | strong).view(np.uint8), connectivity=8)
    return np.isin(labels, np.unique(labels[strong])) & (labels > 0) if strong.any() else strong


def _without_specks(strokes: Hole, height_px: float) -> Hole:
    """Leave out parts smaller than any dot of an i."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes.view(np.uint8), connectivity=8)
    least = max((0.05 * height_px) ** 2, 2)
    kept = np.zeros(count, bool)
    kept[1:] = stats[1:, cv2.CC_STAT_AREA] >= least
    return kept[np.asarray(labels, np.intp)]
