"""JPEG: what its segments before the first scan say.

References
----------
ITU-T T.81, annex B (markers); JFIF 1.02; ICC.1:2010 annex B.4 (profiles in APP2); Exif 2.3 section 4.5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from freefill.errors import InputError
from freefill.images.damage import reading
from freefill.images.metadata import photoshop
from freefill.images.metadata.signs import places_of_images

EXIF, XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # none of these stands in a scan's bits
# Cameras and programs write 10 to 25 scans. Each goes over the whole picture: 3,000 in 660 kB took two minutes.
_MOST_SCANS, _MOST_WORK_MPX = 100, 5000
_STARTS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
)  # fmt: skip


@dataclass
class Header:
    """What stands before the first scan."""

    width: int = 0
    height: int = 0
    progressive: bool = False
    components: list[tuple[int, int, int, int]] = field(default_factory=list)  # id, across, down, table
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict)  # natural order
    exif: bytes | None = None
    xmp: bytes | None = None
    icc: dict[int, bytes] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    adobe: int | None = None  # APP14's colour transform
    photoshop: bytes = b""  # resources, of all APP13 together
    notes: list[str] = field(default_factory=list)  # what is not kept
    jfif: bool = False


def _markers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments up to the first scan."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            place += 1
            continue
        kind = data[place + 1]
        if kind in (0x00, 0x01, 0xFF) or 0xD0 <= kind <= 0xD8:
            place += 1 if kind == 0xFF else 2
            continue
        (size,) = struct.unpack_from(">H", data, place + 2)
        yield kind, data[place + 4 : place + 2 + size]
        if kind in (0xDA, 0xD9):
            return
        place += 2 + size


def header_of(data: bytes, name: str) -> Header:
    """Read the segments before the first scan.

    Raises
    ------
    InputError
        If there is no sound frame header.
    """
    header = Header()
    with reading(name, "JPEG"):
        for kind, body in _markers(data):
            _take(header, kind, body)
    if not header.components or not header.width:
        raise InputError(f"{name}: the JPEG file is damaged (no frame header); get it again or save it anew")
    return header


def _take(header: Header, kind: int, body: bytes) -> None:
    """Put one segment's content where it belongs."""
    if kind in _STARTS and not header.components:
        _, header.height, header.width, count = struct.unpack_from(">BHHB", body)
        header.progressive = kind in (0xC2, 0xC6, 0xCA, 0xCE)
        for i in range(count):
            number, sampling, table = struct.unpack_from("BBB", body, 6 + 3 * i)
            header.components.append((number, sampling >> 4, sampling & 15, table))
    elif kind == 0xDB:
        while body:
            wide, size = body[0] >> 4, 128 if body[0] >> 4 else 64
            numbers = struct.unpack(">64H" if wide else "64B", body[1 : 1 + size])
            natural = [0] * 64
            for place, number in zip(_ZIGZAG, numbers, strict=True):
                natural[place] = number
            header.tables[body[0] & 15] = tuple(natural)
            body = body[1 + size :]
    elif kind == 0xE0 and body[:5] == b"JFIF\0" and len(body) >= 12:
        header.jfif = True
        unit, x, y = struct.unpack_from(">BHH", body, 7)
        if unit in (1, 2) and x and y:
            header.dpi = (x * (1.0 if unit == 1 else 2.54), y * (1.0 if unit == 1 else 2.54))
    elif kind == 0xE1 and body.startswith(EXIF) and header.exif is None:
        header.exif = body[len(EXIF) :]
    elif kind == 0xE1 and body.startswith(XMP) and header.xmp is None:
        header.xmp = body[len(XMP) :]
    elif kind == 0xE2 and body.startswith(_ICC) and len(body) > 14:
        header.icc[body[12]] = body[14:]
    elif kind == 0xE1 and body.startswith(_MORE_XMP):
        header.notes.append("extended XMP was left out")
    elif kind == 0xED and body.startswith(photoshop.JPEG_START):
        header.photoshop += body[len(photoshop.JPEG_START) :]
    elif kind == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
        header.adobe = body[11]
    elif kind == 0xFE and header.comment is None:
        header.comment = body


def check_scans(data: bytes, header: Header, name: str) -> None:
    """Go through the scans without decoding them; refuse too many, and note what lies behind the picture.

    Raises
    ------
    InputError
        If decoding would take far longer than for any picture of that size.
    """
    place, scans = 2, 0
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            place += 1
            continue
        kind = data[place + 1]
        if kind == 0xD9:
            _note_rest(data[place + 2 :], header)
            break
        if kind in (0x00, 0x01, 0xFF) or 0xD0 <= kind <= 0xD8:
            place += 1 if kind == 0xFF else 2
            continue
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
        if kind == 0xDA:
            scans += 1
            found = _MARKER.search(data, place)
            place = found.start() if found else len(data)
    work_mpx = scans * header.width * header.height / 1e6
    if scans > _MOST_SCANS or (scans > 4 and work_mpx > _MOST_WORK_MPX):
        raise InputError(
            f"{name}: this JPEG has {scans:,} scans, which would take very long to decode; save it anew as a JPEG "
            f"that is not progressive"
        )


def _note_rest(rest: bytes, header: Header) -> None:
    """Say what is behind the end of the picture: it is not kept, since it shows the picture as it was."""
    if places_of_images(rest[: 1 << 26]):
        header.notes.append(
            "further pictures behind the JPEG (previews, gain maps) were left out: they show it as it was"
        )
    elif b"ftyp" in rest[:64]:
        header.notes.append("the video of this motion photo shows the picture as it was, and was left out")
    elif len(rest.strip(b"\0\n\r ")) > 64:
        header.notes.append(f"{len(rest):,} bytes behind the end of the JPEG were left out")


@dataclass(frozen=True)
class Tables:
    """How a JPEG was compressed, so that the output can be compressed alike."""

    quantization: tuple[tuple[int, ...], ...]  # one or more tables of 64, in the order of the file's components
    subsampling: int  # 0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0, -1 = other or grey
    progressive: bool = False


def tables_of(header: Header) -> Tables:
    """Return the quantization tables in the order of the components, the subsampling, and how it is laid out."""
    used = [table for *_, table in header.components if table in header.tables]
    while len(used) > 1 and used[-1] == used[-2]:
        used.pop()  # the last table stands for all that follow
    tables = [header.tables[table] for table in used]
    across, down = header.components[0][1:3]
    plain = all(c[1:3] == (1, 1) for c in header.components[1:3])
    if len(header.components) < 3 or not plain:
        subsampling = 0 if len({c[1:3] for c in header.components}) == 1 and len(header.components) > 2 else -1
    else:
        subsampling = {(1, 1): 0, (2, 1): 1, (2, 2): 2}.get((across, down), -1)
    return Tables(tuple(tables), subsampling, header.progressive)


def colours_of(header: Header) -> str:
    """Return what the components are, as the library decides it."""
    count, numbers = len(header.components), tuple(component[0] for component in header.components)
    if count == 3:
        named = header.adobe is None and not header.jfif and numbers == (0x52, 0x47, 0x42)
        return "RGB" if header.adobe == 0 or named else "YCbCr"
    if count == 4:
        return {None: "CMYK", 0: "inverted CMYK"}.get(header.adobe, "YCCK")
    return "grey"
