"""JPEG: what its header says, and how to compress alike.

References
----------
ITU-T T.81, annex B (markers); JFIF 1.02; ICC.1:2010 annex B.4 (profiles in APP2); Exif 2.3 section 4.5.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from freefill.errors import InputError
from freefill.images.damage import check_size, quietly, reading
from freefill.images.modes import pil_of, raster_of
from freefill.values import Extras, JpegTables, Picture

_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_STARTS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_MOST_IN_MARKER = 65533
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
    elif kind == 0xE1 and body.startswith(_EXIF) and header.exif is None:
        header.exif = body[len(_EXIF) :]
    elif kind == 0xE1 and body.startswith(_XMP) and header.xmp is None:
        header.xmp = body[len(_XMP) :]
    elif kind == 0xE2 and body.startswith(_ICC) and len(body) > 14:
        header.icc[body[12]] = body[14:]
    elif kind == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
        header.adobe = body[11]
    elif kind == 0xFE and header.comment is None:
        header.comment = body


def tables_of(header: Header) -> JpegTables:
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
    return JpegTables(tuple(tables), subsampling, header.progressive)


def colours_of(header: Header) -> str:
    """Return what the components are, as the library decides it."""
    count, numbers = len(header.components), tuple(component[0] for component in header.components)
    if count == 3:
        named = header.adobe is None and not header.jfif and numbers == (0x52, 0x47, 0x42)
        return "RGB" if header.adobe == 0 or named else "YCbCr"
    if count == 4:
        return {None: "CMYK", 0: "inverted CMYK"}.get(header.adobe, "YCCK")
    return "grey"


def read_jpeg(data: bytes, name: str, max_mpx: float | None) -> Picture:
    """Read a JPEG file's bytes; orientation is left to the caller.

    Raises
    ------
    InputError
        If the file is damaged, cut off or too large.
    """
    from PIL import JpegImagePlugin

    header = header_of(data, name)
    check_size(name, header.width, header.height, max_mpx)
    icc = b"".join(header.icc[number] for number in sorted(header.icc)) or None
    with reading(name, "JPEG"):
        with quietly():
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        if image.size != (header.width, header.height):
            raise OSError("two frame headers")
        image.load()
        raster = raster_of(image, name, icc)
        image.close()
    save: dict[str, Any] = {**raster.save}
    if header.comment:
        save["comment"] = header.comment
    if colours_of(header) == "RGB":
        save["jpeg_rgb"] = True  # three channels of RGB, not of luma and chroma
    save["jpeg_bytes"] = data
    extras = Extras(
        "JPEG", raster.mode, icc, header.exif, header.xmp, header.dpi, jpeg=tables_of(header),
        native=raster.native, save=save,
    )  # fmt: skip
    return Picture(raster.pixels, None, extras, name)


def write_jpeg(picture: Picture, stream: BinaryIO, quality: int | None, name: str) -> tuple[str, ...]:
    """Write a picture as JPEG; with the tables and subsampling it came with, unless `quality` is given.

    Returns
    -------
    notes about what JPEG could not hold

    Raises
    ------
    InputError
        If the picture is transparent somewhere: what lies behind it is not for us to choose.
    """
    extras, notes = picture.extras, []
    if picture.alpha is not None:
        if (picture.alpha != picture.full_scale).any():
            raise InputError(f"{name}: JPEG holds no transparency; write PNG, WebP or TIFF instead")
        notes.append("the alpha channel, opaque everywhere, was left out: JPEG holds none")
    if max(picture.size) > 65500:
        raise InputError(f"{name}: JPEG holds at most 65,500 px a side; write PNG, WebP or TIFF instead")
    if picture.pixels.dtype != np.uint8:
        notes.append("written with 8 bits a channel: JPEG holds no more")
    options: dict[str, Any] = {"quality": 95 if quality is None else quality, "subsampling": 0}
    if extras.jpeg is not None:
        options["subsampling"] = max(extras.jpeg.subsampling, 0)
        options["progressive"] = extras.jpeg.progressive
        if quality is None and extras.jpeg.quantization:
            options |= {"qtables": [list(table) for table in extras.jpeg.quantization], "quality": -1}
    image = pil_of(picture, ("L", "RGB", "CMYK"))
    if image.mode == "CMYK" or extras.mode != "CMYK":
        options["icc_profile"] = extras.icc
    if extras.exif is not None and len(extras.exif) + len(_EXIF) <= _MOST_IN_MARKER:
        options["exif"] = _EXIF + extras.exif
    if extras.xmp is not None and len(extras.xmp) + len(_XMP) <= _MOST_IN_MARKER:
        options["xmp"] = extras.xmp
    for kind, block, option in (("EXIF", extras.exif, "exif"), ("XMP", extras.xmp, "xmp")):
        if block and option not in options:
            notes.append(f"{kind} of {len(block):,} bytes was left out: JPEG holds at most 64 kB")
    if extras.dpi is not None:
        options["dpi"] = tuple(min(round(value), 65535) for value in extras.dpi)
    if "comment" in extras.save:
        options["comment"] = extras.save["comment"]
    if image.mode == "RGB" and extras.save.get("jpeg_rgb"):
        options["keep_rgb"] = True
    options = {key: value for key, value in options.items() if value is not None}
    if "qtables" in options and "jpeg_bytes" in extras.save:
        from freefill.images.jpeg_kept import with_kept_blocks

        data = with_kept_blocks(extras.save["jpeg_bytes"], extras.save.get("orientation", 1), image, options)
        if data is not None:
            stream.write(data)
            return tuple(notes)
    image.save(stream, "JPEG", **options)
    return tuple(notes)
