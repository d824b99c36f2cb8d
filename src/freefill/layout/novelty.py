"""How new a copy would be: what resembles nothing on the rim near by is dear, so that things stay where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept
from freefill.layout.bands import ANY, Bands
from freefill.layout.sight import Sight, softened

NOVELTY = 0.4  # plain ground and whole objects must not spread (docs/decisions/0049)
NOVELTY_PER_PX = 0.6  # Lab that a pixel of distance to a rim pixel is worth
PART_NOVELTY = 1.0  # of what the rim of a strip between two lines does not show, however far away it lies
NOVELTY_PLACES = 160  # rim pixels that are asked


def novelty(
    sight: Sight,
    features: NDArray[np.float32],
    pixels: NDArray[np.int64],
    shifts: NDArray[np.int32],
    allowed: NDArray[np.bool_],
    cut: Bands,
) -> NDArray[np.float32]:
    """Return what each shift costs at each hole pixel, (K, n), for what it copies is like nothing on the rim near by.

    Parameters
    ----------
    features : (h, w, c) float32, Lab first
    pixels, shifts, allowed : (n, 2), (K, 2), (K, n)
    cut : only the rim of a pixel's own part is asked; between two lines what that does not show is dear at any distance
    """
    import cv2

    colour, square = (softened(features[..., :3] ** power, sight.hole, 1.5) for power in (1, 2))
    spread = np.sqrt(np.maximum(square - colour**2, 0)).mean(2, keepdims=True)
    looks = np.concatenate((colour, 1.5 * spread), 2).astype(np.float32)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    ring = np.argwhere(~sight.hole & (cv2.dilate(sight.hole.astype(np.uint8), disc) > 0))
    ring = ring[np.linspace(0, len(ring) - 1, min(NOVELTY_PLACES, len(ring))).astype(int)]
    seen = looks[ring[:, 0], ring[:, 1]]
    of_ring, of_pixel = cut.parts[ring[:, 0], ring[:, 1]], cut.parts[pixels[:, 0], pixels[:, 1]]
    of_pixel[~np.isin(of_pixel, of_ring)] = ANY  # a part without a rim of its own
    costs = np.zeros((len(shifts), len(pixels)), np.float32)
    strip = cut.strips[pixels[:, 0], pixels[:, 1]] & (of_pixel != ANY)
    add_novelty(
        pixels,
        shifts.astype(np.int64),
        allowed,
        looks,
        ring.astype(np.float32),
        seen,
        of_pixel,
        of_ring,
        strip,
        np.float32(NOVELTY_PER_PX**2),
        np.float32(NOVELTY),
        np.float32(PART_NOVELTY),
        costs,
    )
    return costs


@kept(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"})
def add_novelty(
    pixels, shifts, allowed, looks, ring, seen, of_pixel, of_ring, strip, per_px, weight, part_weight, costs
):
    """Add weight x the least over a part's rim places of root(unlikeness^2 + per_px x distance^2) to costs (K, n)."""
    count = ring.shape[0]
    far = np.empty(count, np.float32)
    for n in range(pixels.shape[0]):
        row, col = pixels[n, 0], pixels[n, 1]
        for r in range(count):
            down, across = ring[r, 0] - np.float32(row), ring[r, 1] - np.float32(col)
            far[r] = per_px * (down * down + across * across)
            if of_pixel[n] != ANY and of_ring[r] != of_pixel[n]:
                far[r] = np.float32(1e30)
        parted = strip[n]
        for k in range(shifts.shape[0]):
            if not allowed[k, n]:
                continue
            look = looks[row + shifts[k, 0], col + shifts[k, 1]]
            best, alike = np.float32(1e30), np.float32(1e30)
            for r in range(count):
                if far[r] >= best and (far[r] >= np.float32(1e30) or not parted):
                    continue
                value = np.float32(0)
                for c in range(4):
                    away = look[c] - seen[r, c]
                    value += away * away
                best, alike = min(best, value + far[r]), min(alike, value)
            costs[k, n] += weight * np.sqrt(best)
            if parted:
                costs[k, n] += part_weight * np.sqrt(alike)
