"""JPEG files: read, and compressed again like the input.

References
----------
ITU-T T.81, annex B (markers); JFIF 1.02; ICC.1:2010 annex B.4 (profiles in APP2); Exif 2.3 section 4.5.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np

from freefill.errors import InputError
from freefill.images.damage import check_size, quietly, reading
from freefill.images.jpeg.header import EXIF, XMP, Tables, bare_of, colours_of, header_of, tables_of
from freefill.images.jpeg.kept import with_kept_blocks
from freefill.images.metadata import photoshop
from freefill.images.modes import picture_of, pil_of, raster_of
from freefill.images.profile import space_of
from freefill.values import Carry, Extras, Picture

_MOST_IN_MARKER = 65533  # a segment's length is two bytes, and counts itself


@dataclass(frozen=True, eq=False)
class JpegCarry(Carry):
    """How a JPEG was made."""

    tables: Tables
    comment: bytes | None
    rgb: bool  # three channels of RGB, not of luma and chroma
    data: bytes  # the file without its metadata, whose blocks are kept wherever nothing changes
    corner: tuple[int, int] = (0, 0)  # (row, col) where its first pixel is now

    def turned(self, orientation: int) -> JpegCarry:
        """Turn the tables with the picture: across and down change places."""
        if orientation < 5:
            return self
        turned = tuple(tuple(table[8 * (i % 8) + i // 8] for i in range(64)) for table in self.tables.quantization)
        return replace(self, tables=replace(self.tables, quantization=turned))

    def moved(self, rows: int, cols: int) -> JpegCarry:
        """Remember where the file's blocks are now."""
        return replace(self, corner=(self.corner[0] + rows, self.corner[1] + cols))


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
    with reading(name, "JPEG"):
        data = bare_of(data, header, name)
    # A profile above 64 kB comes in numbered pieces, in any order.
    icc = b"".join(header.icc[number] for number in sorted(header.icc)) or None
    with reading(name, "JPEG"):
        with quietly():
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        # The size was checked by the first frame header; a second one would have a picture of another size decoded.
        if image.size != (header.width, header.height):
            raise OSError("two frame headers")
        image.load()
        raster = raster_of(image, name, icc)
        image.close()
    carry = JpegCarry(tables_of(header), header.comment, colours_of(header) == "RGB", data)
    extras = Extras(
        "JPEG",
        icc=icc,
        exif=header.exif,
        xmp=header.xmp,
        iptc=photoshop.iptc_of(b"".join(header.photoshop)),
        dpi=header.dpi,
        carry=carry,
        notes=tuple(dict.fromkeys(header.notes)),
    )
    return picture_of(raster, extras, name)


def check_opaque(picture: Picture, name: str) -> None:
    """Refuse what JPEG cannot hold.

    Raises
    ------
    InputError
        If the picture is transparent somewhere, or too large.
    """
    if picture.alpha is not None and (picture.alpha != picture.full_scale).any():
        raise InputError(f"{name}: JPEG cannot hold transparency; write PNG, WebP or TIFF instead")
    if max(picture.size) > 65500:  # libjpeg's own bound; the format's is 65,535
        raise InputError(f"{name}: JPEG cannot be larger than 65,500 px a side; write PNG, WebP or TIFF instead")


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
    carry = extras.carry if isinstance(extras.carry, JpegCarry) else None
    check_opaque(picture, name)
    if picture.alpha is not None:
        notes.append("the alpha channel, opaque everywhere, was left out: JPEG holds none")
    if picture.pixels.dtype != np.uint8:
        notes.append("written with 8 bits a channel: JPEG holds no more")
    options: dict[str, Any] = {"quality": 95 if quality is None else quality, "subsampling": 0}
    if carry is not None:
        options["subsampling"] = 0 if carry.rgb else max(carry.tables.subsampling, 0)
        options["progressive"] = carry.tables.progressive
        if quality is None and carry.tables.quantization:
            # Pillow scales tables that it is given by the quality; -1 leaves them as they are.
            options |= {"qtables": [list(table) for table in carry.tables.quantization], "quality": -1}
    image = pil_of(picture, ("L", "RGB", "CMYK"))
    if extras.icc is not None and space_of(extras.icc) == {"L": "GRAY"}.get(image.mode, image.mode):
        options["icc_profile"] = extras.icc
    if extras.iptc is not None:
        options["extra"] = photoshop.jpeg_segment(extras.iptc)
        if options["extra"] is None:
            notes.append(f"IPTC of {len(extras.iptc):,} bytes was left out: JPEG holds at most 64 kB")
    if extras.exif is not None and len(extras.exif) + len(EXIF) <= _MOST_IN_MARKER:
        options["exif"] = EXIF + extras.exif
    if extras.xmp is not None and len(extras.xmp) + len(XMP) <= _MOST_IN_MARKER:
        options["xmp"] = extras.xmp
    for kind, block, option in (("EXIF", extras.exif, "exif"), ("XMP", extras.xmp, "xmp")):
        if block and option not in options:
            notes.append(f"{kind} of {len(block):,} bytes was left out: JPEG holds at most 64 kB")
    if extras.dpi is not None:
        options["dpi"] = tuple(min(round(value), 65535) for value in extras.dpi)  # two bytes in JFIF
    if carry is not None:
        options["comment"] = carry.comment
        options["keep_rgb"] = True if image.mode == "RGB" and carry.rgb else None
    options = {key: value for key, value in options.items() if value is not None}
    # With other tables the numbers of the file would mean other things, and none could be kept.
    if carry is not None and "qtables" in options:
        data = with_kept_blocks(carry.data, extras.orientation, image, options, carry.corner)
        if data is not None:
            stream.write(data)
            return tuple(notes)
        way = "add multiples of 16 px at the left and the top, or " if any(carry.corner) else ""
        notes.append(
            "all of this JPEG is compressed anew with its own tables: known pixels may move by some levels; "
            f"{way}write PNG to keep them"
        )
    image.save(stream, "JPEG", **options)
    return tuple(notes)
