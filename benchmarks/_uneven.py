"""Uneven damage of masks: what people's own programs leave out, of a depth that nobody knows.

Seeds are the pictures' numbers times 7919 plus the person's: no test uses them.
"""

from __future__ import annotations

import cv2
import numpy as np

DEEPEST = 0.06  # of the person's size
PATCH = 0.25  # standard deviation of the noise that says where, as a share of the person's size


def uneven(hole: np.ndarray, seed: int, deepest: float = DEEPEST) -> np.ndarray:
    """Take a rim away whose depth wanders between nothing and 6 % of the size, and is deeper until enough is gone.

    Where the mask is thin that is all of it: a quarter to a half of the area goes, drawn anew for each person.
    """
    size = float(np.sqrt(hole.sum()))
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(hole.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(PATCH * size, 1.0))
    inside_noise = noise[hole]
    low, high = np.quantile(inside_noise, [0.05, 0.95])
    share = np.clip((noise - low) / max(high - low, 1e-9), 0, 1)
    inside = cv2.distanceTransform(np.pad(hole, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = inside[1:-1, 1:-1]
    gone = rng.uniform(0.25, 0.5)
    # The least tilt of the noise that takes as much as was drawn; never deeper than that.
    for power in (4.0, 3.0, 2.0, 1.5, 1.0, 0.7, 0.5, 0.3, 0.1):
        left = inside > deepest * size * share**power
        if left.sum() <= (1 - gone) * hole.sum():
            break
    return left & hole


def polygon(hole: np.ndarray, seed: int) -> np.ndarray:
    """Draw each outline by few points, as a hurried hand does: at most 2.5 % of the size beside the contour."""
    del seed
    drawn = np.zeros(hole.shape, np.uint8)
    contours, _ = cv2.findContours(hole.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        few = cv2.approxPolyDP(contour, 0.025 * float(np.sqrt(hole.sum())), True)
        cv2.fillPoly(drawn, [few], 1)
    return drawn > 0


def small(hole: np.ndarray, seed: int) -> np.ndarray:
    """Save at 224 x 224 and bring it back, as the study's masks came (their two colours are read elsewhere)."""
    del seed
    less = cv2.resize(hole.astype(np.float32), (224, 224), interpolation=cv2.INTER_AREA) > 0.5
    return cv2.resize(less.astype(np.uint8), hole.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)


UNEVEN = {"uneven": uneven, "polygon": polygon, "224 px": small}
