"""A close-up of one part of a mask and its surroundings, at a scale at which the object has a known size.

Everything that reads the image works on close-ups: colours and edges are looked for at the scale of the object, so a
picture of 24 megapixels costs as much as one of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.masks.parts import Part
from freefill.values import Box, Hole, Image


@dataclass(frozen=True, eq=False)
class Closeup:
    """One part, seen close.

    Attributes
    ----------
    box : what of the picture is seen, picture px
    scale : close-up px per picture px, at most 1
    size_px : size of the object, close-up px
    lab : (h, w, 3) float32, CIELAB: lightness 0 to 100, a, b
    part : (h, w) bool, the part itself
    others : (h, w) bool, all other parts of the mask
    """

    box: Box
    scale: float
    size_px: float
    lab: NDArray[np.float32]
    part: Hole
    others: Hole

    def enlarge(self, found: Hole) -> Hole:
        """Bring a mask of the close-up to the size of the box, with smooth contours."""
        if found.shape == (self.box.height, self.box.width):
            return found
        size = (self.box.width, self.box.height)
        # 8 bits instead of float: at 24 megapixels the copies are what costs.
        grey = cv2.resize(found.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
        return grey > 127


class Overview:
    """A picture at halved sizes, each made when it is first needed, for close-ups of any scale.

    Reading a part of 24 megapixels for every close-up would take longer than everything that is done with it.
    """

    def __init__(self, image: Image) -> None:
        self._levels = [image]

    def level(self, number: int) -> Image:
        """Return the image at 1 / 2^number of its size, averaged by area (sizes rounded up)."""
        while len(self._levels) <= number:
            image = self._levels[-1]
            height, width = image.shape[0] + 1 & ~1, image.shape[1] + 1 & ~1
            if (height, width) != image.shape[:2]:
                image = np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
            half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.float32))
        return self._levels[number]


def look_at(
    overview: Overview,
    labels: NDArray[np.int32],
    part: Part,
    margin_px: float,
    size_px: float,
    box_px: int = 640,
) -> Closeup:
    """Cut out a part with a margin and bring it to a scale at which its size is at most `size_px`.

    Parameters
    ----------
    overview : of the (H, W, 3) image
    labels : (H, W) int32, 0 = known
    part : the part to look at
    margin_px : picture px on every side
    size_px : the most the object's size may be, close-up px; it is never enlarged
    box_px : the most a side may be, close-up px: a long thin part has a small size in a large box
    """
    box = part.box.grown(int(margin_px) + 2, labels.shape)
    scale = min(1.0, size_px / part.size_px, box_px / max(box.height, box.width))
    level = int(np.log2(1 / scale))
    step = 2**level
    # Whole pixels of that level, so that image and mask stay in register.
    top, left = box.top - box.top % step, box.left - box.left % step
    bottom = min(-(-box.bottom // step) * step, labels.shape[0])
    right = min(-(-box.right // step) * step, labels.shape[1])
    box = Box(top, left, bottom - top, right - left)
    size = (max(round(box.width * scale), 1), max(round(box.height * scale), 1))
    rows, cols = slice(top // step, -(-box.bottom // step)), slice(left // step, -(-box.right // step))
    rgb = np.clip(_reduced(overview.level(level)[rows, cols], size), 0, 1)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    # One label of each block is enough: the close-up has at most two pixels to a block.
    window = labels[top : box.bottom : step, left : box.right : step]
    own = _reduced((window == part.label).view(np.uint8) * np.uint8(255), size) > 127
    others = _reduced(((window > 0) & (window != part.label)).view(np.uint8) * np.uint8(255), size) > 127
    return Closeup(box, scale, part.size_px * scale, np.asarray(lab, np.float32), own, others & ~own)


def _reduced(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Reduce by area; size is (width, height)."""
    if array.shape[1::-1] == size:
        return np.ascontiguousarray(array)
    return np.asarray(cv2.resize(np.ascontiguousarray(array), size, interpolation=cv2.INTER_AREA))
