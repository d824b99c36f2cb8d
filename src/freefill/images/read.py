"""Picture files in: one door for every format."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from freefill.errors import InputError
from freefill.files import explain, read_pipe
from freefill.images.by_pillow import read_by_pillow
from freefill.images.jpeg.file import read_jpeg
from freefill.images.metadata.exif import clean_exif, orientation_of
from freefill.images.metadata.signs import holds_image
from freefill.images.metadata.xmp import clean_xmp
from freefill.images.orient import turn
from freefill.images.png.read import SIGNATURE, read_png
from freefill.images.profile import sound
from freefill.images.tiff.read import read_tiff
from freefill.values import Picture

MAX_MPX = 200.0  # a file of some kB can claim to be larger, and would take all memory

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_OTHERS = {
    b"%PDF": "a PDF", b"8BPS": "a Photoshop file", b"<svg": "an SVG drawing", b"<?xm": "an XML or SVG file",
    b"\x00\x00\x00\x0cjP": "a JPEG 2000 file", b"\xff\x4f\xff\x51": "a JPEG 2000 file", b"\xff\x0a": "a JPEG XL file",
    b"\x00\x00\x00\x0cJXL": "a JPEG XL file", b"PK\x03\x04": "a ZIP archive", b"P5": "a PGM file", b"P6": "a PPM file",
    b"\x76\x2f\x31\x01": "an OpenEXR file", b"#?RADIANCE": "a Radiance file", b"\x00\x00\x01\x00": "an icon",
}  # fmt: skip


def read_picture(
    source: str | os.PathLike[str] | BinaryIO, max_mpx: float | None = MAX_MPX, first_frame: bool = False
) -> Picture:
    """Read a picture, upright, with all that its file carries.

    Parameters
    ----------
    source : a path, or a binary stream (read to its end)
    max_mpx : refuse what the header calls larger than so many million pixels, before decoding; None = no limit
    first_frame : take the first picture of a film or of several pages, where otherwise they are refused

    Returns
    -------
    Picture; `extras.orientation` is the EXIF orientation that was applied

    Raises
    ------
    InputError
        If there is no such file, it is no picture, is damaged, too large, or of several frames.
    """
    if not isinstance(source, str | os.PathLike):
        name = str(getattr(source, "name", "")) or "stream"
        name = "standard input" if name in ("<stdin>", "0", "<fdopen>") else name
        return _read(io.BytesIO(source.read()), name, max_mpx, first_frame)
    name = os.fspath(source)
    if not name:
        raise InputError("the path of the picture is empty; name a file")
    try:
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{name}: this is a folder, not a picture file; for folders use: freefill batch")
        # A device such as /dev/zero never ends.
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise InputError(f"{name}: this is a device, not a picture file")
        if stat.S_ISFIFO(mode):
            return _read(io.BytesIO(read_pipe(name)), name, max_mpx, first_frame)
        with Path(name).open("rb") as stream:
            return _read(stream, name, max_mpx, first_frame)
    except OSError as error:
        raise explain(name, error, "read") from None
    except ValueError as error:  # a NUL in the path
        raise InputError(f"{name!r}: this is no path ({error})") from None


def _read(stream: BinaryIO, name: str, max_mpx: float | None, first_frame: bool) -> Picture:
    """Recognise the format by the file's first bytes, never by its name, and read it."""
    head = stream.read(32)
    stream.seek(0)
    kind = format_of(head)
    if kind is None:
        raise InputError(f"{name}: {_unknown(head)}")
    if kind == "TIFF":
        picture = read_tiff(stream, name, max_mpx, first_frame)
    elif kind == "PNG":
        picture = read_png(stream.read(), name, max_mpx, first_frame)
    elif kind == "JPEG":
        picture = read_jpeg(stream.read(), name, max_mpx)
    else:
        picture = read_by_pillow(stream, kind, name, max_mpx, first_frame)
    return _cleaned(_upright(picture))


def format_of(head: bytes) -> str | None:
    """Return the name of the format of a file that starts so, or None where it is none that is read.

    Examples
    --------
    >>> format_of(b"RIFF....WEBPVP8 ")
    'WEBP'
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(SIGNATURE):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    # "BM" alone begins many a text; the length of the second header makes sure.
    if head[:2] == b"BM" and len(head) > 18 and head[14:18] in (b"\x0c\0\0\0", b"\x28\0\0\0", b"\x34\0\0\0", b"\x38\0\0\0", b"\x40\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):  # fmt: skip # noqa: E501
        return "BMP"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avif", b"avis"):
            return "AVIF"
        if head[8:12] in _HEIC:  # mif1 says only that it is a picture; the brands behind it say how it is coded
            return "AVIF" if b"avif" in head[16:] else "HEIF"
    return None


def _unknown(head: bytes) -> str:
    """Say what the file is, and the way out."""
    if not head:
        return "the file is empty (0 bytes); get it again"
    what = next((word for start, word in _OTHERS.items() if head.startswith(start)), None)
    if what is None:
        printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in head) == len(head)
        what = "a text file" if printable else "no picture file"
    return f"this is {what}; JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC and AVIF are read: save it as one of them"


def _upright(picture: Picture) -> Picture:
    """Apply the EXIF orientation."""
    extras = picture.extras
    orientation = orientation_of(extras.exif)
    if orientation == 1:  # or applied by the format's reader: TIFF's own
        return picture
    changes: dict[str, Any] = {"orientation": orientation}
    if extras.native is not None:
        changes["native"] = turn(extras.native, orientation)
    if extras.dpi is not None and orientation >= 5:
        changes["dpi"] = extras.dpi[::-1]
    if extras.carry is not None:
        changes["carry"] = extras.carry.turned(orientation)
    alpha = None if picture.alpha is None else turn(picture.alpha, orientation)
    return Picture(turn(picture.pixels, orientation), alpha, replace(extras, **changes), picture.source)


def _cleaned(picture: Picture) -> Picture:
    """Take out of what stands beside the pixels all that is damaged, stale, or shows the picture as it was."""
    extras = picture.extras
    changes: dict[str, Any] = {}
    notes: list[str] = []
    if extras.exif:
        changes["exif"], said = clean_exif(extras.exif)
        notes += said
    if extras.xmp:
        changes["xmp"], said = clean_xmp(extras.xmp)
        notes += said
    if extras.icc:
        changes["icc"] = sound(extras.icc)
        if changes["icc"] is None:
            notes.append("the colour profile is damaged and was left out")
    if extras.iptc and holds_image(extras.iptc):
        changes["iptc"] = None
        notes.append("IPTC holds a preview of the picture as it was, and was left out")
    if not changes:
        return picture
    changes["notes"] = tuple(dict.fromkeys((*extras.notes, *notes)))
    return replace(picture, extras=replace(extras, **changes))
