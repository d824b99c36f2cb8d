"""Huffman tables of JPEG: the best one for some symbols, and one to look codes up in.

References
----------
ITU-T T.81, annex C (codes), K.2 (how many bits each symbol gets).
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def huffman(counts: NDArray[np.int64]) -> tuple[bytes, bytes]:
    """Return the best Huffman table for symbols that occur so often: codes of each length 1 to 16, and the symbols.

    No code is of ones only, and none longer than 16 bits (T.81, K.2 and figure K.3).

    Examples
    --------
    >>> lengths, symbols = huffman(np.array([8, 4, 0, 2]))
    >>> list(lengths[:3]), list(symbols)
    ([1, 1, 1], [0, 1, 3])
    """
    heap: list[tuple[int, int, tuple[int, ...]]] = [
        (int(count), symbol, (symbol,)) for symbol, count in enumerate(counts) if count
    ]
    heap.append((0, 256, (256,)))  # takes the code of ones only, and is left out
    heapq.heapify(heap)
    depth = dict.fromkeys((symbol for _, symbol, _ in heap), 0)
    serial = 257
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in a[2] + b[2]:
            depth[symbol] += 1
        heapq.heappush(heap, (a[0] + b[0], serial, a[2] + b[2]))
        serial += 1
    many = [0] * (max(max(depth.values()), 16) + 1)
    for length in depth.values():
        many[length] += 1
    # Codes of more than 16 bits go, in pairs (figure K.3): one of the two takes their common beginning, the other
    # shares that of a shorter code, which grows by a bit.
    for length in range(len(many) - 1, 16, -1):
        while many[length] > 0:
            shorter = length - 2
            while many[shorter] == 0:
                shorter -= 1
            many[length] -= 2
            many[length - 1] += 1
            many[shorter + 1] += 2
            many[shorter] -= 1
    # The longest code was that of symbol 256, ones only.
    longest = max(length for length in range(1, 17) if many[length])
    many[longest] -= 1
    symbols = sorted((symbol for symbol in depth if symbol != 256), key=lambda s: (depth[s], s))
    return bytes(many[1:17]), bytes(symbols)


def lookup(lengths: bytes, symbols: bytes) -> NDArray[np.uint16]:
    """Return (65536,) uint16: for any next 16 bits the code's length << 8 | symbol; 0 where there is no code."""
    table = np.zeros(65536, np.uint16)
    code, taken = 0, 0
    for length, many in enumerate(lengths, 1):
        for symbol in symbols[taken : taken + many]:
            at = code << (16 - length)
            table[at : at + (1 << (16 - length))] = length << 8 | symbol
            code += 1
        taken += many
        code <<= 1
    return table
