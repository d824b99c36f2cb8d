"""The picture at the size at which a layout is made: smaller, with the hole left out of every mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_KNOWN = 0.75  # share of a small pixel that must be known: less, and the object's rim would colour it
SEEN = 0.15  # of a small pixel's width: no pixels farther apart than this are read


@dataclass(frozen=True, eq=False)
class Sight:
    """A picture with a hole, reduced.

    Attributes
    ----------
    image : (h, w, 3) float32, RGB in [0, 1]; nearest known colours in the hole
    lab : (h, w, 3) float32, the same in CIE Lab (L 0 to 100)
    hole, source : (h, w) bool
    scale : (rows, columns), small pixels per pixel
    """

    image: NDArray[np.float32]
    lab: NDArray[np.float32]
    hole: NDArray[np.bool_]
    source: NDArray[np.bool_]
    scale: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.hole.shape[0], self.hole.shape[1]


def see(image: NDArray[np.float32], hole: NDArray[np.bool_], source: NDArray[np.bool_], longest: int) -> Sight:
    """Reduce a picture so that its longer side is at most `longest`.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole, source : (H, W) bool; source = may be copied from
    longest : pixels
    """
    import cv2

    height, width = hole.shape
    share = min(1.0, longest / max(height, width))
    size = max(round(width * share), 1), max(round(height * share), 1)
    every = max(1, int(SEEN / share))  # of a large picture some pixels tell it
    some = np.s_[every // 2 :: every, every // 2 :: every]
    known = (~hole[some]).astype(np.float32)
    weight, allowed, small = known, source[some].astype(np.float32), image[some] * known[..., None]
    if share < 1:
        weight = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA), np.float32)
        allowed = np.asarray(cv2.resize(allowed, size, interpolation=cv2.INTER_AREA), np.float32)
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)
    gone = weight < LEAST_KNOWN
    mean = (small / np.maximum(weight, 1e-6)[..., None]).astype(np.float32)
    small = _nearest(mean, gone)
    lab = np.asarray(cv2.cvtColor(np.clip(small, 0, 1), cv2.COLOR_RGB2LAB), np.float32)
    return Sight(small, lab, gone, (allowed >= LEAST_KNOWN) & ~gone, (size[1] / height, size[0] / width))


def _nearest(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give hole pixels the colour of the nearest known one: no step at the rim for edge detectors to find."""
    import cv2

    if not hole.any() or hole.all():
        return image.astype(np.float32)
    _, nearest = cv2.distanceTransformWithLabels(
        hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.asarray(nearest, np.int64)
    of_label = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    of_label[nearest[~hole]] = image[~hole]
    return of_label[nearest]


def softened(values: NDArray[np.float32], hole: NDArray[np.bool_], deviation_px: float) -> NDArray[np.float32]:
    """Return Gaussian means of what is known, (h, w, c); 0 deep in the hole."""
    import cv2

    known = (~hole).astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(known, (0, 0), deviation_px), 1e-3)[..., None]
    return np.asarray(cv2.GaussianBlur(values * known[..., None], (0, 0), deviation_px) / weight, np.float32)


def pixels(
    places: NDArray[np.float64], sight: Sight
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]:
    """Return rows and columns of the pixels at places (..., 2), moved into the picture, and which lie in it."""
    nearest = np.rint(places).astype(np.int64)
    inside = np.asarray(((nearest >= 0) & (nearest < sight.size)).all(-1), bool)
    rows, cols = np.moveaxis(np.clip(nearest, 0, np.array(sight.size) - 1), -1, 0)
    return (rows, cols), inside
