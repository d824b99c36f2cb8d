"""Find an object's mirror image below it, on water, wet sand or a polished floor.

The object is turned upside down about a row near its foot and compared with what is there, with a rim around it, so
that its outline counts. Only a clear likeness counts, one that goes away when the turned object is moved aside: most
floors mirror nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.masks.refining.closeup import Closeup
from freefill.values import Hole

CLOSEUP_SIZE_PX = 48.0
CLOSEUP_BOX_PX = 256
MARGIN = 2.2  # an upright person's mirror image is about as high as the person


def find_reflection(view: Closeup, likeness: float = 0.5, lead: float = 0.25) -> Hole:
    """Return the mirror image of a part, (h, w) bool; empty where the evidence is weak.

    Parameters
    ----------
    view : the part seen close, with a margin of `MARGIN`
    likeness : the least correlation between the turned object and what is below
    lead : by how much it must exceed the correlation at places aside
    """
    nothing = np.zeros(view.part.shape, bool)
    rows = np.flatnonzero(view.part.any(axis=1))
    if view.size_px < 12 or len(rows) == 0 or rows[-1] >= len(view.part) - 0.3 * view.size_px:
        return nothing
    detail = _detail(view)
    rim = np.ones((9, 9), np.uint8)
    below = np.arange(len(view.part))[:, None]
    best, shape = likeness, nothing
    for axis in np.unique(np.round(rows[-1] + np.linspace(-0.1, 0.6, 24) * view.size_px).astype(int)):
        turned, hole = _turned(detail, view.part, int(axis))
        hole = (cv2.dilate(hole.view(np.uint8), rim) > 0) & ~view.part & ~view.others & (below > axis)
        if hole.sum() < 0.4 * view.part.sum():
            continue
        here = _correlation(turned, detail, hole)
        if here > best and here - _aside(turned, detail, hole, view) > lead:
            best, shape = here, hole
    return shape


def _detail(view: Closeup) -> NDArray[np.float32]:
    """Return lightness and colour less their surroundings' mean, (h, w, 3): what makes things recognisable."""
    fine = cv2.GaussianBlur(view.lab, (0, 0), 1.0)
    return np.asarray(fine - cv2.GaussianBlur(view.lab, (0, 0), 0.35 * view.size_px), np.float32)


def _turned(detail: NDArray[np.float32], part: Hole, axis: int) -> tuple[NDArray[np.float32], Hole]:
    """Turn picture and part upside down about a row; what would come from outside is left out of the part."""
    source = 2 * axis - np.arange(len(part))
    inside = (source >= 0) & (source < len(part))
    source = np.clip(source, 0, len(part) - 1)
    return detail[source], part[source] & inside[:, None] & (np.arange(len(part)) > axis)[:, None]


def _correlation(one: NDArray[np.float32], two: NDArray[np.float32], where: Hole) -> float:
    """Return the correlation over the chosen pixels and all channels, -1 to 1."""
    a, b = one[where], two[where]
    if len(a) < 30:
        return 0.0
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-9))  # flat ground must not divide by nothing


def _aside(turned: NDArray[np.float32], detail: NDArray[np.float32], usable: Hole, view: Closeup) -> float:
    """Return the best correlation that the turned object finds when it is moved sideways by more than its parts."""
    best = 0.0
    for share in (-0.9, -0.6, 0.6, 0.9):
        shift = round(share * view.size_px)
        moved = np.roll(detail, -shift, axis=1)  # what comes round from the other side is left out below
        columns = np.arange(usable.shape[1]) + shift
        inside = (columns >= 0) & (columns < usable.shape[1])
        best = max(best, _correlation(turned, moved, usable & inside))
    return best
