"""The coefficients of a JPEG: read, turned, exchanged block by block, written.

References
----------
ITU-T T.81, annexes A.2 (order of blocks), B (segments), K.2 (making Huffman tables).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.images.jpeg.header import ZIGZAG
from freefill.images.jpeg.huffman import huffman, lookup
from freefill.images.jpeg.scan import decode_scan
from freefill.images.jpeg.scan_writing import encode_scan

ZIGZAG_ROW, ZIGZAG_COL = np.divmod(np.array(ZIGZAG), 8)
_PLACE_OF = np.zeros((8, 8), np.intp)
_PLACE_OF[ZIGZAG_ROW, ZIGZAG_COL] = np.arange(64)
# Of `DctBlocks.layout`: first coefficient, blocks a row, blocks down, how many across and down lie inside the picture,
# sampling across and down.
FIRST, STRIDE, DOWN, ACROSS, INSIDE_DOWN, H, V = range(7)


@dataclass(eq=False)
class DctBlocks:
    """All coefficients of a JPEG."""

    size: tuple[int, int]
    sampling: tuple[tuple[int, int], ...]  # per component, across and down
    layout: NDArray[np.int64]  # (components, 7): FIRST, STRIDE, ...
    coefs: NDArray[np.int16]  # flat; zigzag within a block
    progressive: bool

    def grid(self, component: int) -> NDArray[np.int16]:
        """Return a component's (blocks down, blocks a row, 64), a view."""
        part = self.layout[component]
        count = int(part[DOWN] * part[STRIDE] * 64)
        return self.coefs[part[FIRST] : part[FIRST] + count].reshape(int(part[DOWN]), int(part[STRIDE]), 64)

    def order(self, components: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return in which order a scan of some components holds their blocks.

        Returns
        -------
        order : (units, blocks a unit) first coefficient of each block in `coefs`
        owner : (blocks a unit,) which of the components it is of, counted from 0
        """
        first = self.layout[components[0]]
        alone = len(components) == 1  # then a unit is a block, and those beyond the picture's edge are left out
        rows, cols = (
            (first[INSIDE_DOWN], first[ACROSS]) if alone else (first[DOWN] // first[V], first[STRIDE] // first[H])
        )
        orders, owners = [], []
        for number, component in enumerate(components):
            part = self.layout[component]
            down, across = (1, 1) if alone else (part[V], part[H])
            row = np.arange(rows * down).reshape(rows, 1, down, 1)
            col = np.arange(cols * across).reshape(1, cols, 1, across)
            orders.append((part[FIRST] + 64 * (row * part[STRIDE] + col)).reshape(rows * cols, -1))
            owners += [number] * orders[-1].shape[1]
        return np.concatenate(orders, axis=1), np.array(owners)


def laid_out(size: tuple[int, int], sampling: tuple[tuple[int, int], ...], progressive: bool) -> DctBlocks:
    """Make room for the blocks of a picture."""
    if len(sampling) == 1:
        sampling = ((1, 1),)  # a lone component is laid out by its own size, whatever its factors say
    height, width = size
    most_h, most_v = max(h for h, _ in sampling), max(v for _, v in sampling)
    units = (-(-height // (8 * most_v)), -(-width // (8 * most_h)))
    rows, place = [], 0
    for h, v in sampling:
        stride, down = units[1] * h, units[0] * v
        across = (width * h + 8 * most_h - 1) // (8 * most_h)
        inside = (height * v + 8 * most_v - 1) // (8 * most_v)
        rows.append((place, stride, down, across, inside, h, v))
        place += stride * down * 64
    return DctBlocks(size, sampling, np.array(rows, np.int64), np.zeros(place, np.int16), progressive)


def read_blocks(data: bytes) -> DctBlocks | None:
    """Read all coefficients of a JPEG file's bytes; None where it is of a kind, or in a state, that is not read."""
    try:
        return _read_segments(data)
    except (IndexError, struct.error):
        return None


def _read_segments(data: bytes) -> DctBlocks | None:
    """Go through a file segment by segment."""
    blocks: DctBlocks | None = None
    numbers: list[int] = []
    tables: dict[int, NDArray[np.uint16]] = {}
    restart, place = 0, 2
    array = np.frombuffer(data, np.uint8)
    empty = np.zeros(65536, np.uint16)
    while place + 2 <= len(data):
        if data[place] != 0xFF or data[place + 1] == 0xFF:
            place += 1
            continue
        kind = data[place + 1]
        if kind == 0xD9:
            return blocks
        if kind in (0x00, 0x01) or 0xD0 <= kind <= 0xD8:
            place += 2
            continue
        (size,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + size]
        place += 2 + size
        if kind in (0xC0, 0xC1, 0xC2):
            if blocks is not None or (frame := _frame(body, kind == 0xC2)) is None:
                return None
            blocks, numbers = frame
        elif 0xC3 <= kind <= 0xCF and kind not in (0xC4, 0xC8):
            return None  # lossless, hierarchical, arithmetic
        elif kind == 0xC4:
            while len(body) >= 17:
                many = sum(body[1:17])
                tables[body[0]] = lookup(body[1:17], body[17 : 17 + many])
                body = body[17 + many :]
        elif kind == 0xDD:
            restart = struct.unpack(">H", body[:2])[0]
        elif kind == 0xDA and blocks is not None:
            count = body[0]
            parts = [(body[1 + 2 * i], body[2 + 2 * i]) for i in range(count)]
            start, end, bits = body[1 + 2 * count : 4 + 2 * count]
            band = (start, end, bits >> 4, bits & 15) if blocks.progressive else (0, 63, 0, 0)
            chosen = {number for number, _ in parts}
            if not chosen or len(chosen) != count or not chosen <= set(numbers) or end > 63 or start > end:
                return None
            place = decode_scan(
                array, place, blocks.coefs, *blocks.order([numbers.index(number) for number, _ in parts]),
                np.stack([tables.get(table >> 4, empty) for _, table in parts]),
                np.stack([tables.get(0x10 | (table & 15), empty) for _, table in parts]),
                np.array(band), blocks.progressive, restart,
            )  # fmt: skip
            if place < 0:
                return None
    return None


def _frame(body: bytes, progressive: bool) -> tuple[DctBlocks, list[int]] | None:
    """Make room for what a frame header announces; its components' numbers. None for a frame that is not read."""
    bits, height, width, count = struct.unpack_from(">BHHB", body)
    parts = [struct.unpack_from("BBB", body, 6 + 3 * i) for i in range(count)]
    numbers = [part[0] for part in parts]
    sampling = tuple((part[1] >> 4, part[1] & 15) for part in parts)
    fits = bits == 8 and 1 <= count <= 4 and len(set(numbers)) == count and height and width
    if not fits or not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling):
        return None
    return laid_out((height, width), sampling, progressive), numbers


def turned(blocks: DctBlocks, orientation: int) -> DctBlocks | None:
    """Return the blocks of the picture turned as EXIF says; None where a side that is mirrored ends within a block.

    Mirroring a block changes the sign of every other coefficient, swapping its axes swaps theirs.
    """
    if orientation == 1:
        return blocks
    swap, down, across = orientation >= 5, orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    size = blocks.size[::-1] if swap else blocks.size
    sampling = tuple((v, h) if swap else (h, v) for h, v in blocks.sampling)
    out = laid_out((size[0], size[1]), sampling, blocks.progressive)
    tall, wide = unit(out.sampling)
    if (down and size[0] % tall) or (across and size[1] % wide):
        return None
    order = _PLACE_OF.T[ZIGZAG_ROW, ZIGZAG_COL] if swap else np.arange(64)
    sign = np.ones(64, np.int16)
    sign[(ZIGZAG_ROW % 2 == 1) & down] *= -1
    sign[(ZIGZAG_COL % 2 == 1) & across] *= -1
    for i in range(len(sampling)):
        grid = blocks.grid(i)[:, :, order]
        grid = grid.swapaxes(0, 1) if swap else grid
        grid = grid[::-1] if down else grid
        grid = grid[:, ::-1] if across else grid
        out.grid(i)[...] = grid * sign
    return out


def placed(blocks: DctBlocks, size: tuple[int, int], corner: tuple[int, int]) -> DctBlocks | None:
    """Return the blocks within a larger picture, the others empty; None where the corner lies within a block.

    Parameters
    ----------
    size : (height, width) of the larger picture
    corner : (row, col) in it of the first pixel
    """
    if size == blocks.size:
        return blocks
    tallest, widest = unit(blocks.sampling)
    if corner[0] % tallest or corner[1] % widest:
        return None
    out = laid_out(size, blocks.sampling, blocks.progressive)
    for i, (h, v) in enumerate(blocks.sampling):
        grid = blocks.grid(i)
        top, left = corner[0] * v // tallest, corner[1] * h // widest
        out.grid(i)[top : top + grid.shape[0], left : left + grid.shape[1]] = grid
    return out


def put_blocks(blocks: DctBlocks, part: DctBlocks, corner: tuple[int, int], changed: NDArray[np.bool_]) -> bool:
    """Take every block over which a pixel changed from `part`; False if the two are sampled unlike.

    Parameters
    ----------
    blocks : of the whole picture, written to
    part : of a region of the new picture
    corner : (row, col) of the region's first pixel, at a corner of the largest blocks (`unit`)
    changed : (h, w) bool, of the region
    """
    if part.sampling != blocks.sampling or changed.shape != part.size:
        return False
    tallest, widest = unit(blocks.sampling)
    for i, (h, v) in enumerate(blocks.sampling):
        tall, wide = tallest // v, widest // h
        rows, cols = np.arange(0, changed.shape[0], tall), np.arange(0, changed.shape[1], wide)
        touched = np.logical_or.reduceat(np.logical_or.reduceat(changed, rows, axis=0), cols, axis=1)
        top, left = corner[0] // tall, corner[1] // wide
        whole = blocks.grid(i)[top : top + touched.shape[0], left : left + touched.shape[1]]
        np.copyto(whole, part.grid(i)[: touched.shape[0], : touched.shape[1]], where=touched[:, :, None])
    return True


def unit(sampling: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """Return rows and columns of pixels after which the blocks of all components begin anew."""
    return 8 * max(v for _, v in sampling), 8 * max(h for h, _ in sampling)


def write_blocks(blocks: DctBlocks, model: bytes) -> bytes:
    """Return a JPEG of the blocks, with the segments of `model` before them: a JPEG of the same tables, of any size."""
    out = [b"\xff\xd8"]
    place, count = 2, len(blocks.sampling)
    numbers: list[int] = []
    while True:
        kind = model[place + 1]
        (size,) = struct.unpack_from(">H", model, place + 2)
        segment = model[place : place + 2 + size]
        if kind == 0xDA:
            break
        if kind in (0xC0, 0xC1, 0xC2):
            parts = [segment[10 + 3 * i : 13 + 3 * i] for i in range(count)]
            numbers = [part[0] for part in parts]
            # T.81, table B.2: a lone component says 1x1 here, whatever the model says
            parts = [bytes((part[0], h << 4 | v, part[2])) for part, (h, v) in zip(parts, blocks.sampling, strict=True)]
            size_of_all = struct.pack(">HH", *blocks.size)
            head = bytes((0xFF, 0xC2 if blocks.progressive else kind)) + segment[2:5] + size_of_all
            segment = head + segment[9:10] + b"".join(parts)
        if kind not in (0xC4, 0xDD):
            out.append(segment)
        place += 2 + size
    first = [(0, 0), *([(1, 1)] * (count - 1))]
    scans = [(list(range(count)), first, 0, 63)]
    if blocks.progressive:
        scans = [(list(range(count)), first, 0, 0)] + [([i], [(0, 0)], 1, 63) for i in range(count)]
    for components, tables, start, end in scans:
        out.append(_scan(blocks, components, tables, start, end, numbers))
    return b"".join([*out, b"\xff\xd9"])


def _scan(
    blocks: DctBlocks, components: list[int], tables: list[tuple[int, int]], start: int, end: int, numbers: list[int]
) -> bytes:
    """Return a scan with Huffman tables made for it."""
    which = np.array([(2 * dc, 2 * ac + 1) for dc, ac in tables])
    counts, codes = np.zeros((4, 256), np.int64), np.zeros((4, 256), np.int64)
    common = (blocks.coefs, *blocks.order(components), which, start, end, counts)
    encode_scan(*common, codes, np.empty(0, np.uint8))
    segments, bits = [], 0
    for number in range(4):
        if not counts[number].any():
            continue
        lengths, symbols = huffman(counts[number])
        code, taken = 0, 0
        for length, many in enumerate(lengths, 1):
            for symbol in symbols[taken : taken + many]:
                codes[number, symbol] = code << 8 | length
                bits += int(counts[number, symbol]) * (length + (symbol & 15))
                code += 1
            taken, code = taken + many, code << 1
        body = bytes([(number & 1) << 4 | number >> 1]) + lengths + symbols
        segments.append(b"\xff\xc4" + struct.pack(">H", 2 + len(body)) + body)
    room = np.empty(bits // 4 + 64, np.uint8)  # twice the bits: each byte may need a zero behind it
    used = encode_scan(*common, codes, room)
    head = bytes([len(components)])
    for i, (dc, ac) in zip(components, tables, strict=True):
        head += bytes([numbers[i], (0 if start else dc) << 4 | (ac if end else 0)])
    head += bytes([start, end, 0])
    return b"".join([*segments, b"\xff\xda", struct.pack(">H", 2 + len(head)), head, room[:used].tobytes()])
