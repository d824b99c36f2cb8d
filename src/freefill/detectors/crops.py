"""Cut a square out of a picture for a network, and lay its answer back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Image


def resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return an image in another size (height, width): averaged where it gets smaller, bilinear where larger."""
    if image.shape[:2] == size:
        return image
    smaller = image.shape[0] > size[0] and image.shape[1] > size[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=kind), np.float32)


def cut_square(image: Image, top: int, left: int, side: int, size_px: int) -> Image:
    """Return the square in `size_px`; what lies beyond the picture repeats its border."""
    height, width = image.shape[:2]
    part = image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
    if part.shape[:2] != (side, side):
        below, right = max(top + side - height, 0), max(left + side - width, 0)
        part = cv2.copyMakeBorder(part, max(-top, 0), below, max(-left, 0), right, cv2.BORDER_REPLICATE)
    return resized(np.ascontiguousarray(part, np.float32), (size_px, size_px))


def lay_square(onto: NDArray[np.float32], answer: NDArray[np.float32], top: int, left: int, side: int) -> None:
    """Take the larger of what is there and the answer, brought back to the square; in place."""
    height, width = onto.shape
    whole = resized(answer, (side, side))
    rows, cols = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    part = whole[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    onto[rows, cols] = np.maximum(onto[rows, cols], part)
