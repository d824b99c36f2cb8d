"""How COCO writes regions: polygons and run lengths, decoded to the very pixels that COCO's own tools give.

Pixels are counted down the columns. A region is where the number of changes before a pixel is odd.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values import Hole

_STEPS = 5  # COCO draws polygons on a grid five times as fine
_MOST_STEPS = 50_000_000  # of one outline, 10 million px: a longer one is an attack, and would take minutes
_FARTHEST_PX = 200_000  # of a corner from the picture's own
_STEPS_AT_ONCE = 1 << 20  # walked together, so that an outline takes some 100 MB at most
_BAND_PX = 1 << 24  # pixels of a polygon counted together


def decode(segmentation: object, size: tuple[int, int]) -> Hole:
    """Return the pixels of one annotation's `segmentation`.

    Parameters
    ----------
    segmentation : a list of polygons, each x0, y0, x1, y1, ...; or {"size": [H, W], "counts": numbers or text}
    size : (height, width) of the picture

    Returns
    -------
    (H, W) bool

    Raises
    ------
    InputError
        If it is none of these, or does not fit the picture. The message has no file name: the caller adds it.
    """
    if isinstance(segmentation, Mapping):
        return decode_runs(segmentation, size)
    if not isinstance(segmentation, Sequence) or isinstance(segmentation, str) or not segmentation:
        raise InputError(f"segmentation is {_short(segmentation)}, neither polygons nor run lengths")
    hole = np.zeros(size, bool)
    # Rounded as COCO's own code does, below 0 too.
    polygons = [np.trunc(_points(polygon) * _STEPS + 0.5).astype(np.int64) for polygon in segmentation]
    _check_length(polygons)
    for corners in polygons:
        # Its own columns only: ten thousand small polygons in a huge picture would be ten thousand times the picture.
        left, right = np.clip(np.array([corners[:, 0].min(), corners[:, 0].max()]) // _STEPS + (-1, 2), 0, size[1])
        if left < right:
            hole[:, left:right] |= _polygon_pixels(corners, size[0], int(left), int(right))
    return hole


def decode_runs(code: Mapping[str, Any], size: tuple[int, int]) -> Hole:
    """Decode run lengths, plain (a list of numbers) or packed (a text).

    Examples
    --------
    >>> decode_runs({"size": [2, 3], "counts": [1, 2, 3]}, (2, 3)).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    stated = code.get("size")
    if not isinstance(stated, list | tuple) or list(stated) != list(size):
        raise InputError(f"run lengths are for {_size(stated)}, the picture is {size[1]}x{size[0]}")
    counts = code.get("counts")
    runs = unpack(counts) if isinstance(counts, str | bytes) else _numbers(counts)
    total = size[0] * size[1]
    # Each by itself first: a sum of numbers near 2^62 wraps around, and could meet the total by design.
    if runs.min(initial=0) < 0 or runs.max(initial=0) > total:
        raise InputError(f"a run length of {runs[(runs < 0) | (runs > total)][0]} does not fit {total} px")
    if runs.sum() != total:
        raise InputError(f"run lengths add up to {runs.sum()} px, the picture has {total}")
    values = np.arange(len(runs)) % 2 == 1
    return np.ascontiguousarray(np.repeat(values, runs).reshape(size[1], size[0]).T)


def unpack(packed: str | bytes) -> NDArray[np.int64]:
    """Unpack COCO's text of run lengths.

    Each sign holds 5 bits above 48, lowest first, and a bit that says whether more follow; from the fourth number on,
    the difference to the last but one is written.
    """
    text = packed.encode("ascii", "replace") if isinstance(packed, str) else packed
    runs: list[int] = []
    value, shift = 0, 0
    for sign in text:
        bits = sign - 48
        if not 0 <= bits < 64 or shift > 60:  # more would not fit 64 bits
            raise InputError(f"packed run lengths hold the sign {chr(sign)!r}, which none has")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:  # of the last sign, the highest bit is the number's sign
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            if abs(runs[-1]) > 1 << 62:
                raise InputError("packed run lengths hold a number that no picture has pixels for")
            value, shift = 0, 0
    if shift:
        raise InputError("packed run lengths end in the middle of a number")
    return np.array(runs, np.int64)


def _polygon_pixels(corners: NDArray[np.int64], height: int, left: int, right: int) -> Hole:
    """Return the pixels of one polygon as COCO counts them, in the columns `left` to `right` (excluded).

    The outline is walked on the fine grid; wherever it crosses the middle of a pixel column, the pixels of that column
    below the crossing change sides.

    Parameters
    ----------
    corners : (n, 2) x and y, on the fine grid
    """
    cols, rows = [], []
    for across, down in _walked(corners):
        moved = np.flatnonzero(across[1:] != across[:-1])
        col = np.minimum(across[moved], across[moved + 1]) - _STEPS // 2
        row = -((_STEPS // 2 - np.minimum(down[moved], down[moved + 1])) // _STEPS)  # rounded up
        crossed = (col % _STEPS == 0) & (col >= left * _STEPS) & (col < right * _STEPS)
        cols.append((col[crossed] // _STEPS - left).astype(np.int32))
        rows.append(np.clip(row[crossed], 0, height).astype(np.int32))
    hole = np.zeros((height, right - left), bool)
    col, row = np.concatenate(cols), np.concatenate(rows)
    if len(col):
        _fill_columns(hole, col, row)
    return hole


def _fill_columns(hole: Hole, col: NDArray[np.int32], row: NDArray[np.int32]) -> None:
    """Set the pixels that lie behind an odd number of crossings, down the columns, a band of columns at a time."""
    height = hole.shape[0]
    wide = max(_BAND_PX // height, 1)
    odd = np.uint8(0)  # a crossing below the last row tells the column behind
    for first in range(int(col.min()), int(col.max()) + 1, wide):
        band = hole[:, first : first + wide]
        here = (col >= first) & (col < first + wide)
        places = (col[here].astype(np.int64) - first) * height + row[here]
        changes = (np.bincount(places, minlength=band.size + 1) & 1).astype(np.uint8)
        changes[0] ^= odd
        inside = np.bitwise_xor.accumulate(changes)
        odd = inside[-1]
        band[...] = inside[:-1].reshape(band.shape[1], height).T


def _check_length(polygons: Sequence[NDArray[np.int64]]) -> None:
    """Refuse outlines that are together longer than any thing's, before one is walked."""
    steps = sum(int(_steps(corners).sum()) for corners in polygons)
    if steps > _MOST_STEPS:
        raise InputError(f"a polygon has an outline of {steps // _STEPS:,} px, longer than any thing's")


def _steps(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the steps of each edge of a closed outline, along its longer side."""
    return np.abs(np.roll(corners, -1, axis=0) - corners).max(axis=1)


def _walked(corners: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the closed outline on the fine grid, some edges at a time: x and y of points, ends included."""
    ends = np.roll(corners, -1, axis=0)
    steps = _steps(corners)
    groups = np.cumsum(steps) // _STEPS_AT_ONCE
    last: NDArray[np.int64] | None = None
    for group in np.unique(groups):
        part = _walk(corners[groups == group], ends[groups == group])
        part = part if last is None else np.concatenate([last, part])  # so that no move between two groups is lost
        last = part[-1:]
        yield part[:, 0], part[:, 1]


def _walk(corners: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return edges on the fine grid: each in steps of 1 along its longer side, ends included."""
    sides = np.abs(ends - corners)
    flat = sides[:, 0] >= sides[:, 1]
    # Each edge is drawn from its lower end, so that it is the same line in both directions.
    turned = np.where(flat, corners[:, 0] > ends[:, 0], corners[:, 1] > ends[:, 1])
    low, high = np.where(turned[:, None], ends, corners), np.where(turned[:, None], corners, ends)
    steps = sides.max(axis=1)
    rise = np.where(flat, high[:, 1] - low[:, 1], high[:, 0] - low[:, 0]) / np.maximum(steps, 1)
    edge = np.repeat(np.arange(len(steps)), steps + 1)
    at = np.arange(edge.size) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    at = np.where(turned[edge], steps[edge] - at, at)
    along = np.where(flat, low[:, 0], low[:, 1])[edge] + at
    beside = np.trunc(np.where(flat, low[:, 1], low[:, 0])[edge] + rise[edge] * at + 0.5).astype(np.int64)
    return np.where(flat[edge, None], np.stack([along, beside], 1), np.stack([beside, along], 1))


def _points(polygon: object) -> NDArray[np.float64]:
    try:
        flat = np.array(polygon, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"a polygon is {_short(polygon)}, not a list of numbers") from None
    if flat.ndim != 1 or flat.size < 6 or flat.size % 2:
        raise InputError(f"a polygon has {flat.size} numbers; 3 points or more are needed, x and y of each")
    if not np.isfinite(flat).all() or np.abs(flat).max() > _FARTHEST_PX:
        raise InputError("a polygon has a corner that is not finite, or far outside any picture")
    return flat.reshape(-1, 2)


def _numbers(counts: object) -> NDArray[np.int64]:
    whole = isinstance(counts, list | tuple) and all(type(each) is int for each in counts)
    try:
        runs = np.array(counts if whole else [[]], np.int64)  # 1.5 or True would be cut to a number, and no error
    except OverflowError:
        runs = np.zeros((0, 0), np.int64)
    if runs.ndim != 1:
        raise InputError(f"run lengths are {_short(counts)}, not a list of whole numbers")
    return runs


def _size(size: object) -> str:
    return f"{size[1]}x{size[0]}" if isinstance(size, list | tuple) and len(size) == 2 else f"size {_short(size)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
