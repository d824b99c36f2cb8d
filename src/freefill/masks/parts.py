"""Connected parts of a mask, and what the size of an object means for each.

Steps that grow a mask go part by part: 3 % of the largest person would swallow a small one in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside
from freefill.values import Box, Hole

# Of 200 annotated persons the root of the area is 3.1 times the largest inscribed radius (median; 90 % lie between 2.3
# and 4.5). Several persons that touch are one part: its area grows with their number, its thickness does not.
SIZE_PER_RADIUS = 3.6


@dataclass(frozen=True)
class Part:
    """One connected part of a mask.

    Attributes
    ----------
    label : its number in the label picture, from 1
    box : the smallest box around it, px
    area_px : its pixels
    size_px : size of one object in it, px: root of the area, bounded by 3.6 times the largest inscribed radius
    """

    label: int
    box: Box
    area_px: int
    size_px: float


def find_parts(hole: Hole) -> tuple[NDArray[np.int32], list[Part]]:
    """Label the connected parts (8 neighbours) and measure each.

    Parameters
    ----------
    hole : (H, W) bool

    Returns
    -------
    labels : (H, W) int32, 0 = known
    parts : in the order of their labels, that is of their first pixel row by row
    """
    # Only the box around all of the hole is looked at: most masks are small in their picture.
    around = Box.around(hole)
    labels = np.zeros(hole.shape, np.int32)
    if around is None:
        return labels, []
    count, inner, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(hole[around.slices]).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    labels[around.slices] = inner
    found = []
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        top, left = top + around.top, left + around.left
        box = Box(top, left, height, width)
        inside = np.pad(labels[box.slices] == label, 1)
        # A part cut by the picture's border goes on behind it.
        inside[0], inside[-1] = inside[1] & (top == 0), inside[-2] & (box.bottom == hole.shape[0])
        inside[:, 0] = inside[:, 1] & (left == 0)
        inside[:, -1] = inside[:, -2] & (box.right == hole.shape[1])
        found.append(Part(label, box, area, min(area**0.5, SIZE_PER_RADIUS * _radius(inside))))
    return labels, found


def _radius(inside: NDArray[np.bool_]) -> float:
    """Return the radius of the largest disc inside, px; all is hole: half of the shorter side."""
    if inside.all():
        return max(min(inside.shape) / 2, 0.5)
    # 1.5 megapixels are enough to measure a radius; a part of 24 would take half a second.
    step = max(int(np.ceil((inside.size / 1.5e6) ** 0.5)), 1)
    return step * float(distance_inside(np.ascontiguousarray(inside[::step, ::step])).max())


def by_size(
    parts: Iterable[Part], length_px: Callable[[Part], float] = lambda part: part.size_px
) -> list[tuple[float, list[Part]]]:
    """Group parts whose sizes (or another length) differ by less than 15 %, so that many parts cost few passes.

    Returns
    -------
    (mean length, parts), the shortest first
    """
    groups: dict[int, list[Part]] = {}
    for part in parts:
        groups.setdefault(round(np.log(max(length_px(part), 0.5)) / np.log(1.15)), []).append(part)
    return [(float(np.mean([length_px(p) for p in group])), group) for _, group in sorted(groups.items())]


def box_around(parts: Iterable[Part]) -> Box:
    """Return the smallest box around all the parts (at least one)."""
    boxes = [part.box for part in parts]
    box = boxes[0]
    for other in boxes[1:]:
        box = box.joined(other)
    return box


def spans(hole: Hole, share: float) -> bool:
    """Tell whether what is masked in a box reaches over a share of its height and of its width.

    Parameters
    ----------
    hole : (h, w) bool, the box
    share : 0 to 1
    """
    around = Box.around(hole)
    height, width = hole.shape
    return around is not None and around.height >= share * height and around.width >= share * width


def share_of(hole: Hole) -> str:
    """Say how much of the picture a mask covers.

    Examples
    --------
    >>> share_of(np.eye(4, dtype=bool))
    '25.0 % of the picture'
    """
    share = 100 * float(hole.mean())
    return f"{share:.1f} % of the picture" if share >= 0.05 else "less than 0.1 % of the picture"
