"""EXIF orientation: applied to the pixels once, then reset, so that nobody applies it again.

The EXIF block is patched in place, never laid out anew: makers' notes hold offsets that only stay true that way.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ORIENTATION, _EXIF_IFD, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA002, 0xA003
_THUMBNAIL_OFFSET, _THUMBNAIL_BYTES = 0x0201, 0x0202


def turn(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the array (H, W, ...) as EXIF orientation 1 to 8 says it is to be seen; other numbers change nothing.

    Examples
    --------
    >>> turn(np.array([[1, 2]]), 6).tolist()
    [[1], [2]]
    >>> turn(np.array([[1, 2]]), 3).tolist()
    [[2, 1]]
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array) if 2 <= orientation <= 8 else array


def _entries(exif: bytes | bytearray, offset: int, order: str) -> tuple[dict[int, int], int]:
    """Return tag -> place of its 12-byte entry, and the place of the link to the next directory (0: none)."""
    if offset < 8 or offset + 2 > len(exif):
        return {}, 0
    (count,) = struct.unpack_from(order + "H", exif, offset)
    places: dict[int, int] = {}
    for place in range(offset + 2, min(offset + 2 + 12 * count, len(exif) - 11), 12):
        places.setdefault(struct.unpack_from(order + "H", exif, place)[0], place)
    link = offset + 2 + 12 * count
    return places, link if link + 4 <= len(exif) else 0


def _start(exif: bytes | bytearray) -> tuple[str, int] | None:
    """Return the byte order and the place of the first directory, or None where this is no EXIF block."""
    if len(exif) < 8 or exif[:4] not in (b"II*\0", b"MM\0*"):
        return None
    order = "<" if exif[:2] == b"II" else ">"
    return order, struct.unpack_from(order + "I", exif, 4)[0]


def _number(exif: bytes | bytearray, place: int, order: str) -> int | None:
    """Return the first number of an entry that holds SHORT or LONG, else None."""
    kind, count = struct.unpack_from(order + "HI", exif, place + 2)
    if count != 1 or kind not in (3, 4):
        return None
    return struct.unpack_from(order + ("H" if kind == 3 else "I"), exif, place + 8)[0]


def orientation_of(exif: bytes | None) -> int:
    """Return 1 to 8; 1 where the block has none, or is damaged."""
    start = _start(exif) if exif else None
    if exif is None or start is None:
        return 1
    order, offset = start
    place = _entries(exif, offset, order)[0].get(_ORIENTATION)
    value = _number(exif, place, order) if place is not None else None
    return value if value is not None and 1 <= value <= 8 else 1


def upright_exif(exif: bytes) -> bytes:
    """Return the block with orientation 1 and without its preview.

    The preview is a small copy of the picture as it was: kept, it would show what the user had removed.
    """
    start = _start(exif)
    if start is None:
        return exif
    order, offset = start
    block = bytearray(exif)
    entries, link = _entries(block, offset, order)
    turned = orientation_of(exif) >= 5
    place = entries.get(_ORIENTATION)
    if place is not None:
        struct.pack_into(order + "HIHH", block, place + 2, 3, 1, 1, 0)
    sub = _number(block, entries[_EXIF_IFD], order) if _EXIF_IFD in entries else None
    if turned and sub is not None:
        inner = _entries(block, sub, order)[0]
        if _WIDTH in inner and _HEIGHT in inner:
            a, b = inner[_WIDTH] + 2, inner[_HEIGHT] + 2
            block[a : a + 10], block[b : b + 10] = block[b : b + 10], block[a : a + 10]
    return bytes(_without_preview(block, link, order))


def _without_preview(block: bytearray, link: int, order: str) -> bytearray:
    """Blank the second directory's JPEG and unlink the directory; cut what then trails."""
    second = struct.unpack_from(order + "I", block, link)[0] if link else 0
    if not second:
        return block
    entries, _ = _entries(block, second, order)
    struct.pack_into(order + "I", block, link, 0)
    if _THUMBNAIL_OFFSET in entries and _THUMBNAIL_BYTES in entries:
        offset = _number(block, entries[_THUMBNAIL_OFFSET], order)
        size = _number(block, entries[_THUMBNAIL_BYTES], order)
        if offset is not None and size is not None and 8 <= offset < len(block):
            end = min(offset + size, len(block))
            block[offset:end] = bytes(end - offset)
            if end >= len(block) - 4:
                del block[offset:]
    return block


def upright_xmp(xmp: bytes) -> bytes:
    """Return the packet with its own copy of the orientation set to 1."""
    return re.sub(rb'(tiff:Orientation(?:\s*=\s*["\']|>\s*))[1-8]', rb"\g<1>1", xmp)
