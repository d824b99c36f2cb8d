"""A small fill of the same picture that tells the search what should come where.

The guide becomes three more channels: the picture at the guide's resolution, with the guide's colours in the hole.
They count fully at the guide's own resolution and half as much at each finer level, and they fade towards the rim,
where known pixels say it better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.features import rim_distance
from freefill.synthesis.tuning import Tuning


@dataclass(frozen=True, eq=False)
class GuideLayer:
    """The guide at the size of one level.

    Attributes
    ----------
    values : (H, W, 3) uint8, low-passed picture with the guide in the hole
    trust : (H, W) float32, root of how far the guide counts at each pixel of a target, 0 to 1
    scale : root of the weight of its channels at this level
    """

    values: NDArray[np.uint8]
    trust: NDArray[np.float32]
    scale: float


class GuidePyramid:
    """Lays a guide over the levels of a picture.

    Parameters
    ----------
    values : (h, w, 3) float32 in [0, 1], laid over the whole picture
    weight : 0 to 1
    confidence : (h, w) float32 in [0, 1] or None
    sizes : (height, width) of each level, finest first
    """

    def __init__(
        self,
        values: NDArray[np.float32],
        weight: float,
        confidence: NDArray[np.float32] | None,
        sizes: list[tuple[int, int]],
        tuning: Tuning,
    ) -> None:
        self._values, self._confidence, self._weight, self._tuning = values, confidence, weight, tuning
        halvings = round(np.log2(max(max(sizes[0]) / max(values.shape[:2]), 1.0)))
        self.level = min(halvings, len(sizes) - 1)  # of the guide's own resolution
        self._halvings = halvings
        self._low: NDArray[np.float32] | None = None

    def at(self, number: int, image: NDArray[np.uint8], known: NDArray[np.uint8]) -> GuideLayer:
        """Return the guide at a level; levels must be asked for from the guide's own to finer ones."""
        import cv2

        height, width = known.shape
        size = (width, height)
        if self._low is None:
            smaller = self._values.shape[0] > height
            fitted = cv2.resize(
                np.ascontiguousarray(self._values), size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            )
            self._low = np.where(known[..., None] > 0, image[..., :3].astype(np.float32), fitted * 255).astype(
                np.float32
            )
        values = cv2.resize(self._low, size, interpolation=cv2.INTER_LINEAR)
        depth = rim_distance(known == 0)
        believed = np.ones((height, width), np.float32)
        if self._confidence is not None:
            believed = cv2.resize(np.ascontiguousarray(self._confidence), size, interpolation=cv2.INTER_LINEAR)
        fade = 1 - np.float32(self._tuning.guide_rim_base) ** -depth
        trust = np.sqrt(np.clip(believed * fade * self._weight, 0, 1)).astype(np.float32)
        trust[known > 0] = np.sqrt(self._tuning.guide_known * self._weight)
        share = self._tuning.guide_weight * self._tuning.guide_fade ** max(self._halvings - number, 0)
        clipped = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return GuideLayer(clipped, trust, float(np.sqrt(share)))
