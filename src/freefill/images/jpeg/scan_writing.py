"""The entropy-coded part of JPEG: blocks of coefficients into scans. Compiled on first use.

The references: scan.py.
"""

from __future__ import annotations

import numpy as np

from freefill.compiling import kept

_PLACE, _BITS, _COUNT = range(3)  # of the writer's state: byte, bits held, how many
_jit = kept(nogil=True)


@_jit
def _put(out, state, bits, count):  # type: ignore[no-untyped-def]
    """Append bits, with a zero byte behind every byte of ones."""
    state[_BITS] = (state[_BITS] << count) | bits
    state[_COUNT] += count
    while state[_COUNT] >= 8:
        state[_COUNT] -= 8
        byte = (state[_BITS] >> state[_COUNT]) & 0xFF
        out[state[_PLACE]] = byte
        state[_PLACE] += 1
        if byte == 0xFF:
            out[state[_PLACE]] = 0
            state[_PLACE] += 1
    state[_BITS] &= (1 << state[_COUNT]) - 1


@_jit
def _size(value):  # type: ignore[no-untyped-def]
    """Return how many bits a number takes."""
    value = abs(value)
    size = 0
    while value:
        size += 1
        value >>= 1
    return size


@_jit
def _tell(symbol, value, size, table, counts, codes, out, state):  # type: ignore[no-untyped-def]
    """Count a symbol and its further bits, or write them where there are codes."""
    if out.size == 0:
        counts[table, symbol] += 1
        return
    _put(out, state, codes[table, symbol] >> 8, codes[table, symbol] & 0xFF)
    if size:
        _put(out, state, value if value >= 0 else value + (1 << size) - 1, size)


@_jit
def encode_scan(coefs, order, owner, tables, start, end, counts, codes, out):  # type: ignore[no-untyped-def]
    """Write one scan of full precision; returns its bytes. An empty `out` counts symbols instead.

    `order`, `owner`: of `DctBlocks.order`; `tables`: (n, 2) number of the DC and AC table; `counts`, `codes`:
    (tables, 256), a code is bits << 8 | length.
    """
    state = np.zeros(5, np.int64)
    preds = np.zeros(4, np.int64)
    for unit in range(order.shape[0]):
        for block in range(owner.size):
            i, at = owner[block], order[unit, block]
            k = start
            if start == 0:
                value = coefs[at] - preds[i]
                preds[i] = coefs[at]
                size = _size(value)
                _tell(size, value, size, tables[i, 0], counts, codes, out, state)
                k = 1
            run = 0
            while k <= end:
                value = np.int64(coefs[at + k])
                if value == 0:
                    run += 1
                else:
                    while run > 15:
                        _tell(0xF0, 0, 0, tables[i, 1], counts, codes, out, state)
                        run -= 16
                    size = _size(value)
                    _tell(run << 4 | size, value, size, tables[i, 1], counts, codes, out, state)
                    run = 0
                k += 1
            if run:
                _tell(0, 0, 0, tables[i, 1], counts, codes, out, state)
    if out.size and state[_COUNT]:
        _put(out, state, (1 << (8 - state[_COUNT])) - 1, 8 - state[_COUNT])
    return state[_PLACE]
