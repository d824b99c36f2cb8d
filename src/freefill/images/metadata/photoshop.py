"""Photoshop's image resources: the blocks in which JPEG keeps IPTC, and a preview.

References
----------
Adobe, "Photoshop File Formats", image resources section; IPTC-NAA information interchange model 4.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

IPTC = 0x0404
JPEG_START = b"Photoshop 3.0\0"


def resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (number, data) of each resource; stops where the block is damaged."""
    place = 0
    while place + 12 <= len(block) and block[place : place + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"):
        number = struct.unpack_from(">H", block, place + 4)[0]
        name = 1 + block[place + 6]  # a length byte and its letters, padded to an even number
        start = place + 6 + name + (name & 1)
        if start + 4 > len(block):
            return
        size = struct.unpack_from(">I", block, start)[0]
        if start + 4 + size > len(block):
            return
        yield number, block[start + 4 : start + 4 + size]
        place = start + 4 + size + (size & 1)  # data are padded too


def iptc_of(block: bytes) -> bytes | None:
    """Return the IPTC records of a block of resources, or None."""
    return next((data for number, data in resources(block) if number == IPTC and data), None)


def resource(iptc: bytes) -> bytes:
    """Return a block of resources that holds IPTC records and nothing else."""
    return b"8BIM" + struct.pack(">HHI", IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) & 1)


def jpeg_segment(iptc: bytes) -> bytes | None:
    """Return an APP13 segment with IPTC records; None where they are too many for one."""
    body = JPEG_START + resource(iptc)
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body if len(body) + 2 <= 0xFFFF else None
