"""EXIF blocks: the orientation reset, previews taken out, nothing left that no tag points to.

A block is patched in place, never laid out anew: makers' notes hold offsets that only stay true that way.

References
----------
Exif 2.3, sections 4.5 and 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass, field

from freefill.images.metadata.signs import places_of_images

ORIENTATION, _MAKER = 0x0112, 0x927C
_WIDTH, _HEIGHT = 0xA002, 0xA003
_INNER = (0x8769, 0x8825, 0xA005)  # Exif, GPS, Interoperability: their value is a directory
# Sub-pictures, strips, a JPEG and its size, Windows' thumbnail, Photoshop's blocks and layers.
_PREVIEWS = (0x014A, 0x0111, 0x0117, 0x0201, 0x0202, 0x501B, 0x8649, 0x935C)
_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_BYTES = 16 << 20  # a JPEG's EXIF has 64 kB at most; other formats set no bound, so we do


@dataclass
class _Block:
    """A block under repair."""

    data: bytearray
    order: str
    images: list[int]  # where a picture begins
    used: list[tuple[int, int]] = field(default_factory=list)  # what tags point to: start, end
    seen: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def number(self, code: str, place: int) -> int:
        return struct.unpack_from(self.order + code, self.data, place)[0]

    def holds_image(self, start: int, end: int) -> bool:
        at = bisect.bisect_left(self.images, start)
        return at < len(self.images) and self.images[at] < end


def _opened(exif: bytes) -> _Block | None:
    """Return the block, or None where it is no EXIF, or has no directory."""
    # Header, count of entries, link: 14 at least.
    if not 14 <= len(exif) <= _MOST_BYTES or exif[:4] not in (b"II*\0", b"MM\0*"):
        return None
    block = _Block(bytearray(exif), "<" if exif[:2] == b"II" else ">", [])
    first = block.number("I", 4)
    if first < 8 or first + 2 > len(exif) or first + 2 + 12 * block.number("H", first) > len(exif):
        return None
    return block


def _entries(block: _Block, offset: int) -> dict[int, int]:
    """Return tag -> place of its 12-byte entry; none where there is no directory."""
    if offset < 8 or offset + 2 > len(block.data):
        return {}
    end = offset + 2 + 12 * block.number("H", offset)
    places: dict[int, int] = {}
    for place in range(offset + 2, min(end, len(block.data) - 11), 12):
        places.setdefault(block.number("H", place), place)
    return places


def _value(block: _Block, place: int) -> int | None:
    """Return the one number of an entry that holds SHORT or LONG, else None."""
    kind, count = block.number("H", place + 2), block.number("I", place + 4)
    # 13: a LONG by another name, for directories.
    return block.number("H" if kind == 3 else "I", place + 8) if count == 1 and kind in (3, 4, 13) else None


def orientation_of(exif: bytes | None) -> int:
    """Return 1 to 8; 1 where the block has none, or is damaged."""
    block = _opened(exif) if exif else None
    if block is None:
        return 1
    place = _entries(block, block.number("I", 4)).get(ORIENTATION)
    value = _value(block, place) if place is not None else None
    return value if value is not None and 1 <= value <= 8 else 1


def clean_exif(exif: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the block with orientation 1 and without anything that shows the picture as it was; and what to say.

    Out go the second directory (the preview of every camera), sub-pictures, and makers' notes or other tags in which a
    picture lies. Then every byte that no tag points to is blanked: what was cut off before would still be readable.

    Returns
    -------
    block : None where it is damaged: handed on, strict readers of the output would complain
    notes : for the user
    """
    block = _opened(exif)
    if block is None:
        return None, ("the EXIF block is damaged and was left out",)
    first = block.number("I", 4)
    entries = _entries(block, first)
    if ORIENTATION in entries:
        turned = orientation_of(exif) >= 5
        # One SHORT, whatever it was written as.
        struct.pack_into(block.order + "HIHH", block.data, entries[ORIENTATION] + 2, 3, 1, 1, 0)
        if turned:
            _swap_sizes(block, entries)
    link = first + 2 + 12 * block.number("H", first)
    second = block.number("I", link) if link + 4 <= len(block.data) else 0
    # Before entries are taken out: they say where the pictures lie.
    block.images = places_of_images(bytes(block.data))
    block.used.append((0, 8))
    _clean(block, first, depth=0)
    # Taking entries out has moved the link behind them.
    link = first + 2 + 12 * block.number("H", first)
    if link + 4 <= len(block.data):
        struct.pack_into(block.order + "I", block.data, link, 0)  # no second directory: it is that of the preview
    if second and _entries(block, second):
        block.notes.insert(0, "the preview inside EXIF was left out: it showed the picture as it was")
    _blank_unused(block)
    return bytes(block.data), tuple(dict.fromkeys(block.notes))


def sized_exif(exif: bytes, size: tuple[int, int]) -> bytes:
    """Return the block with the width and height that it tells set to a size (height, width), where it tells any."""
    block = _opened(exif)
    if block is None:
        return exif
    sub = _entries(block, block.number("I", 4)).get(_INNER[0])
    offset = None if sub is None else _value(block, sub)
    inner = {} if offset is None else _entries(block, offset)
    for tag, side in ((_HEIGHT, size[0]), (_WIDTH, size[1])):
        if tag in inner:
            struct.pack_into(block.order + "HII", block.data, inner[tag] + 2, 4, 1, side)  # a LONG
    return bytes(block.data)


def _swap_sizes(block: _Block, entries: dict[int, int]) -> None:
    """Exchange the width and height that the inner directory tells, for a picture turned by a quarter."""
    sub = _value(block, entries[_INNER[0]]) if _INNER[0] in entries else None
    inner = _entries(block, sub) if sub is not None else {}
    if _WIDTH in inner and _HEIGHT in inner:
        a, b = inner[_WIDTH] + 2, inner[_HEIGHT] + 2
        block.data[a : a + 10], block.data[b : b + 10] = block.data[b : b + 10], block.data[a : a + 10]


def _clean(block: _Block, offset: int, depth: int) -> bool:
    """Take the entries out of a directory that cannot stay, and note what the others point to; False if it is none."""
    # EXIF is three deep (main, Exif, Interoperability); a damaged file may point back to itself.
    if offset in block.seen or depth > 3 or offset < 8 or offset + 2 > len(block.data):
        return False
    count = block.number("H", offset)
    if offset + 2 + 12 * count > len(block.data):
        return False
    block.seen.add(offset)
    kept = []
    for place in range(offset + 2, offset + 2 + 12 * count, 12):
        if _stays(block, place, depth):
            kept.append(bytes(block.data[place : place + 12]))
    table = b"".join(kept)
    struct.pack_into(block.order + "H", block.data, offset, len(kept))
    block.data[offset + 2 : offset + 2 + 12 * count] = table.ljust(12 * count, b"\0")
    block.used.append((offset, min(offset + 2 + len(table) + 4, len(block.data))))
    return True


def _stays(block: _Block, place: int, depth: int) -> bool:
    """Tell whether an entry is sound and shows no picture."""
    tag, kind, count = block.number("H", place), block.number("H", place + 2), block.number("I", place + 4)
    size = _UNIT.get(kind, 0) * count
    if tag in _PREVIEWS or size == 0:
        return False
    if tag in _INNER:
        sub = _value(block, place)
        return sub is not None and _clean(block, sub, depth + 1)
    if size <= 4:  # so little stands in the entry itself
        return True
    start = block.number("I", place + 8)
    if start < 8 or start + size > len(block.data):
        return False  # points nowhere
    if block.holds_image(start, start + size):
        what = "the maker's note" if tag == _MAKER else f"EXIF tag {tag}"
        block.notes.append(f"{what} holds a preview of the picture as it was, and was left out")
        return False
    block.used.append((start, start + size))
    return True


def _blank_unused(block: _Block) -> None:
    """Set every byte to 0 that no tag points to, and cut what is behind the last that one does."""
    end = 0
    for start, stop in sorted(block.used):
        if start > end:
            block.data[end:start] = bytes(start - end)
        end = max(end, stop)
    del block.data[end:]
