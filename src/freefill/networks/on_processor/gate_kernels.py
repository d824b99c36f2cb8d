"""The gate's arithmetic as compiled loops, for a processor and without gradients: activation times sigmoid in one pass.

With plain tensors each of ELU, sigmoid and product reads and writes the whole layer; together they take a third of the
time. bfloat16 comes in and goes out as the upper half of a float32's bits.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportCallIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from freefill.networks.on_processor.attention_kernels import _as_float, _compiled, _exp, _inlined


@intrinsic
def _as_bits(typing_context: Any, number: Any) -> Any:
    """Read a float32 as the bits of an int32."""
    return types.int32(types.float32), lambda _c, builder, _s, given: builder.bitcast(given[0], ir.IntType(32))


@_inlined
def _gate(v, g, relu):
    """Return ELU(v) or ReLU(v), times sigmoid(g)."""
    low = min(v, np.float32(0))
    active = max(v, np.float32(0)) + (np.float32(0) if relu else _exp(low) - np.float32(1))
    t = _exp(-abs(g))  # never of a positive number: that is all `_exp` can do, and nothing overflows
    return active * (np.float32(1) if g >= 0 else t) / (np.float32(1) + t)


@_inlined
def _wide(half):
    """bfloat16 (as int16) to float32."""
    return _as_float(np.int32(half) << np.int32(16))


@_inlined
def _narrow(x):
    """float32 to bfloat16 (as int16), to the nearest, halves to even."""
    bits = _as_bits(x)
    return np.int16((bits + np.int32(0x7FFF) + ((bits >> np.int32(16)) & np.int32(1))) >> np.int32(16))


def _number(stored):
    """Return a number as float32, whichever way it is stored."""


def _stored(number, out):
    """Return a float32 the way `out` stores its numbers."""


@overload(_number, inline="always")
def _number_for(stored):
    return (lambda stored: _wide(stored)) if isinstance(stored, types.Integer) else (lambda stored: stored)


@overload(_stored, inline="always")
def _stored_for(number, out):
    narrow = isinstance(out.dtype, types.Integer)
    return (lambda number, out: _narrow(number)) if narrow else (lambda number, out: number)


# The innermost loop works on SPAN channels at a time, and one by one on what is left over. So where the channels are no
# multiple (24 of them in the layers of full size) the last span overlaps the one before it: some are computed twice.
SPAN = 16


@_inlined
def _span(both, at, gates_at, out, to, count, relu):
    v, g, target = both[at : at + count], both[gates_at : gates_at + count], out[to : to + count]
    for k in range(count):
        target[k] = _stored(_gate(_number(v[k]), _number(g[k]), relu), out)


@_compiled
def gate(both, start, row_pitch, pitch, out, to_start, to_row_pitch, to_pitch, height, width, channels, relu):
    """Write one picture's rows: float32 to float32, float32 to bfloat16, or bfloat16 to bfloat16 (both as int16).

    Arrays are flat: `both` holds at each place `channels` values, then as many gates. The first place lies at `start`,
    a row is `row_pitch` and a place `pitch` apart; `to_...` say the same of `out`, which may not be `both`.
    """
    overlap = channels > SPAN and channels % SPAN > 0
    for row in range(height):
        for place in range(width):
            at, to = start + row * row_pitch + place * pitch, to_start + row * to_row_pitch + place * to_pitch
            if overlap:
                for first in range(0, channels, SPAN):
                    k = min(first, channels - SPAN)
                    _span(both, at + k, at + channels + k, out, to + k, SPAN, relu)
            else:
                _span(both, at, at + channels, out, to, channels, relu)
