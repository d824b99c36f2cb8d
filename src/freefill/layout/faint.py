"""Faint edges and thin lines that run into the hole, which a segment detector does not see: a wire before the sky.

Around the rim every place and direction is asked: does what lies to the left differ from what lies to the right, or
the middle from both, by the same amount all along the way? A wire of two levels in a clean sky does, gravel of thirty
does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.compiling import kept
from freefill.layout.sight import Sight

START_PX = 2.5  # from the hole
LENGTH_PX = 18  # along which it must hold
TURNS = np.deg2rad(np.arange(-65, 66, 5.0))  # of the way back, against the rim's normal
SIDE_PX = 3  # colours to each side
LEAST_STEP = 1.5  # Lab
LEAST_SURE = 6.0  # standard errors
FIRST_SURE = 4.5  # before a way is moved to its best
PEAK = 0.6  # of the step may be left this far beside it: more, and it is a soft gradient
MOVES = 6  # quarters of a pixel to each side by which a way is moved to its best
BESIDE_PX = 5.0
STANDS_OUT = 2.8  # times the median step of all directions around there: in gravel every direction has one
AROUND_PX = 15.0
THIN = 0.7  # of an edge's step a line's must be: at the side of a mere edge it is a half
MOST = 60


@kept(nogil=True, error_model="numpy")
def read_across(lab, clear, row, col, down, across, half, fine, values, seen):
    """Read colours across a way, (length, 2 half + 1, 3), 1/fine px apart; mark in `seen` where all of it is known.

    It stops at once where something is not known and `fine` is 1: then nothing can be said.
    """
    height, width = clear.shape
    seen[:] = 1
    for s in range(values.shape[0]):
        for q in range(-half, half + 1):
            if not seen[q + half]:
                continue
            o = q / fine
            y, x = row + s * down - o * across, col + s * across + o * down
            i, j = int(y), int(x)
            known = y >= 0 and x >= 0 and i < height - 1 and j < width - 1
            if not (known and clear[i, j] and clear[i + 1, j] and clear[i, j + 1] and clear[i + 1, j + 1]):
                seen[q + half] = 0
                if fine == 1:
                    return
                continue
            v, u = y - i, x - j
            for c in range(3):
                top = lab[i, j, c] * (1 - u) + lab[i, j + 1, c] * u
                low = lab[i + 1, j, c] * (1 - u) + lab[i + 1, j + 1, c] * u
                values[s, q + half, c] = top * (1 - v) + low * v


@kept(nogil=True, error_model="numpy")
def steps_across(values, seen, middle, fine, side, result):
    """Write the mean step at a place across a way as an edge and as a thin line, and their standard errors.

    `result` (4,): |edge|, its error, |line|, its error, Lab; all 0 where the way leaves what is known.
    """
    result[:] = 0
    for o in range(-side, side + 1):
        if not seen[middle + o * fine]:
            return
    length = values.shape[0]
    for c in range(3):
        edge = edge2 = line = line2 = 0.0
        for s in range(length):
            left = right = 0.0
            for o in range(side):
                right += values[s, middle + (o - side) * fine, c] / side
                left += values[s, middle + (o + 1) * fine, c] / side
            step = left - right
            ridge = values[s, middle, c] - (values[s, middle - 2 * fine, c] + values[s, middle + 2 * fine, c]) / 2
            edge += step / length
            edge2 += step * step / length
            line += ridge / length
            line2 += ridge * ridge / length
        result[0] += edge**2
        result[1] += max(edge2 - edge**2, 0.0)
        result[2] += line**2
        result[3] += max(line2 - line**2, 0.0)
    few = length / 2  # neighbours along the way are not independent
    result[0], result[2] = np.sqrt(result[0]), np.sqrt(result[2])
    # 0.05: a clean sky has no error at all, and would be sure of anything.
    result[1], result[3] = np.sqrt(result[1] / few) + 0.05, np.sqrt(result[3] / few) + 0.05


@kept(nogil=True, error_model="numpy")
def scan(lab, clear, places, normals, turns, length, side, least_step, least_sure, sure, usual):
    """Ask every place in every direction; write how many standard errors the larger step is, (n, turns).

    `usual` (n,) is the median step of all directions, 0 where none can be asked.
    """
    result, steps = np.empty(4), np.empty(turns.shape[0])
    values, seen = np.empty((length, 2 * side + 1, 3)), np.empty(2 * side + 1, np.uint8)
    for n in range(places.shape[0]):
        asked = 0
        for t in range(turns.shape[0]):
            c, s = np.cos(turns[t]), np.sin(turns[t])
            down, across = normals[n, 0] * c - normals[n, 1] * s, normals[n, 0] * s + normals[n, 1] * c
            read_across(lab, clear, places[n, 0], places[n, 1], down, across, side, 1, values, seen)
            steps_across(values, seen, side, 1, side, result)
            if result[1] > 0:
                steps[asked] = max(result[0], result[2])
                asked += 1
            for k in (0, 2):
                if result[k] >= least_step and result[k] >= least_sure * result[k + 1]:
                    sure[n, t] = max(sure[n, t], result[k] / result[k + 1])
        if asked:
            usual[n] = np.median(steps[:asked])


@kept(nogil=True, error_model="numpy")
def refine(lab, clear, row, col, down, across, length, side, beside, best):
    """Move and turn a way to where its step is largest, as an edge and as a line.

    `best` (2, 7): row, col, down, across, step, how many standard errors it is, and the larger step beside it.
    """
    result = np.empty(4)
    best[:] = 0
    # Ways a quarter of a pixel apart read the same places: each is read once.
    half = 4 * side + MOVES
    values, seen = np.empty((length, 2 * half + 1, 3)), np.empty(2 * half + 1, np.uint8)
    for turn in range(-5, 6):  # to both sides as far as the next direction that was asked
        c, s = np.cos(np.pi / 180 * turn), np.sin(np.pi / 180 * turn)
        dy, dx = down * c - across * s, down * s + across * c
        read_across(lab, clear, row, col, dy, dx, half, 4, values, seen)
        for k in range(-MOVES, MOVES + 1):
            steps_across(values, seen, half + k, 4, side, result)
            for kind in range(2):
                step = result[2 * kind]
                if step > best[kind, 4]:
                    y, x = row - 0.25 * k * dx, col + 0.25 * k * dy
                    best[kind, 0], best[kind, 1], best[kind, 2], best[kind, 3] = y, x, dy, dx
                    best[kind, 4], best[kind, 5] = step, step / result[2 * kind + 1]
    values, seen = np.empty((length, 2 * side + 1, 3)), np.empty(2 * side + 1, np.uint8)
    for kind in range(2):
        y, x, dy, dx = best[kind, 0], best[kind, 1], best[kind, 2], best[kind, 3]
        for aside in (-beside, beside):
            read_across(lab, clear, y - aside * dx, x + aside * dy, dy, dx, side, 1, values, seen)
            steps_across(values, seen, side, 1, side, result)
            best[kind, 6] = max(best[kind, 6], result[2 * kind])


def faint_ways(
    sight: Sight, distance: NDArray[np.float32]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    """Return place near the rim, unit vector back from the hole, and standard errors of every edge found; surest first.

    Parameters
    ----------
    distance : (h, w) float32, of known pixels to the hole
    """
    import cv2

    ring = cv2.inRange(distance, START_PX - 0.5, START_PX + 0.5) > 0
    places = np.argwhere(ring).astype(np.float64)
    if len(places) == 0:
        return []
    # The distance itself has kinks where two pieces of rim are equally near.
    smooth = cv2.GaussianBlur(distance, (0, 0), 2.0)
    slopes = np.stack(np.gradient(smooth), -1)[ring].astype(np.float64)
    normals = slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-6)
    lab, clear = np.ascontiguousarray(sight.lab, np.float32), distance > 1.0
    sure, usual = np.zeros((len(places), len(TURNS))), np.zeros(len(places))
    scan(lab, clear, places, normals, TURNS, LENGTH_PX, SIDE_PX, LEAST_STEP, FIRST_SURE, sure, usual)
    unrest = _around(places, usual, clear.shape)
    found: list[tuple[NDArray[np.float64], NDArray[np.float64], float]] = []
    best, taken = np.empty((2, 7)), np.empty((MOST, 4))
    for flat in np.argsort(-sure, axis=None, kind="stable")[: int(np.count_nonzero(sure))]:
        n, t = divmod(int(flat), len(TURNS))
        c, s = np.cos(TURNS[t]), np.sin(TURNS[t])
        way = np.array([[c, -s], [s, c]]) @ normals[n]
        if _beside(places[n], way, taken[: len(found)]):
            continue
        refine(lab, clear, *places[n], *way, LENGTH_PX, SIDE_PX, BESIDE_PX, best)
        chosen = best[1] if best[1, 4] >= THIN * best[0, 4] else best[0]
        step, far, beside = chosen[4:]
        if step >= max(LEAST_STEP, STANDS_OUT * unrest[n]) and far >= LEAST_SURE and beside <= PEAK * step:
            taken[len(found)] = chosen[:4]
            found.append((chosen[:2].copy(), chosen[2:4].copy(), float(far)))
            if len(found) == MOST:
                break
    return found


@kept(nogil=True, error_model="numpy")
def _beside(place, way, taken):
    """Tell whether a way is another look at one of those taken, (n, 4) of place and direction."""
    for n in range(taken.shape[0]):
        apart = np.hypot(place[0] - taken[n, 0], place[1] - taken[n, 1])
        if apart < BESIDE_PX and way[0] * taken[n, 2] + way[1] * taken[n, 3] > 0.7:
            return True
    return False


def _around(places: NDArray[np.float64], usual: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the mean of a number over the places near each, of those that have one."""
    import cv2

    rows, cols = places.astype(int).T
    blurred = []
    for values in (usual, usual > 0):
        sheet = np.zeros(size, np.float32)
        sheet[rows, cols] = values
        blurred.append(np.asarray(cv2.GaussianBlur(sheet, (0, 0), AROUND_PX), np.float32))
    return (blurred[0] / np.maximum(blurred[1], 1e-6))[rows, cols]
