"""Copies along a repeat, made as light as the rim and as each other.

Light falls on pickets and on the gaps between them alike, so copies are multiplied: unknown is the logarithm of a
factor. What it must be at the rim and at the seams is read from means over a period: single pixels there say more about
an edge that lies half a pixel off than about light.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.elation import Elation
from freefill.synthesis.solve import descend

FADE = 1.8  # periods, over which corrections fade
DARK = 0.03  # of full scale, added before the logarithm
NO_LIGHT = 0.25  # a logarithm of this size is followed by half: what is lighter still differs in kind
NO_SHADE = 0.6  # the same for what is darker: there are shadows of half the light
TOLERANCE = 1e-3  # of the logarithm of light: a tenth of a percent
MOST_STEPS = 400
SIDES = ((-1, 0), (0, -1), (1, 0), (0, 1))
RIM = 0  # steps: what is known lies where it is


def lift(
    image: NDArray[np.float32],
    known: NDArray[np.bool_],
    pixels: NDArray[np.int64],
    count: NDArray[np.int64],
    step: Elation,
    period: float,
) -> NDArray[np.float32]:
    """Return colours for pixels that are copied `count` steps away.

    Parameters
    ----------
    image : (H, W, 3) float32 in [0, 1]; read where known
    known : (H, W) bool
    pixels : (n, 2) int64, rows and columns
    count : (n,) int64, steps; not 0
    step : in the same pixels
    period : px, over which light is averaged

    Returns
    -------
    (n, 3) float32, not clipped
    """
    import cv2

    steps = np.zeros((known.shape[0] + 2, known.shape[1] + 2), np.int64)
    number = np.full(steps.shape, -1, np.int32)
    at = pixels[:, 0] + 1, pixels[:, 1] + 1
    number[at], steps[at] = np.arange(len(pixels), dtype=np.int32), count
    framed = np.pad(known, 1)
    inner = np.asarray(cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1), np.uint8)
    copies = np.zeros((len(pixels), 3), np.float32)
    for steps_away in np.unique(count):
        use = count == steps_away
        copies[use] = _seen(image, inner, pixels[use], int(steps_away), step)[0]
    near = np.empty((len(pixels), 4), np.int32)
    weight = np.zeros((len(pixels), 4), np.float32)
    right = np.zeros((len(pixels), 3), np.float32)
    for side, (down, across) in enumerate(SIDES):
        beside = at[0] + down, at[1] + across
        near[:, side], other = number[beside], steps[beside]
        weight[:, side] = (near[:, side] >= 0) | framed[beside]
        border = np.nonzero((weight[:, side] > 0) & (other != count))[0]
        # At the rim what is known is held against what would be copied there, at a seam one copy against the other.
        places = pixels[border] + (other[border] == RIM)[:, None] * np.array([down, across])
        gaps = _gaps(image, inner, places, (down, across), count[border], other[border], step, period)
        lighter = gaps.mean(axis=1)
        weight[border, side] /= 1 + (lighter / np.where(lighter < 0, NO_SHADE, NO_LIGHT)) ** 4
        right[border] += weight[border, side, None] * gaps
    diagonal = weight.sum(axis=1) + np.float32((FADE * period) ** -2.0)
    correction = np.zeros((len(pixels), 3), np.float32)
    descend(0, 3, near, weight, diagonal, right, correction, TOLERANCE, MOST_STEPS)
    return ((copies + np.float32(DARK)) * np.exp(correction) - np.float32(DARK)).astype(np.float32)


def _gaps(
    image: NDArray[np.float32],
    inner: NDArray[np.uint8],
    places: NDArray[np.int64],
    way: tuple[int, int],
    count: NDArray[np.int64],
    other: NDArray[np.int64],
    step: Elation,
    period: float,
) -> NDArray[np.float32]:
    """Return by how much the ground `other` steps away is lighter than that `count` steps away, logarithms (n, 3).

    Asked at `places`. Means are taken over half a period to both sides along `way` too: a rim that runs along pickets
    says nothing alone, and where steps change one of the two is often unknown.
    """
    import cv2

    gaps = np.zeros((len(places), 3), np.float32)
    half = max(2, round(period / 2))
    size = 2 * half + 1
    reach = np.arange(-half, half + 1, max(1, half // 8))
    for pair in np.unique(np.stack([count, other]), axis=1).T:
        use = np.nonzero((count == pair[0]) & (other == pair[1]))[0]
        asked = np.unique((places[use, None] + reach[:, None] * np.array(way)).reshape(-1, 2), axis=0)
        asked = asked[((asked >= 0) & (asked < inner.shape)).all(axis=1)]
        corner = asked.min(axis=0)
        both = np.ones(len(asked), bool)
        sums = np.zeros((*(asked.max(axis=0) - corner + 1), 7), np.float32)
        spot = tuple((asked - corner).T)
        for channel, steps in enumerate(pair):
            seen, there = _seen(image, inner, asked, int(steps), step)
            sums[(*spot, slice(3 * channel, 3 * channel + 3))] = seen
            both &= there
        sums[(*spot, 6)] = both
        sums *= sums[..., 6:]
        means = [
            cv2.boxFilter(np.ascontiguousarray(sums[..., part]), -1, (size, size), borderType=cv2.BORDER_CONSTANT)
            for part in (np.s_[:3], np.s_[3:6], np.s_[6:])
        ]
        rows, cols = (places[use] - corner).T
        one, two = (means[n][rows, cols] + DARK * means[2].reshape(sums.shape[:2])[rows, cols, None] for n in (0, 1))
        light = np.log(np.maximum(two, 1e-6) / np.maximum(one, 1e-6))
        gaps[use] = light
    return gaps


def _seen(
    image: NDArray[np.float32], inner: NDArray[np.uint8], pixels: NDArray[np.int64], count: int, step: Elation
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return what lies `count` steps from each pixel, between pixels, (n, 3), and where all of it is known."""
    import cv2

    if count == RIM:
        return image[pixels[:, 0], pixels[:, 1]], inner[pixels[:, 0], pixels[:, 1]] > 0
    moved, kept = step.move(pixels[:, ::-1], count)
    found, there = np.zeros((len(pixels), 3), np.float32), np.zeros(len(pixels), bool)
    for first in range(0, len(pixels), 16384):  # remap takes no more than 32,767 points a side
        part = moved[first : first + 16384].astype(np.float32)
        place = np.s_[first : first + 16384]
        seen = cv2.remap(image, part[:, :1], part[:, 1:], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        found[place] = seen[:, 0]
        near = cv2.remap(inner, part[:, :1], part[:, 1:], cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
        there[place] = near[:, 0] > 0
    return np.maximum(found, 0), there & kept  # cubic interpolation swings below 0
