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
from numba.extending import intrinsic

from freefill.networks.attention_kernels import _as_float, _compiled, _exp, _inlined


@intrinsic
def _as_bits(typing_context: Any, number: Any) -> Any:
    """Read a float32 as the bits of an int32."""
    return types.int32(types.float32), lambda _c, builder, _s, given: builder.bitcast(given[0], ir.IntType(32))


@_inlined
def _gate(v, g, relu):
    """Return ELU(v) or ReLU(v), times sigmoid(g)."""
    low = min(v, np.float32(0))
    active = max(v, np.float32(0)) + (np.float32(0) if relu else _exp(low) - np.float32(1))
    t = _exp(-abs(g))
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


# Arrays are flat and adjacent in memory: a view with strides is not vectorised. `value` and `gate` hold rows of `width`
# places of `channels` numbers; in `out` the first lies at `start`, a row is `row_pitch` and a place `pitch` apart.


@_compiled
def gate_32(value, gate, out, start, row_pitch, pitch, width, channels, relu, first, last):
    """Write rows first to last; all three float32."""
    for row in range(first, last):
        for place in range(width):
            at, to = (row * width + place) * channels, start + row * row_pitch + place * pitch
            v, g, target = value[at : at + channels], gate[at : at + channels], out[to : to + channels]
            for k in range(channels):
                target[k] = _gate(v[k], g[k], relu)


@_compiled
def gate_16(value, gate, out, start, row_pitch, pitch, width, channels, relu, first, last):
    """The same in bfloat16, all three as int16."""
    for row in range(first, last):
        for place in range(width):
            at, to = (row * width + place) * channels, start + row * row_pitch + place * pitch
            v, g, target = value[at : at + channels], gate[at : at + channels], out[to : to + channels]
            for k in range(channels):
                target[k] = _narrow(_gate(_wide(v[k]), _wide(g[k]), relu))


@_compiled
def gate_32_16(value, gate, out, start, row_pitch, pitch, width, channels, relu, first, last):
    """value and gate float32, out bfloat16 as int16."""
    for row in range(first, last):
        for place in range(width):
            at, to = (row * width + place) * channels, start + row * row_pitch + place * pitch
            v, g, target = value[at : at + channels], gate[at : at + channels], out[to : to + channels]
            for k in range(channels):
                target[k] = _narrow(_gate(v[k], g[k], relu))
