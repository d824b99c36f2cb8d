"""TIFF directories: tags in, tags out, in either byte order. EXIF blocks are the same thing.

Values are kept as bytes (little-endian inside), so that tags nobody here has heard of pass through unchanged.

References
----------
TIFF 6.0, section 2; Adobe's BigTIFF design; Exif 2.3 section 4.6.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from freefill.images.budget import Budget

Order = Literal["<", ">"]
ReadAt = Callable[[int, int], bytes]  # offset, size -> bytes, fewer at the end of the file

_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_PAIRS = (5, 10)  # rationals are two numbers each
_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 18: "Q"}
_CODES[17] = "q"
SUB = (34665, 34853, 40965)  # Exif, GPS, Interoperability: their value is another directory
_MOST_TAGS = 4096  # a damaged count could ask for gigabytes
_TAG_BYTES = 200  # what an entry takes in itself, here
_MOST_NUMBERS = 4096  # of a tag as a tuple: what a layout says is short, and lists of strips are read as an array


@dataclass(frozen=True)
class Tag:
    """One entry: its type, its bytes (little-endian), or the directory that it points to."""

    kind: int
    data: bytes = b""
    children: Mapping[int, Tag] | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """The first 4,096 values; rationals divided, 0 where the divisor is 0."""
        code = _CODES.get(self.kind)
        if code is None:
            return tuple(self.data[:_MOST_NUMBERS])
        data = self.data[: _MOST_NUMBERS * 8]
        values = struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)
        if self.kind in _PAIRS:
            return tuple(a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True))
        return values

    @property
    def array(self) -> NDArray[Any]:
        """All values of whole numbers."""
        code = _CODES.get(self.kind, "B")
        return np.frombuffer(self.data, np.dtype(code).newbyteorder("<"))

    @property
    def integers(self) -> tuple[int, ...]:
        """The values as integers; those that are none (NaN, infinite) as 0."""
        return tuple(int(value) if math.isfinite(value) else 0 for value in self.numbers)


Tags = dict[int, Tag]


def shorts(*values: int) -> Tag:
    """Return a tag of 16-bit numbers."""
    return Tag(3, struct.pack(f"<{len(values)}H", *values))


def longs(values: Sequence[int]) -> Tag:
    """Return a tag of 32-bit numbers."""
    return Tag(4, np.asarray(values, "<u4").tobytes())


def rational(value: float) -> Tag:
    """Return a tag of one number as a fraction; whole numbers stay whole."""
    below = 1 if float(value).is_integer() else 10000
    return Tag(5, struct.pack("<II", min(round(value * below), 2**32 - 1), below))


def header_of(head: bytes) -> tuple[Order, bool, int] | None:
    """Return byte order ("<", ">"), whether it is a BigTIFF, and the place of the first directory; None if no TIFF."""
    orders: dict[bytes, Order] = {b"II": "<", b"MM": ">"}
    order = orders.get(head[:2])
    if order is None or len(head) < 16:
        return None
    (version,) = struct.unpack_from(order + "H", head, 2)
    if version == 42:
        return order, False, struct.unpack_from(order + "I", head, 4)[0]
    if version == 43 and struct.unpack_from(order + "HH", head, 4) == (8, 0):
        return order, True, struct.unpack_from(order + "Q", head, 8)[0]
    return None


def read_tags(
    read_at: ReadAt, offset: int, order: Order, big: bool = False, depth: int = 0, budget: Budget | None = None
) -> tuple[Tags, int]:
    """Read a directory; returns its tags and the place of the next (0: none).

    Tags may share their bytes: 1 MB of file would become gigabytes. So `budget` bounds what all directories of a file
    take together; tags beyond it are left out.

    Raises
    ------
    ValueError
        If there is no directory at that place. Single tags that point nowhere are left out.
    """
    budget = budget or Budget()
    count_code, entry, word = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    head = struct.calcsize(order + count_code)
    raw = read_at(offset, head)
    if len(raw) < head or offset < 8:  # the header is 8 bytes long, so nothing can begin within it
        raise ValueError(f"no directory at byte {offset}")
    (count,) = struct.unpack(order + count_code, raw)
    size = struct.calcsize(order + entry) + word
    body = read_at(offset + head, min(count, _MOST_TAGS) * size + word)
    if count > _MOST_TAGS or len(body) < count * size:
        raise ValueError(f"directory at byte {offset} is cut off")
    tags: Tags = {}
    for place in range(0, count * size, size):
        number, kind, items = struct.unpack_from(order + entry, body, place)
        unit = _UNIT.get(kind)
        if unit is None or number in tags:
            continue
        length = items * unit * (2 if kind in _PAIRS else 1)
        value = place + size - word
        if length > word:  # what is longer stands elsewhere in the file
            where = struct.unpack_from(order + ("Q" if big else "I"), body, value)[0]
            data = read_at(where, length) if budget.take(length) else b""
        else:
            data = body[value : value + length]
        if len(data) == length and budget.take(_TAG_BYTES):
            tag = Tag(kind, _little(data, unit, order))
            tags[number] = _with_children(tag, number, read_at, order, big, depth, budget)
    end = body[count * size : count * size + word]
    return tags, struct.unpack(order + ("Q" if big else "I"), end)[0] if len(end) == word else 0


def _little(data: bytes, unit: int, order: Order) -> bytes:
    """Turn numbers of `unit` bytes to little-endian (or from it: the same)."""
    return data if order == "<" or unit == 1 else np.frombuffer(data, f"u{unit}").byteswap().tobytes()


def _with_children(tag: Tag, number: int, read_at: ReadAt, order: Order, big: bool, depth: int, budget: Budget) -> Tag:
    """Read the directory that a tag points to, three deep at most."""
    if number not in SUB or depth >= 3 or not tag.integers:
        return tag
    try:
        return Tag(4, children=read_tags(read_at, tag.integers[0], order, big, depth + 1, budget)[0])
    except ValueError:
        return Tag(tag.kind, b"\0" * len(tag.data), {})


def pack_tags(tags: Mapping[int, Tag], order: Order, offset: int) -> bytes:
    """Return a directory, and all that its tags point to, as it stands at byte `offset` of a file (even)."""
    entries, behind = [], b""
    place = offset + 2 + 12 * len(tags) + 4
    for number, tag in sorted(tags.items()):  # TIFF wants tags in order
        if tag.children is not None:
            kind, items, here = 4, 1, place + len(behind)
            value = struct.pack(order + "I", here)
            behind += pack_tags(tag.children, order, here)
        else:
            unit = _UNIT[tag.kind]
            kind, items = tag.kind, len(tag.data) // (unit * (2 if tag.kind in _PAIRS else 1))
            value = _little(tag.data, unit, order)
            if len(value) > 4:  # longer values stand behind the directory, each at an even byte
                value, long = struct.pack(order + "I", place + len(behind)), value
                behind += long + b"\0" * (len(long) & 1)
        entries.append(struct.pack(order + "HHI", number, kind, items) + value.ljust(4, b"\0"))
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4) + behind


def tags_of_exif(block: bytes) -> Tags:
    """Return the tags of an EXIF block; none where it is damaged."""
    header = header_of(block.ljust(16, b"\0"))
    if header is None:
        return {}
    order, big, offset = header
    try:
        return read_tags(lambda start, size: block[start : start + size], offset, order, big)[0]
    except (ValueError, struct.error):
        return {}


def exif_of_tags(tags: Mapping[int, Tag], order: Order = "<") -> bytes:
    """Return an EXIF block of tags."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + pack_tags(tags, order, 8)
