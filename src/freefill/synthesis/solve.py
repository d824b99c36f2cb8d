"""Gradient-domain paste: colours that follow the copied pixels' differences and meet the known pixels at the rim.

References
----------
Perez, Gangnet, Blake, Poisson image editing, SIGGRAPH 2003. Here with screening: each pixel is also drawn to its copy,
which keeps colours from drifting and lets the solver converge in tens of steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.compiled import Crew, kernel

SCREENING = 0.02  # corrections fade over about 7 pixels
TOLERANCE = 1e-4
MOST_STEPS = 400


@kernel
def assemble(first, last, bounds, image, known, holes, number, copied, screening, near, diagonal, right):
    """Write each hole pixel's neighbours (n, 4; -1 = not in the hole), matrix diagonal (n,) and right side (n, 3).

    Unknown is the correction that is added to the copy.
    """
    height, width = known.shape
    for n in range(bounds[first], bounds[last]):
        row, col = holes[n, 0], holes[n, 1]
        from_y, from_x = copied[n, 0], copied[n, 1]
        diagonal[n] = screening
        for k in range(3):
            right[n, k] = 0
        for side in range(4):
            dy = (side - 1) if side < 3 and side != 1 else 0
            dx = 0
            if side == 1:
                dx = -1
            elif side == 3:
                dx = 1
            y, x = row + dy, col + dx
            near[n, side] = -1
            if y < 0 or y >= height or x < 0 or x >= width:
                continue
            other = number[y, x]
            if other < 0 and not known[y, x]:
                continue
            own = 0 <= from_y + dy < height and 0 <= from_x + dx < width and known[from_y + dy, from_x + dx]
            back_y, back_x = np.int64(0), np.int64(0)
            theirs = False
            if other >= 0:
                back_y, back_x = copied[other, 0] - dy, copied[other, 1] - dx
                theirs = 0 <= back_y < height and 0 <= back_x < width and known[back_y, back_x]
            if not own and not theirs:
                continue
            near[n, side] = other
            diagonal[n] += 1
            for k in range(3):
                here = image[from_y, from_x, k]
                there = image[copied[other, 0], copied[other, 1], k] if other >= 0 else image[y, x, k]
                # The upper or left one of two says how they differ: a mean of both would halve the grain there.
                if own and (side >= 2 or not theirs):
                    wanted = here - image[from_y + dy, from_x + dx, k]
                else:
                    wanted = image[back_y, back_x, k] - there
                right[n, k] += wanted - (here - there)


@kernel
def descend(first, last, near, diagonal, right, answer, tolerance, most):
    """Conjugate gradients with a diagonal preconditioner, one channel at a time."""
    count = diagonal.shape[0]
    residual = np.empty(count, np.float32)
    direction = np.empty(count, np.float32)
    product = np.empty(count, np.float32)
    for k in range(first, last):
        size = 0.0
        slope = 0.0
        for n in range(count):
            answer[n, k] = 0
            residual[n] = right[n, k]
            direction[n] = residual[n] / diagonal[n]
            size += np.float64(residual[n]) * np.float64(residual[n])
            slope += np.float64(residual[n]) * np.float64(direction[n])
        goal = size * tolerance * tolerance
        for _ in range(most):
            if size <= goal or slope <= 0:
                break
            bend = 0.0
            for n in range(count):
                total = diagonal[n] * direction[n]
                for side in range(4):
                    other = near[n, side]
                    if other >= 0:
                        total -= direction[other]
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
) -> NDArray[np.float32]:
    """Return the hole pixels' colours.

    Minimises over u the sum of (u_p - u_q - g_pq)^2 over neighbours plus screening x (u_p - copy_p)^2; g_pq is the
    mean of the difference next to p's source and that next to q's source.

    Parameters
    ----------
    image : (H, W, 3) float32
    known : (H, W) uint8, 1 = known (and fixed)
    holes : (n, 2) int32, rows and columns to be written
    copied : (n, 2) int32, where each of them is copied from

    Returns
    -------
    (n, 3) float32, not clipped
    """
    from freefill.synthesis.pyramid import strips_of

    count = len(holes)
    number = np.full(known.shape, -1, np.int32)
    number[holes[:, 0], holes[:, 1]] = np.arange(count, dtype=np.int32)
    near = np.empty((count, 4), np.int32)
    diagonal = np.empty(count, np.float32)
    right = np.empty((count, 3), np.float32)
    correction = np.empty((count, 3), np.float32)
    crew.run(
        assemble, 8, strips_of(count), image, known, holes, number, copied, np.float32(screening), near, diagonal, right
    )
    crew.run(descend, 3, near, diagonal, right, correction, TOLERANCE, MOST_STEPS, work=count)
    return image[copied[:, 0], copied[:, 1]] + correction
