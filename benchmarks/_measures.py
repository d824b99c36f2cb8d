"""What a benchmark says of one fill, in numbers. All of them compare with the truth."""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np

from freefill.errors import FreefillError
from freefill.metrics.psnr import psnr_db
from freefill.metrics.stlpips import StLpips, hole_box

RING_PX = 24  # how far around the hole its surroundings reach


class Judge:
    """ST-LPIPS in the hole; what it saw of the last truth is kept, since several fills are held against each."""

    def __init__(self, distance: StLpips) -> None:
        self._distance = distance
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._features: list = []

    def in_hole(self, truth: np.ndarray, composite: np.ndarray, hole: np.ndarray) -> float:
        """Return what `StLpips.in_hole` returns."""
        inside = hole_box(hole).slices
        if self._last is None or self._last[0] is not truth or self._last[1] is not hole:
            self._last, self._features = (truth, hole), self._distance.features(truth[inside])
        composite_features = self._distance.features(composite[inside])
        return self._distance.between(self._features, composite_features) / float(hole[inside].mean())


def load_distance(path: str | None) -> Judge:
    """Return ST-LPIPS with the weights of `path`, of $FREEFILL_STLPIPS, or of the weights folder."""
    path = path or os.environ.get("FREEFILL_STLPIPS")
    try:
        from freefill.weights.opening.features import open_stlpips

        return Judge(StLpips(open_stlpips(path or "stlpips-alex")))
    except FreefillError as error:
        sys.exit(str(error))


def measure(distance: Judge, truth: np.ndarray, composite: np.ndarray, hole: np.ndarray) -> dict[str, float]:
    """Return d, PSNR, seam and sharpness of one composite.

    d : ST-LPIPS over the hole's box plus 32 px, divided by the hole's share of the box
    psnr : in the hole, dB
    seam : mean gradient across the rim, over the truth's there
    sharp : root of the gradient energy in the hole, over the truth's there
    """
    return {
        "d": distance.in_hole(truth, composite, hole),
        "psnr": psnr_db(truth, composite, hole),
        "seam": step_across_rim(composite, hole) / max(step_across_rim(truth, hole), 1e-9),
        "sharp": gradient_root(composite, hole) / max(gradient_root(truth, hole), 1e-9),
    }


def step_across_rim(image: np.ndarray, hole: np.ndarray) -> float:
    """Return the mean absolute difference over pairs of neighbours of which one is hole, one known."""
    down = np.abs(image[1:] - image[:-1]).mean(axis=-1)[hole[1:] != hole[:-1]]
    right = np.abs(image[:, 1:] - image[:, :-1]).mean(axis=-1)[hole[:, 1:] != hole[:, :-1]]
    pairs = np.concatenate([down, right])
    return float(pairs.mean()) if pairs.size else 0.0


def gradient_root(image: np.ndarray, region: np.ndarray) -> float:
    """Return the root of the mean gradient energy of the luminance, over pairs that lie in the region."""
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    down = (grey[1:] - grey[:-1])[region[1:] & region[:-1]]
    right = (grey[:, 1:] - grey[:, :-1])[region[:, 1:] & region[:, :-1]]
    return float(np.sqrt(np.mean(np.concatenate([down, right]).astype(np.float64) ** 2)))


def grain_ratio(image: np.ndarray, hole: np.ndarray) -> float:
    """Return the noise energy of the hole over that of the ring around it.

    The noise is what a second difference both ways leaves (J. Immerkaer, Fast noise variance estimation, 1996): right
    only where the picture is smooth and its grain known to be even, so it is measured on smooth photographs to which
    grain was added.
    """
    grey = (image @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    residue = cv2.filter2D(grey, cv2.CV_32F, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING_PX + 1, 2 * RING_PX + 1))
    near = cv2.dilate(hole.astype(np.uint8), kernel).astype(bool)
    ring = near & ~cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return float(np.mean(residue[inner] ** 2) / np.mean(residue[ring] ** 2))


def geometric_mean(ratios: list[float]) -> float:
    """Return exp of the mean logarithm."""
    return float(np.exp(np.mean(np.log(ratios))))


def wins(ratios: list[float], tie: float = 0.02) -> str:
    """Return "wins/ties/losses"; a tie is within 2 %."""
    won, lost = sum(r < 1 - tie for r in ratios), sum(r > 1 + tie for r in ratios)
    return f"{won}/{len(ratios) - won - lost}/{lost}"
