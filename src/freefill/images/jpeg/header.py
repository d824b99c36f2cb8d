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
from freefill.images.budget import Budget
from freefill.images.damage import reading
from freefill.images.metadata import photoshop
from freefill.images.metadata.signs import begins_image

EXIF, XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")  # what begins a segment; none of these stands in a scan's bits
# Cameras and programs write 10 to 25 scans. Each goes over the whole picture: 3,000 in 660 kB took two minutes.
_MOST_SCANS, _MOST_WORK_MPX, _MOST_TABLES = 100, 5000, 2000
_MOST_NOTES = 20  # a damaged file may have thousands of foreign segments, and as many notes help nobody
_READ = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)  # by the library: baseline, extended, progressive; the last two arithmetic
_STARTS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
# From the lowest to the highest frequency, as tables and blocks are stored: where each stands row by row.
ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
)  # fmt: skip


@dataclass
class Header:
    """What stands before the first scan."""

    width: int = 0
    height: int = 0
    kind: int = 0xC0  # of the frame: how it is coded
    bits: int = 8
    progressive: bool = False
    components: list[tuple[int, int, int, int]] = field(default_factory=list)  # id, across, down, table
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict)  # natural order
    exif: bytes | None = None
    xmp: bytes | None = None
    icc: dict[int, bytes] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    adobe: int | None = None  # APP14's colour transform
    photoshop: list[bytes] = field(default_factory=list)  # resources, of each APP13
    notes: list[str] = field(default_factory=list)  # what is not kept
    jfif: bool = False


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start (of the marker) and end of each segment, those between scans too; at last that of the end.

    A scan's bits belong to no segment. Searched by pattern: a file of millions of fill bytes takes no longer.
    """
    place = 2
    while found := _MARKER.search(data, place):
        start, kind = found.start(), data[found.start() + 1]
        if kind == 0xD9:
            yield kind, start, start + 2
            return
        if start + 4 > len(data):
            return
        # A damaged length below 2 would lead back.
        place = start + 2 + max(struct.unpack_from(">H", data, start + 2)[0], 2)
        yield kind, start, min(place, len(data))


def header_of(data: bytes, name: str) -> Header:
    """Read the segments before the first scan.

    Raises
    ------
    InputError
        If there is no sound frame header.
    """
    header = Header()
    with reading(name, "JPEG"):
        budget = Budget()
        for kind, start, end in segments(data):
            if kind in (0xDA, 0xD9):
                break
            _take(header, kind, data[start + 4 : end], budget)
    if not header.components or not header.width:
        raise InputError(f"{name}: the JPEG file is damaged (no frame header); get it again or save it anew")
    if header.bits != 8 or header.kind not in _READ:
        how = f"{header.bits} bits" if header.bits != 8 else "a lossless or hierarchical kind"
        raise InputError(
            f"{name}: a JPEG of {how} cannot be read; save it as PNG or TIFF with the program that made it"
        )
    return header


# What other segments hold, by how they begin. Not told are those that nobody misses, and the list of further pictures
# (MPF): what it lists lies behind the picture, and is told where it is.
_NAMES = (
    (_MORE_XMP, "extended XMP was left out"),
    (b"JP", "content credentials (C2PA) were left out: they are signed for the picture as it was"),
    (b"FLIR\0", "thermal data (FLIR) was left out: it shows the picture as it was"),
    (b"urn:iso:std:iso:ts:21496", "the gain map (HDR) was left out"),
    (b"JFXX\0", "the preview in JFXX was left out: it showed the picture as it was"),
)
_SILENT = (EXIF, b"JFIF\0", b"Adobe", b"MPF\0", b"Ducky", b"Picture Info")


def _leave_out(header: Header, kind: int, body: bytes) -> None:
    """Say that a segment does not go along."""
    note = next((note for begin, note in _NAMES if body.startswith(begin)), None)
    if note is None and kind == 0xFE:
        note = "a second comment was left out"
    if note is None and not body.startswith(_SILENT):
        word = re.match(rb"[\w ./:-]{2,24}", body)
        named = f" ({word[0].decode()})" if word else ""
        note = f"a segment APP{kind - 0xE0}{named} was left out: nobody here knows it"
    if note is not None and len(header.notes) < _MOST_NOTES:
        header.notes.append(note)


def _take(header: Header, kind: int, body: bytes, budget: Budget) -> None:
    """Put one segment's content where it belongs."""
    if 0xE0 <= kind <= 0xEF and not budget.take(len(body)):
        header.notes.append("metadata of more than 64 MB was left out")
    # The first frame header counts; `read_jpeg` refuses files whose second one differs.
    elif kind in _STARTS and not header.components:
        header.kind = kind
        header.bits, header.height, header.width, count = struct.unpack_from(">BHHB", body)
        header.progressive = kind in (0xC2, 0xC6, 0xCA, 0xCE)
        for i in range(count):
            number, sampling, table = struct.unpack_from("BBB", body, 6 + 3 * i)
            header.components.append((number, sampling >> 4, sampling & 15, table))
    elif kind == 0xDB:
        while body:
            wide, size = body[0] >> 4, 128 if body[0] >> 4 else 64  # upper half 1: numbers of two bytes
            numbers = struct.unpack(">64H" if wide else "64B", body[1 : 1 + size])
            natural = [0] * 64
            for place, number in zip(ZIGZAG, numbers, strict=True):
                natural[place] = number
            header.tables[body[0] & 15] = tuple(natural)
            body = body[1 + size :]
    elif kind == 0xE0 and body[:5] == b"JFIF\0" and len(body) >= 12:
        header.jfif = True
        unit, x, y = struct.unpack_from(">BHH", body, 7)
        # 1 = per inch, 2 = per cm; 0 tells only the shape of a pixel.
        if unit in (1, 2) and x and y:
            header.dpi = (x * (1.0 if unit == 1 else 2.54), y * (1.0 if unit == 1 else 2.54))
    elif kind == 0xE1 and body.startswith(EXIF) and header.exif is None:
        header.exif = body[len(EXIF) :]
    elif kind == 0xE1 and body.startswith(XMP) and header.xmp is None:
        header.xmp = body[len(XMP) :]
    elif kind == 0xE2 and body.startswith(_ICC) and len(body) > 14:
        header.icc[body[12]] = body[14:]  # which piece it is
    elif kind == 0xED and body.startswith(photoshop.JPEG_START):
        header.photoshop.append(body[len(photoshop.JPEG_START) :])
    elif kind == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
        header.adobe = body[11]
    elif kind == 0xFE and header.comment is None:
        header.comment = body
    elif 0xE0 <= kind <= 0xEF or kind == 0xFE:
        _leave_out(header, kind, body)


def bare_of(data: bytes, header: Header, name: str) -> bytes:
    """Return the file without metadata and without what lies behind the picture, which is noted in the header.

    Decoders read what they are given: of 200,000 segments of metadata one made two minutes of work.

    Raises
    ------
    InputError
        If decoding would take far longer than for any picture of that size.
    """
    parts, place, scans, tables, in_scan = [data[:2]], 2, 0, 0, False
    for kind, start, end in segments(data):
        if in_scan:  # elsewhere what lies between two segments is nothing
            parts.append(data[place:start])
        if kind == 0xD9:
            _note_rest(data, end, header)
        # JFIF and Adobe stay: decoders tell by them how the colours are coded.
        if kind != 0xFE and not (0xE0 <= kind <= 0xEF and data[start + 4 : start + 9] not in (b"JFIF\0", b"Adobe")):
            parts.append(data[start:end])
        place, in_scan = end, kind == 0xDA
        scans += kind == 0xDA
        tables += kind in (0xC4, 0xDB)
    if in_scan:
        parts.append(data[place:])  # cut off, which the decoder tells
    work_mpx = scans * header.width * header.height / 1e6
    # A sequential JPEG has at most a scan for each of four components, however large it is.
    if scans > _MOST_SCANS or (scans > 4 and work_mpx > _MOST_WORK_MPX) or tables > _MOST_TABLES:
        raise InputError(
            f"{name}: this JPEG has {scans:,} scans and {tables:,} segments of tables, which would take very long to "
            f"decode; save it anew as a JPEG that is not progressive"
        )
    return b"".join(parts)


def _note_rest(data: bytes, end: int, header: Header) -> None:
    """Say what is behind the end of the picture: it is not kept, since it shows the picture as it was."""
    rest = memoryview(data)[end:]
    if begins_image(rest):
        header.notes.append(
            "further pictures behind the JPEG (previews, gain maps) were left out: they show it as it was"
        )
    elif b"ftyp" in bytes(rest[:64]):
        header.notes.append("the video of this motion photo shows the picture as it was, and was left out")
    # Cameras pad with zeros, which is nothing to tell.
    elif len(rest) > 64 and len(bytes(rest[:4096]).strip(b"\0\n\r ")) > 64:
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
        named = header.adobe is None and not header.jfif and numbers == (0x52, 0x47, 0x42)  # the letters R, G, B
        return "RGB" if header.adobe == 0 or named else "YCbCr"
    if count == 4:
        return {None: "CMYK", 0: "inverted CMYK"}.get(header.adobe, "YCCK")
    return "grey"
