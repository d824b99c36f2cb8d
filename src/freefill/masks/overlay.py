"""Masks laid over their picture, each part in its own colour, with a legend."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values import Hole, Image

# RGB in [0, 1]; told apart by colour-blind eyes too (after Okabe and Ito), the first one loud.
COLOURS = (
    (0.90, 0.10, 0.55), (0.00, 0.62, 0.45), (0.94, 0.89, 0.26), (0.34, 0.71, 0.91), (0.90, 0.62, 0.00),
    (0.00, 0.45, 0.70), (0.84, 0.37, 0.00), (0.80, 0.60, 0.90), (0.60, 0.95, 0.60), (0.45, 0.30, 0.20),
    (0.75, 0.10, 0.15), (0.50, 0.50, 0.50), (1.00, 1.00, 1.00), (0.00, 0.00, 0.00),
)  # fmt: skip


def overlay(image: Image, layers: Mapping[str, Hole], *, opacity: float = 0.5, legend: bool = True) -> Image:
    """Return the picture with masks laid over it.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    layers : name to (H, W) bool; where they overlap, the last one is seen; the n-th has the n-th
        colour, empty ones counted
    opacity : of the colour, 0 to 1; a fully coloured line runs along each contour
    legend : below the picture, a line for each layer that is not empty, with its share of the picture

    Returns
    -------
    (H or more, W, 3) float32, RGB in [0, 1]
    """
    out = image.copy()
    named: list[tuple[str, tuple[float, float, float], float]] = []
    line = max(round(min(image.shape[:2]) / 400), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * line + 1, 2 * line + 1))
    for number, (name, hole) in enumerate(layers.items()):
        if hole.shape != image.shape[:2]:
            raise InputError(f"overlay: '{name}' is {hole.shape}, the picture {image.shape[:2]}")
        if not hole.any():
            continue
        colour = COLOURS[number % len(COLOURS)]
        out[hole] = out[hole] * (1 - opacity) + np.array(colour, np.float32) * opacity
        # borderValue: where the picture ends no contour runs.
        inner = cv2.erode(hole.view(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        out[hole & (inner == 0)] = colour
        named.append((name, colour, float(hole.mean())))
    return np.concatenate([out, _legend(named, image.shape[1])]) if legend and named else out


def _legend(named: list[tuple[str, tuple[float, float, float], float]], width: int) -> NDArray[np.float32]:
    """Return a strip with one line of text for each layer."""
    scale = max(min(width / 900, 2.0), 0.4)
    step = round(34 * scale)
    strip = np.full((step * len(named), width, 3), 255, np.uint8)  # OpenCV writes text into bytes only
    for row, (name, colour, share) in enumerate(named):
        top, left = row * step, round(8 * scale)
        side = round(20 * scale)
        strip[top + (step - side) // 2 : top + (step + side) // 2, left : left + side] = np.rint(np.array(colour) * 255)
        at = (2 * left + side, top + round(0.7 * step))
        cv2.putText(strip, f"{name}  {share:.1%}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.8 * scale, (0, 0, 0), 1, cv2.LINE_AA)
    return np.multiply(strip, np.float32(1 / 255), dtype=np.float32)
