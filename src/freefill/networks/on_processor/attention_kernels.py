"""The attention's sums and softmax as compiled loops, for a processor and without gradients.

`contextual_attention.py` says with tensors what is computed. These loops give the same numbers to rounding in about a
tenth of the time, because a plane is read a few times while it lies in the processor's cache, and not some forty times
from main memory. They run without Python's lock; threads share the planes of a chunk.

A plane is one query's numbers for all keys, row by row, with a margin of one key on all sides: key (r, c) lies at
(r + 1) * pitch + c + 1, pitch = kw + 2. The margin is zero (unless said), so a step to a neighbour needs no test.
Arrays of planes are (B, n, length); the last of the n planes is zero and stands for all queries outside the grid.
`places` tell for each output plane which planes are added; `first` and `last` which of the B * n planes to compute.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportCallIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from freefill.compiling import kept

_compiled = kept(nogil=True, fastmath=True, error_model="numpy")
_inlined = kept(nogil=True, fastmath=True, inline="always")


@intrinsic
def _as_float(typing_context: Any, bits: Any) -> Any:
    """Read the bits of an int32 as a float32."""
    return types.float32(types.int32), lambda _c, builder, _s, given: builder.bitcast(given[0], ir.FloatType())


@_inlined
def _exp(x):
    """e to the x for x <= 0, to a relative 3e-7; below -87 about 1e-38.

    2 to the whole part goes into the exponent's bits; the rest, e to the r with |r| <= ln 2 / 2, is its series.
    """
    # exp(-87.3) is the smallest normal float32. Below it the exponent's bits would run out and wrap.
    x = max(x, np.float32(-87.0))
    whole = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - whole * np.float32(0.693145752) - whole * np.float32(1.42860677e-6)  # ln 2 in two parts
    y = np.float32(1 / 5040)
    y = y * r + np.float32(1 / 720)
    y = y * r + np.float32(1 / 120)
    y = y * r + np.float32(1 / 24)
    y = y * r + np.float32(1 / 6)
    y = y * r + np.float32(0.5)
    y = y * r + np.float32(1.0)
    y = y * r + np.float32(1.0)
    return y * _as_float((np.int32(whole) + np.int32(127)) << np.int32(23))


@_compiled
def add_rows(planes, places, pitch, out, first, last):
    """Add up along rows: out[q, l] = planes[above, l - pitch] + planes[at, l] + planes[below, l + pitch]."""
    count, size = places.shape[1], out.shape[2]
    for number in range(first, last):
        b, q = number // count, number % count
        above = planes[b, places[0, q], : size - 2 * pitch]
        at = planes[b, places[1, q], pitch : size - pitch]
        below = planes[b, places[2, q], 2 * pitch :]
        target = out[b, q, pitch : size - pitch]
        for k in range(target.size):
            target[k] = above[k] + at[k] + below[k]


@_compiled
def add_cols(planes, places, pitch, inverse_norm, out, first, last):
    """Add up along columns, and divide by the key's norm; `inverse_norm` is (B, length), zero in the margin."""
    count, size = places.shape[1], out.shape[2]
    for number in range(first, last):
        b, q = number // count, number % count
        left = planes[b, places[0, q], pitch - 1 : size - pitch - 1]
        at = planes[b, places[1, q], pitch : size - pitch]
        right = planes[b, places[2, q], pitch + 1 : size - pitch + 1]
        target, factor = out[b, q, pitch : size - pitch], inverse_norm[b, pitch : size - pitch]
        for k in range(target.size):
            target[k] = (left[k] + at[k] + right[k]) * factor[k]


@_compiled
def add_raster(planes, places, pitch, out, first, last):
    """Fuse along the raster; the end of a row meets the start of the next. The margin left and right gets rubbish."""
    count, size = places.shape[1], out.shape[2]
    for number in range(first, last):
        b, q = number // count, number % count
        before, after, target = planes[b, places[0, q]], planes[b, places[2, q]], out[b, q]
        left = before[pitch - 1 : size - pitch - 1]
        at = planes[b, places[1, q], pitch : size - pitch]
        right = after[pitch + 1 : size - pitch + 1]
        inner = target[pitch : size - pitch]
        for k in range(inner.size):
            inner[k] = left[k] + at[k] + right[k]
        for end in range(2 * pitch - 2, size - 2 * pitch, pitch):  # last key of each row but the last
            target[end] += after[end + 3]
            target[end + 3] += before[end]


@_compiled
def softmax(planes, places, pitch, scale, inside, usable, out, first, last):
    """Fuse along the raster of columns, then turn scores into weights.

    scale, inside, usable : (B, length): 10 where a key is usable, else 0; 1 for keys, 0 in the margin; 1 where usable
    out : margin zero again
    """
    count, size = places.shape[1], out.shape[2]
    for number in range(first, last):
        b, q = number // count, number % count
        before, after = planes[b, places[0, q]], planes[b, places[2, q]]
        above, below = before[: size - 2 * pitch], after[2 * pitch :]
        at = planes[b, places[1, q], pitch : size - pitch]
        target = out[b, q, pitch : size - pitch]
        factor, counted, kept = scale[b, pitch:], inside[b, pitch:], usable[b, pitch:]
        for k in range(target.size):
            target[k] = above[k] + at[k] + below[k]
        foot = size - 3 * pitch  # where in `target` the lowest row of keys starts, its margin included
        for c in range(2, pitch - 1):  # the foot of a column meets the head of the next
            target[c] += before[foot + pitch + c - 1]
            target[foot + c - 1] += after[pitch + c]
        largest = np.float32(-np.inf)
        for start in range(1, target.size, pitch):
            row, of_row = target[start : start + pitch - 2], factor[start : start + pitch - 2]
            for k in range(row.size):
                row[k] *= of_row[k]
                largest = max(largest, row[k])
        total = np.float32(0)
        for k in range(target.size):
            # The margin was neither scaled nor asked for the largest: what is larger there must not grow without bound
            # before `counted` takes it out.
            weight = _exp(min(target[k] - largest, np.float32(0))) * counted[k]
            total += weight
            target[k] = weight
        inverse = np.float32(1) / total
        for k in range(target.size):
            target[k] *= kept[k] * inverse


@_compiled
def add_pasted(planes, places, pitch, down, right, out, first, last):
    """Add the weights of the four patches that cover one pixel of a cell; `down` and `right` are -1 or 1."""
    count, size = places.shape[1], out.shape[2]
    start, length = pitch + 1, size - 2 * pitch - 2
    step = down * pitch
    for number in range(first, last):
        b, q = number // count, number % count
        own = planes[b, places[0, q], start : start + length]
        beside = planes[b, places[1, q], start + right : start + right + length]
        below = planes[b, places[2, q], start + step : start + step + length]
        across = planes[b, places[3, q], start + step + right : start + step + right + length]
        target = out[b, q, start : start + length]
        for k in range(length):
            target[k] = own[k] + beside[k] + below[k] + across[k]
