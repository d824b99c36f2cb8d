"""A small fill of the same picture that tells the search what should come where.

The guide becomes three more channels: the picture at the guide's resolution, with the guide's colours in the hole.
They fade towards the rim, where known pixels say it better, and count only as far as the guide shows something: a guide
without the gradients that the known pixels around it have at the same resolution is a blur, and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside
from freefill.synthesis.tuning import Tuning

RING_PX = 8  # known pixels this near to the hole are what the guide is held against, px of its own level


class Sized(Protocol):
    """A level of the picture: (H, W, 3 or 5) uint8 and (H, W) uint8, 1 = known."""

    @property
    def image(self) -> NDArray[np.uint8]: ...

    @property
    def known(self) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, eq=False)
class GuideLayer:
    """The guide at the size of one level.

    Attributes
    ----------
    values : (H, W, 3) uint8, low-passed picture with the guide in the hole
    trust : (H, W) float32, root of how far the guide counts at each pixel of a target, 0 to 1
    scale : root of the weight of its channels at this level
    believed : (H, W) float32, how far the coarsest level starts from its colours, 0 to 1; None = fully
    """

    values: NDArray[np.uint8]
    trust: NDArray[np.float32]
    scale: float
    believed: NDArray[np.float32] | None = None


class GuidePyramid:
    """Lays a guide over the levels of a picture.

    Parameters
    ----------
    values : (h, w, 3) float32 in [0, 1], laid over the whole picture
    weight : 0 to 1
    confidence : (h, w) float32 in [0, 1] or None
    levels : the picture's levels, finest first

    Attributes
    ----------
    level : number of the level at which the guide is laid first: that of its own resolution, or the finest that carries
        texture, where the guide is larger
    weight : `weight`, less where the guide shows nothing; 0 = leave it alone
    """

    def __init__(
        self,
        values: NDArray[np.float32],
        weight: float,
        confidence: NDArray[np.float32] | None,
        levels: Sequence[Sized],
        tuning: Tuning,
    ) -> None:
        import cv2

        self._confidence, self._tuning = confidence, tuning
        halvings = round(np.log2(max(max(levels[0].known.shape) / max(values.shape[:2]), 1.0)))
        textured = next((n for n, level in enumerate(levels) if level.image.shape[2] == 5), len(levels) - 1)
        self.level = min(max(halvings, textured), len(levels) - 1)
        known, image = levels[self.level].known, levels[self.level].image
        smaller = values.shape[0] > known.shape[0]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        fitted = np.asarray(cv2.resize(np.ascontiguousarray(values), known.shape[::-1], interpolation=way))
        low = np.where(known[..., None] > 0, image[..., :3].astype(np.float32), fitted.astype(np.float32) * 255)
        self._low = low.astype(np.float32)
        least, full = tuning.guide_life
        self.weight = weight * float(np.clip((life(self._low, known == 0) - least) / (full - least), 0, 1))

    def at(self, number: int, known: NDArray[np.uint8]) -> GuideLayer:
        """Return the guide at a level, `known` (H, W) uint8 being the level's."""
        import cv2

        height, width = known.shape
        size = (width, height)
        values = cv2.resize(self._low, size, interpolation=cv2.INTER_LINEAR)
        depth = distance_inside(known == 0)
        believed = np.ones((height, width), np.float32)
        if self._confidence is not None:
            spread = cv2.resize(np.ascontiguousarray(self._confidence), size, interpolation=cv2.INTER_LINEAR)
            believed = np.asarray(spread, np.float32)
        fade = 1 - np.float32(self._tuning.guide_rim_base) ** -depth
        trust = np.sqrt(np.clip(believed * fade * self.weight, 0, 1)).astype(np.float32)
        trust[known > 0] = np.sqrt(self._tuning.guide_known * self.weight)
        share = self._tuning.guide_weight * self._tuning.guide_fade ** (self.level - number)
        clipped = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return GuideLayer(clipped, trust, float(np.sqrt(share)))


def life(low: NDArray[np.float32], hole: NDArray[np.bool_]) -> float:
    """Return the root of the gradient energy inside the hole over that of the known ring around it.

    Parameters
    ----------
    low : (H, W, 3) float32, the picture with the guide in the hole
    hole : (H, W) bool

    Returns
    -------
    1 where the guide is as lively as its surroundings, near 0 for a blur; 1 where the ring itself is flat
    """
    import cv2

    grey = low.mean(axis=2)
    energy = np.zeros_like(grey)
    energy[:-1] += (grey[1:] - grey[:-1]) ** 2
    energy[:, :-1] += (grey[:, 1:] - grey[:, :-1]) ** 2
    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8)) > 0
    # Neither side may look across the rim: the step there belongs to both.
    across = cv2.dilate(hole.astype(np.uint8), np.ones((2, 2), np.uint8), anchor=(0, 0)) > 0
    inside, ring = hole & ~(cv2.dilate((~hole).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0), near & ~across
    if not inside.any() or not ring.any():
        return 1.0
    around = float(energy[ring].mean())
    return 1.0 if around < 1.0 else float(np.sqrt(energy[inside].mean() / around))
