"""The entropy-coded part of JPEG: blocks of coefficients out of scans. Compiled on first use.

A block is 64 coefficients in zigzag order. All blocks of a picture lie in one flat array; in which order a scan holds
them, `DctBlocks.order` in blocks.py says.

References
----------
ITU-T T.81, sections F.1 and F.2 (sequential), G.1 and G.2 (progressive).
"""

from __future__ import annotations

import numpy as np

from freefill.compiling import kept

_PLACE, _BITS, _COUNT, _RUN, _OVER = range(5)  # of the reader's state: byte, bits held, how many, EOB run, zeros fed
_jit = kept(nogil=True)


@_jit
def _fill(data, state):  # type: ignore[no-untyped-def]
    """Take bytes until 49 bits or more are held; zeros at a marker or the end."""
    while state[_COUNT] <= 48:
        place = state[_PLACE]
        byte = 0
        if place >= data.size:
            state[_OVER] += 1
        elif data[place] != 0xFF:
            byte = data[place]
            state[_PLACE] += 1
        elif place + 1 < data.size and data[place + 1] == 0:
            byte = 0xFF
            state[_PLACE] += 2
        else:
            state[_OVER] += 1
        state[_BITS] = (state[_BITS] << 8) | byte
        state[_COUNT] += 8


@_jit
def _take(data, state, count):  # type: ignore[no-untyped-def]
    """Return the next `count` bits (up to 16)."""
    if count == 0:
        return 0
    if state[_COUNT] < count:
        _fill(data, state)
    state[_COUNT] -= count
    value = state[_BITS] >> state[_COUNT]
    state[_BITS] &= (1 << state[_COUNT]) - 1
    return value


@_jit
def _symbol(data, state, table):  # type: ignore[no-untyped-def]
    """Return the next Huffman symbol; -1 for a code that is not in the table."""
    if state[_COUNT] < 16:
        _fill(data, state)
    entry = table[(state[_BITS] >> (state[_COUNT] - 16)) & 0xFFFF]
    if entry == 0:
        return -1
    state[_COUNT] -= entry >> 8
    state[_BITS] &= (1 << state[_COUNT]) - 1
    return entry & 0xFF


@_jit
def _extended(data, state, size):  # type: ignore[no-untyped-def]
    """Return a signed number of `size` bits."""
    value = _take(data, state, size)
    if size and value < (1 << (size - 1)):
        value += 1 - (1 << size)
    return value


@_jit
def _sequential(data, state, block, dc, ac, pred):  # type: ignore[no-untyped-def]
    """Read a block of a sequential scan; returns its DC value, or a number out of range on damage."""
    size = _symbol(data, state, dc)
    if size < 0 or size > 15:
        return 1 << 20
    pred += _extended(data, state, size)
    block[0] = pred
    k = 1
    while k < 64:
        symbol = _symbol(data, state, ac)
        if symbol < 0:
            return 1 << 20
        run, size = symbol >> 4, symbol & 15
        if size == 0:
            if run != 15:
                break
            k += 16
            continue
        k += run
        if k > 63:
            return 1 << 20
        block[k] = _extended(data, state, size)
        k += 1
    return pred


@_jit
def _ac_first(data, state, block, ac, start, end, low):  # type: ignore[no-untyped-def]
    """Read a block's band for the first time; False on damage."""
    if state[_RUN] > 0:
        state[_RUN] -= 1
        return True
    k = start
    while k <= end:
        symbol = _symbol(data, state, ac)
        if symbol < 0:
            return False
        run, size = symbol >> 4, symbol & 15
        if size == 0:
            if run != 15:
                state[_RUN] = (1 << run) + _take(data, state, run) - 1
                return True
            k += 16
            continue
        k += run
        if k > end:
            return False
        block[k] = _extended(data, state, size) << low
        k += 1
    return True


@_jit
def _refined(data, state, value, bit):  # type: ignore[no-untyped-def]
    """Return a coefficient that is not 0 with its next bit."""
    if _take(data, state, 1) and (abs(value) & bit) == 0:
        return value + bit if value > 0 else value - bit
    return value


@_jit
def _ac_refine(data, state, block, ac, start, end, low):  # type: ignore[no-untyped-def]
    """Read a block's band again, one bit finer; False on damage."""
    bit = 1 << low
    k = start
    if state[_RUN] == 0:
        while k <= end:
            symbol = _symbol(data, state, ac)
            if symbol < 0:
                return False
            run, size = symbol >> 4, symbol & 15
            value = 0
            if size:
                value = bit if _take(data, state, 1) else -bit
            elif run != 15:
                state[_RUN] = (1 << run) + _take(data, state, run)
                break
            while k <= end:
                if block[k] != 0:
                    block[k] = _refined(data, state, block[k], bit)
                else:
                    if run == 0:
                        break
                    run -= 1
                k += 1
            if k <= end and value:
                block[k] = value
            k += 1
    if state[_RUN] > 0:
        while k <= end:
            if block[k] != 0:
                block[k] = _refined(data, state, block[k], bit)
            k += 1
        state[_RUN] -= 1
    return True


@_jit
def decode_scan(data, place, coefs, order, owner, dcs, acs, band, progressive, restart):  # type: ignore[no-untyped-def]
    """Read one scan into `coefs`; returns the place of the marker behind it, or -1 on damage.

    `order`, `owner`: of `DctBlocks.order`; `dcs`, `acs`: (n, 65536) from `lookup`; `band`: start, end, high, low.
    """
    state = np.zeros(5, np.int64)
    state[_PLACE] = place
    preds = np.zeros(4, np.int64)
    start, end, high, low = band
    for unit in range(order.shape[0]):
        if restart and unit and unit % restart == 0:
            at = state[_PLACE]
            while at + 1 < data.size and not (data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7):
                at += 1
            state[:] = 0
            state[_PLACE] = at + 2
            preds[:] = 0
        for k in range(owner.size):
            i, at = owner[k], order[unit, k]
            block = coefs[at : at + 64]
            if not progressive:
                preds[i] = _sequential(data, state, block, dcs[i], acs[i], preds[i])
                sound = abs(preds[i]) < 1 << 16
            elif start == 0 and high == 0:
                size = _symbol(data, state, dcs[i])
                sound = 0 <= size <= 15
                if sound:
                    preds[i] += _extended(data, state, size)
                    block[0] = preds[i] << low
            elif start == 0:
                block[0] |= _take(data, state, 1) << low
                sound = True
            elif high == 0:
                sound = _ac_first(data, state, block, acs[i], start, end, low)
            else:
                sound = _ac_refine(data, state, block, acs[i], start, end, low)
            if not sound or state[_OVER] > 16:
                return -1
    at = state[_PLACE]
    while at + 1 < data.size and not (data[at] == 0xFF and data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7):
        at += 1
    return at
