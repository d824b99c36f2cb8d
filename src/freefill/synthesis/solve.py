"""Gradient-domain paste: copies that are lifted so that they meet each other, and the known pixels at the rim.

What is followed and what is not:
- where two copies meet and differ a little, one is lifted until they are level: no seam shows;
- where they differ by much they are two things, and the edge between them stays as hard as it was copied: to follow it
  would smear both over several pixels. Much is less in the dark, where the eye tells small steps apart. Not where both
  are out of focus: no edge is hard there;
- smooth ground (`membrane.py`) is drawn to its own light, whatever the copies' light is.

References
----------
Perez, Gangnet, Blake, Poisson image editing, SIGGRAPH 2003. Here with screening: each pixel is also drawn to its copy,
which keeps colours from drifting and lets the solver converge in tens of steps. And where two copies meet, the step
between them is a mean over a few pixels, so that the grain is left as it was copied.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.compiled import Crew, kernel, part

SCREENING = 0.02  # corrections fade over about 7 pixels
HARD = 0.08  # of full scale: a step of this size is followed by half
HARD_SHARE = 0.1  # of the mean of both, where that is dark: there a smaller step is an edge as clear (Weber's law)
DARK_HARD = 0.03  # of full scale, at least: smaller steps are the noise of dark ground
EDGE_MIX = 0.2  # of the pixel across a hard edge
STILL_LINKED = 1e-3  # of a hard step, so that the matrix stays well behaved
TOLERANCE = 1e-4
MOST_STEPS = 400


@part
def step_between(image, known, dy, dx, from_y, from_x, other_y, other_x, inside, step):
    """Write how far one copy lies above another where they meet, and their mean level, (4,); return the pixels asked.

    (from_y, from_x) is a pixel's source, (other_y, other_x) that of its neighbour by (dy, dx). `inside` is 1 where both
    are copies: the mean over three pixels along the seam on both sides is taken, for that of one pair is mostly grain,
    and to follow it would level the grain around. It is 0 for a known neighbour, which is met exactly.
    """
    height, width = known.shape
    step[:] = 0
    count = 0
    for along in range(-inside, inside + 1):
        for across in range(1 - inside, 2):
            i, j = across * dy + along * dx, across * dx + along * dy
            y, x = from_y + i, from_x + j
            v, u = other_y - dy + i, other_x - dx + j
            if y < 0 or y >= height or x < 0 or x >= width or v < 0 or v >= height or u < 0 or u >= width:
                continue
            if known[y, x] and known[v, u]:
                count += 1
                for k in range(3):
                    step[k] += image[y, x, k] - image[v, u, k]
                    step[3] += (image[y, x, k] + image[v, u, k]) / np.float32(6)
    for k in range(4):
        step[k] /= max(count, 1)
    return count


@part
def threshold(level, least):
    """Return the step that is followed by half between two things of this mean level, of full scale."""
    return min(max(np.float32(HARD_SHARE) * level, least), np.float32(HARD))


def hardness(step: NDArray[np.float32], level: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far steps between two copies are followed, 1 (fully) to nearly 0: 1 / (1 + (step / threshold)^4).

    `step` is the mean absolute difference of the channels, `level` the mean of both over channels, of full scale.
    """
    half = np.clip(HARD_SHARE * level, DARK_HARD, HARD)
    return (1 / (1 + (step / half) ** 4) + STILL_LINKED).astype(np.float32)


@kernel
def assemble(
    first,
    last,
    bounds,
    image,
    known,
    holes,
    number,
    copied,
    smooth,
    blurred,
    lift,
    screening,
    least_hard,
    near,
    weight,
    diagonal,
    right,
):
    """Write each hole pixel's neighbours (n, 4; -1 = not in the hole), weights, diagonal (n,) and right side (n, 3).

    Unknown is the correction that is added to the copy. `smooth`, `blurred` (n,) and `lift` (n, 3): see `membrane.py`.
    """
    height, width = known.shape
    step = np.empty(4, np.float32)
    for n in range(bounds[first], bounds[last]):
        row, col = holes[n, 0], holes[n, 1]
        from_y, from_x = copied[n, 0], copied[n, 1]
        diagonal[n] = screening
        for k in range(3):
            right[n, k] = screening * lift[n, k]
        for side in range(4):
            dy = (side - 1) if side < 3 and side != 1 else 0
            dx = 0
            if side == 1:
                dx = -1
            elif side == 3:
                dx = 1
            y, x = row + dy, col + dx
            near[n, side] = -1
            weight[n, side] = 0
            if y < 0 or y >= height or x < 0 or x >= width:
                continue
            other = number[y, x]
            if other < 0 and not known[y, x]:
                continue
            other_y, other_x = (copied[other, 0], copied[other, 1]) if other >= 0 else (y, x)
            w = np.float32(1)
            if smooth[n] and (other < 0 or smooth[other]):
                for k in range(3):
                    right[n, k] += lift[n, k] - (lift[other, k] if other >= 0 else np.float32(0))
            elif other_y - from_y != dy or other_x - from_x != dx:
                inside = 1 if other >= 0 else 0
                if step_between(image, known, dy, dx, from_y, from_x, other_y, other_x, inside, step) == 0:
                    continue
                if inside and not (blurred[n] and blurred[other]):
                    size = (abs(step[0]) + abs(step[1]) + abs(step[2])) / (3 * threshold(step[3], least_hard))
                    w = 1 / (1 + size * size * size * size) + np.float32(STILL_LINKED)
                for k in range(3):
                    right[n, k] -= w * step[k]
            near[n, side] = other
            weight[n, side] = w
            diagonal[n] += w


@kernel
def descend(first, last, near, weight, diagonal, right, answer, tolerance, most):
    """Conjugate gradients with a diagonal preconditioner, one channel at a time; `answer` holds the first guess."""
    count = diagonal.shape[0]
    residual = np.empty(count, np.float32)
    direction = np.empty(count, np.float32)
    product = np.empty(count, np.float32)
    for k in range(first, last):
        goal = 0.0
        size = 0.0
        slope = 0.0
        for n in range(count):
            left = right[n, k] - diagonal[n] * answer[n, k]
            for side in range(4):
                other = near[n, side]
                if other >= 0:
                    left += weight[n, side] * answer[other, k]
            residual[n] = left
            direction[n] = left / diagonal[n]
            # Summed in 64 bits: in 32 the small ones would be lost.
            goal += np.float64(right[n, k]) * np.float64(right[n, k])
            size += np.float64(left) * np.float64(left)
            slope += np.float64(left) * np.float64(direction[n])
        goal *= tolerance * tolerance
        for _ in range(most):
            if size <= goal or slope <= 0:
                break
            bend = 0.0
            for n in range(count):
                total = diagonal[n] * direction[n]
                for side in range(4):
                    other = near[n, side]
                    if other >= 0:
                        total -= weight[n, side] * direction[other]
                product[n] = total
                bend += np.float64(total) * np.float64(direction[n])
            length = np.float32(slope / bend)
            size = 0.0
            next_slope = 0.0
            for n in range(count):
                answer[n, k] += length * direction[n]
                residual[n] -= length * product[n]
                r = np.float64(residual[n])
                size += r * r
                next_slope += r * r / diagonal[n]
            turn = np.float32(next_slope / slope)
            slope = next_slope
            for n in range(count):
                direction[n] = residual[n] / diagonal[n] + turn * direction[n]


def paste(
    image: NDArray[np.float32],
    known: NDArray[np.uint8],
    holes: NDArray[np.int32],
    copied: NDArray[np.int32],
    crew: Crew,
    screening: float = SCREENING,
    membrane: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float32]] | None = None,
    tell: Callable[[float], None] | None = None,
    least_hard: float = HARD,
) -> NDArray[np.float32]:
    """Return the hole pixels' colours.

    They are copies plus corrections c. Minimises over c the sum of w (c_p - c_q + s_pq)^2 over neighbours plus
    screening x (c_p - lift_p)^2; s_pq is how far p's copy lies above q's where they meet (`step_between`), w is small
    where that is much (`hardness`), c is 0 where known. In smooth ground s_pq is lift_q - lift_p.

    Parameters
    ----------
    image : (H, W, 3) float32
    known : (H, W) uint8, 1 = known (and fixed)
    holes : (n, 2) int32, rows and columns to be written
    copied : (n, 2) int32, where each of them is copied from
    membrane : smooth (n,), blurred (n,) and lift (n, 3) of `membrane.Membrane`; None = nothing is smooth
    tell : called with the share that is done, 0 to 1
    least_hard : of full scale; in the dark a step that is followed by half may be as small as this. A small picture
        that only steers a search has no edges to keep, and leaves it at HARD.

    Returns
    -------
    (n, 3) float32, not clipped
    """
    from freefill.synthesis.pyramid import strips_of

    count = len(holes)
    number = np.full(known.shape, -1, np.int32)
    number[holes[:, 0], holes[:, 1]] = np.arange(count, dtype=np.int32)
    near = np.empty((count, 4), np.int32)
    weight = np.empty((count, 4), np.float32)
    diagonal = np.empty(count, np.float32)
    right = np.empty((count, 3), np.float32)
    nothing = np.zeros(count, np.bool_)
    smooth, blurred, lift = membrane or (nothing, nothing, np.zeros((count, 3), np.float32))
    crew.run(
        assemble,
        8,
        strips_of(count),
        image,
        known,
        holes,
        number,
        copied,
        smooth,
        blurred,
        lift,
        np.float32(screening),
        np.float32(least_hard),
        near,
        weight,
        diagonal,
        right,
    )
    correction = lift.copy()
    crew.run(descend, 3, near, weight, diagonal, right, correction, TOLERANCE, MOST_STEPS, work=count, tell=tell)
    return _softened(image[copied[:, 0], copied[:, 1]] + correction, near, weight)


def _softened(
    colours: NDArray[np.float32], near: NDArray[np.int32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mix the two pixels at each hard edge a little: a cut between pixels is sharper than any lens, and has stairs."""
    hard = np.where(near >= 0, 1 - np.minimum(weight, 1), 0) * np.float32(EDGE_MIX)
    cut = hard.max(axis=1) > EDGE_MIX / 10
    mixed = colours.copy()
    for side in range(4):
        mixed[cut] += hard[cut, side, None] * (colours[near[cut, side]] - colours[cut])
    return mixed
