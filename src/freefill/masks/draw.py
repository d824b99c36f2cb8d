"""Masks by code: strokes, boxes, discs and polygons, the same on every machine.

Shapes are decided in whole numbers (sixteenths of a pixel), without smooth edges: no library's rounding enters. Random
masks take uniform numbers from the generator and nothing else, and turn them into angles and lengths with additions,
multiplications and roots, which every machine rounds alike; sines and logarithms differ in the last place.

References
----------
Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, section 3.4 and the authors' code. Both
public codes exchange width and height where a stroke may reach; here it may reach the whole picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values import Box, Hole

_SUB = 16  # steps of a pixel in which shapes are decided
_REACH = 1 << 24  # coordinates beyond it, px, are refused: numbers would no longer be exact

Point = tuple[float, float]  # row, col; whole numbers are pixel centres


def box_mask(size: tuple[int, int], box: Box) -> Hole:
    """Return (H, W) bool, True inside the box; what lies outside the picture is cut."""
    hole = np.zeros(size, bool)
    hole[max(box.top, 0) : max(box.bottom, 0), max(box.left, 0) : max(box.right, 0)] = True
    return hole


def disc_mask(size: tuple[int, int], centre: Point, radius_px: float) -> Hole:
    """Return (H, W) bool, True where a pixel's centre is at most `radius_px` from `centre`."""
    return stroke_mask(size, [centre], 2 * radius_px)


def stroke_mask(size: tuple[int, int], points: Sequence[Point], width_px: float) -> Hole:
    """Return (H, W) bool: a line through the points, `width_px` wide, with round joints and ends.

    Examples
    --------
    >>> stroke_mask((3, 5), [(1, 1), (1, 3)], 1).astype(int).tolist()
    [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    """
    hole = np.zeros(size, bool)
    places = _fixed(points)
    width = round(width_px * _SUB)
    if len(places) == 1:
        _add_segment(hole, places[0], places[0], width)
    for start, end in itertools.pairwise(places):
        _add_segment(hole, start, end, width)
    return hole


def polygon_mask(size: tuple[int, int], points: Sequence[Point]) -> Hole:
    """Return (H, W) bool, True where a pixel's centre lies inside the closed polygon (even-odd rule).

    Of two polygons that share an edge, each pixel centre on it belongs to one.

    Examples
    --------
    >>> polygon_mask((3, 4), [(0, 0), (0, 3), (2, 3), (2, 0)]).astype(int).tolist()
    [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]
    """
    height, width = size
    crossings = np.zeros((height, width + 1), np.int32)  # [row, col]: edges left of which all pixels up to col lie
    places = _fixed(points)
    for (row_a, col_a), (row_b, col_b) in zip(places, places[1:] + places[:1], strict=True):
        if row_a == row_b:
            continue
        if row_a > row_b:
            row_a, col_a, row_b, col_b = row_b, col_b, row_a, col_a
        rows = np.arange(max(-(-row_a // _SUB), 0), min(-(-row_b // _SUB), height), dtype=np.int64)
        below = row_b - row_a
        at = col_a * below + (rows * _SUB - row_a) * (col_b - col_a)  # the edge's column times `below`
        count = -(-at // (below * _SUB))  # pixels whose centre lies left of the edge
        np.add.at(crossings, (rows, np.clip(count, 0, width)), 1)
    right_of = crossings[:, ::-1].cumsum(axis=1)[:, ::-1]  # edges right of or at each column's centre
    return (right_of[:, 1:] & 1).astype(bool)


def free_form_mask(size: tuple[int, int], rng: np.random.Generator, width_scale: float = 1.0) -> Hole:
    """Draw the free-form strokes of DeepFillv2.

    1 to 3 strokes of 4 to 11 segments that turn to and fro; the segments' lengths follow the picture's diagonal, their
    widths (12 to 39 px) do not.

    Parameters
    ----------
    size : (height, width), any
    rng : gives uniform numbers only
    width_scale : widths are meant for 256 px; min(height, width) / 256 lets them follow the picture

    Returns
    -------
    (H, W) bool
    """
    height, width = size
    hole = np.zeros(size, bool)
    # Lengths, angles (72 degrees, give or take 24), widths and counts are those of the authors' code.
    mean = math.sqrt(height * height + width * width) / 8
    for _ in range(_integer(rng, 1, 3)):
        segments = _integer(rng, 4, 11)
        low = math.tau / 5 - rng.random() * math.tau / 15
        high = math.tau / 5 + rng.random() * math.tau / 15
        stroke_width = int((12 + 28 * rng.random()) * width_scale)
        points = [(_integer(rng, 0, height - 1), _integer(rng, 0, width - 1))]
        for segment in range(segments):
            angle = low + (high - low) * rng.random()
            sine, cosine = _sine_cosine(math.tau - angle if segment % 2 == 0 else angle)
            length = min(max(mean + math.floor(mean / 2) * _normal(rng.random()), 0), 2 * mean)
            row = min(max(points[-1][0] + length * cosine, 0), height)
            col = min(max(points[-1][1] + length * sine, 0), width)
            points.append((int(row), int(col)))
        hole |= stroke_mask(size, points, max(stroke_width, 1))
    return hole


def random_box(
    size: tuple[int, int], rng: np.random.Generator, side_px: int = 128, delta_px: int = 32, margin_px: int = 0
) -> Box:
    """Draw the box of DeepFillv2: a square anywhere, each pair of sides moved in by up to half of `delta_px`.

    A picture smaller than the square gets one of half its short side, moved in by as large a share.
    """
    height, width = size
    room = min(height, width) - 2 * margin_px
    if room < 1:
        raise InputError(f"a margin of {margin_px} px leaves no room for a box in {width}x{height} px")
    if side_px > room:
        side_px, delta_px = max(room // 2, 1), room // 2 * delta_px // side_px
    top = _integer(rng, margin_px, max(height - margin_px - side_px - 1, margin_px))
    left = _integer(rng, margin_px, max(width - margin_px - side_px - 1, margin_px))
    rows, cols = _integer(rng, 0, delta_px // 2), _integer(rng, 0, delta_px // 2)
    return Box(top + rows, left + cols, max(side_px - 2 * rows, 1), max(side_px - 2 * cols, 1))


def deepfill_mask(size: tuple[int, int], seed: int, width_scale: float = 1.0) -> Hole:
    """Draw DeepFillv2's training mask: free-form strokes and one box.

    Parameters
    ----------
    size : (height, width), any
    seed : the same seed and size give the same mask on every machine
    width_scale : for stroke widths and the box, which are meant for 256 px

    Returns
    -------
    (H, W) bool
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    hole = free_form_mask(size, rng, width_scale)
    side, delta = max(round(128 * width_scale), 1), round(32 * width_scale)
    return hole | box_mask(size, random_box(size, rng, side, delta))


# --- whole numbers and plain arithmetic --------------------------------------------------------------------------


def _fixed(points: Sequence[Point]) -> list[tuple[int, int]]:
    """Return points in sixteenths of a pixel."""
    if not points or not all(math.isfinite(x) and abs(x) < _REACH for point in points for x in point):
        raise InputError("a shape needs points with finite coordinates in reach of a picture")
    return [(round(row * _SUB), round(col * _SUB)) for row, col in points]


def _add_segment(hole: Hole, a: tuple[int, int], b: tuple[int, int], width: int) -> None:
    """Set the pixels whose centres lie within half of `width` of the line from a to b, all in sixteenths."""
    reach = width // 2 + 1
    top, bottom = (min(a[0], b[0]) - reach) // _SUB, (max(a[0], b[0]) + reach) // _SUB + 2
    left, right = (min(a[1], b[1]) - reach) // _SUB, (max(a[1], b[1]) + reach) // _SUB + 2
    top, left = max(top, 0), max(left, 0)
    part = hole[top : max(bottom, 0), left : max(right, 0)]
    if part.size == 0:
        return
    rows = (np.arange(part.shape[0], dtype=np.int64)[:, None] + top) * _SUB
    cols = (np.arange(part.shape[1], dtype=np.int64)[None, :] + left) * _SUB
    down, across = b[0] - a[0], b[1] - a[1]
    length2 = down * down + across * across
    near: NDArray[np.bool_] = np.zeros(part.shape, bool)
    for row, col in (a, b):
        near |= 4 * ((rows - row) ** 2 + (cols - col) ** 2) <= width * width
    if length2:
        along = (rows - a[0]) * down + (cols - a[1]) * across
        beside = np.abs((rows - a[0]) * across - (cols - a[1]) * down)
        # beside / length <= width / 2, squared and rooted in whole numbers of any size: exact, and nothing overflows
        near |= (along > 0) & (along < length2) & (2 * beside <= math.isqrt(width * width * length2))
    part |= near


def _integer(rng: np.random.Generator, low: int, high: int) -> int:
    """Draw a whole number from low to high, both included."""
    # A product that rounds up must not go beyond `high`.
    return low + min(int(rng.random() * (high - low + 1)), high - low)


def _sine_cosine(angle: float) -> tuple[float, float]:
    """Return sine and cosine of 0 to 2 pi by their series: additions and multiplications only."""
    quarter, rest = divmod(angle, math.pi / 2)
    sine, cosine, term = 0.0, 0.0, 1.0
    for n in range(24):  # the next term is below the last place of a float64
        if n % 2 == 0:
            cosine += term if n % 4 == 0 else -term
        else:
            sine += term if n % 4 == 1 else -term
        term = term * rest / (n + 1)
    return ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[int(quarter) % 4]


def _normal(share: float) -> float:
    """Return the normal quantile of a share in [0, 1), cut to -2 and 2.

    Acklam's rational approximation for the middle; beyond it, from 1.97 on, the nearest bound: lengths are cut at 2.
    """
    x = share - 0.5
    if abs(x) > 0.47575:  # Acklam's middle ends 0.02425 from both ends
        return math.copysign(2.0, x)
    r = x * x
    above = (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) * r
              - 30.66479806614716) * r + 2.506628277459239) * x  # fmt: skip
    below = ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r
             - 13.28068155288572) * r + 1.0  # fmt: skip
    return min(max(above / below, -2.0), 2.0)
