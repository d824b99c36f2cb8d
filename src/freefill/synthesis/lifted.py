"""Copies along a repeat, made as light as the rim and as each other.

Light falls on pickets and on the gaps between them alike, so copies are multiplied: unknown is the logarithm of a
factor. What it must be at the rim and at the seams is read from means over a period: single pixels there say more about
an edge that lies half a pixel off than about light.

A shadow that stays outside the hole takes more light from what the sun shines on than from what lies in the gaps, so
the contrast of the copies is made to fit as well (a line through the logarithms of what is copied and what is known).
What then is left at single pixels of the rim is met within a few pixels, along the things and not across them. So a
shadow that the hole cuts off ends softly.
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
NO_CONTRAST = 0.02  # of squared logarithms, added to a spread: what is plain has no contrast to fit
CONTRASTS = -0.8, 0.5  # by which the contrast may change, of itself
ALIKE = 0.2, 0.7  # correlation from which, and at which, the rim shows what is copied
MET_PX = 5.0  # over which what is left at single pixels of the rim fades
NO_REST = 0.5  # a rest of this logarithm is met by half: more is an edge that lies beside the other
EDGE = 0.25  # a step between neighbouring copies of this logarithm is crossed by half
LEAST_LINK = 1e-3
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
    near, rims = _neighbours(number, framed, at)
    weight = ((near >= 0) | rims).astype(np.float32)
    shown = np.zeros_like(weight)  # how far the rim there shows what is copied
    right = np.zeros((len(pixels), 6), np.float32)  # of light, and of contrast
    for side, way in enumerate(SIDES):
        other = steps[at[0] + way[0], at[1] + way[1]]
        border = np.nonzero((weight[:, side] > 0) & (other != count))[0]
        # At the rim what is known is held against what would be copied there, at a seam one copy against the other.
        at_rim = other[border] == RIM
        places = pixels[border] + at_rim[:, None] * np.array(way)
        gaps, contrast, alike = _gaps(image, inner, places, way, count[border], other[border], step, period)
        lighter = gaps.mean(axis=1)
        weight[border, side] /= 1 + (lighter / np.where(lighter < 0, NO_SHADE, NO_LIGHT)) ** 4
        shown[border[at_rim], side] = alike[at_rim]
        weight[border[at_rim], side] *= alike[at_rim]
        right[border, :3] += weight[border, side, None] * gaps
        right[border, 3:] += weight[border, side, None] * np.where(at_rim, contrast, 0)[:, None]
    light, contrast = (
        _spread(near, weight, np.ascontiguousarray(right[:, part]), FADE * period) for part in (np.s_[:3], np.s_[3:])
    )
    logs = np.log(np.maximum(copies, 0) + np.float32(DARK))
    logs += light + contrast * (logs - _local_mean(logs, pixels, known.shape, period))
    logs += _rest_at_rim(image, inner, pixels, count, step, near, shown, copies, logs)
    return (np.exp(logs) - np.float32(DARK)).astype(np.float32)


def _neighbours(
    number: NDArray[np.int32], framed: NDArray[np.bool_], at: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the numbers of the pixels beside each (n, 4), -1 = none, and which of these places are known (n, 4)."""
    beside = [(at[0] + down, at[1] + across) for down, across in SIDES]
    return np.stack([number[b] for b in beside], axis=1), np.stack([framed[b] for b in beside], axis=1)


def _spread(
    near: NDArray[np.int32], weight: NDArray[np.float32], right: NDArray[np.float32], fade_px: float
) -> NDArray[np.float32]:
    """Return what is wanted at some pixels (`right`, weighted, (n, 3)) spread over all, fading over `fade_px`."""
    diagonal = (weight.sum(axis=1) + fade_px**-2.0).astype(np.float32)
    spread = np.zeros_like(right)
    descend(0, 3, near, weight, diagonal, right, spread, TOLERANCE, MOST_STEPS)
    return spread


def _local_mean(
    values: NDArray[np.float32], pixels: NDArray[np.int64], size: tuple[int, ...], period: float
) -> NDArray[np.float32]:
    """Return the mean of the values within half a period of each pixel, (n, 3)."""
    plane, there = np.zeros((*size, 3), np.float32), np.zeros((*size, 1), np.float32)
    place = pixels[:, 0], pixels[:, 1]
    plane[place], there[place] = values, 1
    return (_summed(plane, period) / np.maximum(_summed(there, period), 1e-6))[place].astype(np.float32)


def _summed(values: NDArray[np.float32], period: float) -> NDArray[np.float32]:
    """Return means over a window of a period, (h, w, c); what lies outside counts as 0."""
    import cv2

    size = 2 * _half(period) + 1
    means = cv2.boxFilter(np.ascontiguousarray(values), -1, (size, size), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(means, np.float32).reshape(values.shape)


def _half(period: float) -> int:
    return max(2, round(period / 2))


def _rest_at_rim(
    image: NDArray[np.float32],
    inner: NDArray[np.uint8],
    pixels: NDArray[np.int64],
    count: NDArray[np.int64],
    step: Elation,
    near: NDArray[np.int32],
    shown: NDArray[np.float32],
    copies: NDArray[np.float32],
    logs: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return what `logs` (n, 3) still lack at single pixels of the rim, fading over a few pixels.

    `shown` (n, 4) says how far the rim on each side shows what is copied, 0 to 1.
    """
    steps = np.abs(logs[near] - logs[:, None]).mean(axis=2)
    weight = np.where(near >= 0, 1 / (1 + (steps / EDGE) ** 4) + LEAST_LINK, 0).astype(np.float32)
    right = np.zeros_like(logs)
    lifted = logs - np.log(np.maximum(copies, 0) + np.float32(DARK))
    for side, way in enumerate(SIDES):
        for steps_away in np.unique(count[shown[:, side] > 0]):
            at = np.nonzero((shown[:, side] > 0) & (count == steps_away))[0]
            places = pixels[at] + np.array(way)
            seen, there = _seen(image, inner, places, int(steps_away), step)
            rest = np.log(image[places[:, 0], places[:, 1]] + DARK) - np.log(seen + DARK) - lifted[at]
            weight[at, side] = shown[at, side] * there / (1 + (np.abs(rest).mean(axis=1) / NO_REST) ** 4)
            right[at] += weight[at, side, None] * rest
    return _spread(near, weight, right, MET_PX)


def _gaps(
    image: NDArray[np.float32],
    inner: NDArray[np.uint8],
    places: NDArray[np.int64],
    way: tuple[int, int],
    count: NDArray[np.int64],
    other: NDArray[np.int64],
    step: Elation,
    period: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return by how much the ground `other` steps away differs from that `count` steps away, at `places`.

    That is how much lighter it is, logarithms (n, 3); how much more contrast it has, of that contrast (n,); and whether
    both show the same, 0 to 1 (n,). Means are taken over half a period to both sides along `way` too: a rim that runs
    along pickets says nothing alone, and where steps change one of the two is often unknown.
    """
    gaps = np.zeros((len(places), 3), np.float32)
    contrast, alike = np.zeros((2, len(places)), np.float32)
    half = _half(period)
    reach = np.arange(-half, half + 1, max(1, half // 8))
    for pair in np.unique(np.stack([count, other]), axis=1).T:
        use = np.nonzero((count == pair[0]) & (other == pair[1]))[0]
        asked = np.unique((places[use, None] + reach[:, None] * np.array(way)).reshape(-1, 2), axis=0)
        asked = asked[((asked >= 0) & (asked < inner.shape)).all(axis=1)]
        corner = asked.min(axis=0)
        both = np.ones(len(asked), bool)
        logs = np.zeros((2, *(asked.max(axis=0) - corner + 1), 3), np.float32)
        spot = tuple((asked - corner).T)
        for number, steps in enumerate(pair):
            seen, there = _seen(image, inner, asked, int(steps), step)
            logs[(number, *spot)] = np.log(seen + DARK)
            both &= there
        share = np.zeros((*logs.shape[1:3], 1), np.float32)
        share[spot] = both[:, None]
        logs *= share
        total = np.maximum(_summed(share, period), 1e-6)
        one, two = (_summed(values, period) / total for values in logs)
        spreads = [
            (_summed(np.ascontiguousarray(a * b), period) / total - c * d).mean(axis=2)
            for a, b, c, d in ((*logs[[0, 0]], one, one), (*logs[[1, 1]], two, two), (*logs, one, two))
        ]
        rows, cols = (places[use] - corner).T
        own, known, together = (spread[rows, cols] for spread in spreads)
        gaps[use] = (two - one)[rows, cols]
        contrast[use] = np.clip((together - own) / (np.maximum(own, 0) + NO_CONTRAST), *CONTRASTS)
        same = (together + NO_CONTRAST) / (np.sqrt(np.maximum(own * known, 0)) + NO_CONTRAST)
        alike[use] = np.clip((same - ALIKE[0]) / (ALIKE[1] - ALIKE[0]), 0, 1)
    return gaps, contrast, alike


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
