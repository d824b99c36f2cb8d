"""WebP, BMP, GIF, AVIF and HEIC: formats that Pillow (or its plugin) reads and writes as they are."""

from __future__ import annotations

import contextlib
import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from freefill.errors import InputError
from freefill.images.damage import check_frames, check_size, quietly, reading, unlimited
from freefill.images.depth import change_depth
from freefill.images.heic import (
    HeicCarry,
    bits_of_avif,
    carry_of,
    carry_of_avif,
    deep_heic_of,
    left_out,
    read_deep_avif,
    read_deep_heic,
)
from freefill.images.metadata.signs import holds_image
from freefill.images.modes import picture_of, pil_of, raster_of
from freefill.images.profile import space_of
from freefill.values import Carry, Extras, Picture

if TYPE_CHECKING:
    from PIL import Image as PilImage

WORDS = {"WEBP": "WebP", "BMP": "BMP", "GIF": "GIF", "AVIF": "AVIF", "HEIF": "HEIC"}


LOSSY = ("JPEG", "AVIF", "HEIF")


@dataclass(frozen=True, eq=False)
class WebpCarry(Carry):
    """How a WebP was made."""

    lossless: bool


@dataclass(frozen=True, eq=False)
class GifCarry(Carry):
    """What stands beside the picture of a GIF."""

    comment: bytes


def _opened(stream: BinaryIO, kind: str, name: str) -> PilImage.Image:
    """Make Pillow's image object of one format; no pixel is decoded yet."""
    from PIL.Image import DecompressionBombError

    # The format's own class, not Image.open: that would offer the bytes to every plugin there is.
    if kind == "WEBP":
        from PIL.WebPImagePlugin import WebPImageFile as Opener
    elif kind == "BMP":
        from PIL.BmpImagePlugin import BmpImageFile as Opener
    elif kind == "GIF":
        from PIL.GifImagePlugin import GifImageFile as Opener
    elif kind == "AVIF":
        try:
            from PIL.AvifImagePlugin import AvifImageFile as Opener
        except ImportError:
            raise InputError(
                f"{name}: this version of Pillow cannot read AVIF; run: pip install --upgrade pillow"
            ) from None
    else:
        try:
            from pillow_heif import HeifImageFile as Opener
        except ImportError:
            raise InputError(f"{name}: HEIC needs an extra; run: pip install 'freefill[heif]'") from None
    try:
        return Opener(stream)
    except DecompressionBombError:  # Pillow's own limit; only GIF's reader asks for it here
        raise InputError(f"{name}: the picture is too large for a GIF to be read; save it as PNG") from None


def read_by_pillow(stream: BinaryIO, kind: str, name: str, max_mpx: float | None, first_frame: bool) -> Picture:
    """Read a picture of one of these formats; orientation is left to the caller.

    Raises
    ------
    InputError
        If the file is damaged, too large, or a film.
    """
    carry: Carry | None = None
    if kind == "WEBP":
        head = stream.read()
        stream = io.BytesIO(head)
        width, height, lossless, animated = _webp_header(head, name)
        check_size(name, width, height, max_mpx)  # Pillow's reader takes memory for two frames when it is made
        check_frames(name, 2 if animated and not first_frame else 1, first_frame, "or more frames")
        carry = WebpCarry(lossless)
    with reading(name, WORDS[kind]):
        with quietly(), unlimited() if kind != "GIF" else contextlib.nullcontext():
            image = _opened(stream, kind, name)
        check_size(name, *image.size, max_mpx)
        check_frames(name, int(getattr(image, "n_frames", 1)), first_frame)
        with quietly():
            info = dict(image.info)
            exif = info.get("exif") or None
            if exif is None and kind == "AVIF":
                exif = image.getexif().tobytes() or None
        bits = bits_of_avif(stream) if kind == "AVIF" else int(info.get("bit_depth") or 8) if kind == "HEIF" else 8
        deep = None
        if bits > 8:
            deep = read_deep_heic(stream) if kind == "HEIF" else read_deep_avif(stream, bits, image.size)
        if deep is None:
            image.load()
        raster = raster_of(image, name, info.get("icc_profile")) if deep is None else deep
    notes = (f"{bits} bits a channel are read as 8, and written as 8",) if bits > 8 and deep is None else ()
    if kind == "GIF" and isinstance(info.get("comment"), bytes) and not holds_image(info["comment"]):
        carry = GifCarry(info["comment"])
    if kind == "AVIF":
        carry = carry_of_avif(stream)
    if kind == "HEIF":
        carry, notes = carry_of(info), (*notes, *left_out(info))
    exif = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else None
    xmp = info.get("xmp")
    dpi = info.get("dpi") if kind == "BMP" else None
    if kind == "BMP" and raster.mode == "P":
        raster.palette_alpha = None
    extras = Extras(
        kind,
        icc=info.get("icc_profile") or None,
        exif=exif,
        xmp=xmp if isinstance(xmp, bytes) and xmp else None,
        dpi=dpi if dpi and all(value > 0 for value in dpi) else None,
        carry=carry,
        notes=notes,
    )
    return picture_of(raster, extras, name)


def _webp_header(data: bytes, name: str) -> tuple[int, int, bool, bool]:
    """Return width, height, lossless, animated, from the first chunks (RFC 9649)."""
    place, size, lossless, animated = 12, None, False, False
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + 16]
        if kind == b"VP8X" and len(body) >= 10:
            animated = bool(body[0] & 2)
            size = (int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
        elif kind == b"VP8L" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            # 14 bits each of width - 1 and height - 1.
            size = size or ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            lossless = True
            break
        elif kind == b"VP8 " and len(body) >= 10:
            # 14 bits each; the two above them ask for scaling up, which is not the size.
            size = size or (int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)
            break
        elif kind == b"ANMF":
            break
        # Chunks of RIFF begin at even bytes.
        place += 8 + length + (length & 1)
    if size is None:
        raise InputError(f"{name}: the WebP file is cut off or damaged; get it again")
    return *size, lossless, animated


def check_by_pillow(picture: Picture, kind: str, name: str) -> None:
    """Refuse what one of these formats cannot hold, or cannot be written here.

    Raises
    ------
    InputError
        If it is so.
    """
    if kind == "WEBP" and max(picture.size) > 16383:
        raise InputError(f"{name}: WebP holds at most 16,383 px a side; write PNG or TIFF instead")
    if kind == "GIF" and (picture.extras.native is None or picture.extras.mode != "P"):
        raise InputError(f"{name}: GIF holds 256 colours only; write PNG instead")
    if kind == "HEIF":
        _register_heif(name)


def write_by_pillow(picture: Picture, stream: BinaryIO, kind: str, quality: int | None, name: str) -> tuple[str, ...]:
    """Write a picture as WebP, BMP, GIF, AVIF or HEIC; returns notes about what the format could not hold.

    WebP is lossless where the input was (WebP or any lossless format) and no quality is asked for.
    """
    check_by_pillow(picture, kind, name)
    extras, notes = picture.extras, []
    deep = kind == "HEIF" and picture.pixels.dtype != np.uint8
    if picture.pixels.dtype != np.uint8 and not deep:
        notes.append(f"written with 8 bits a channel: {WORDS[kind]} holds no more here")
    options: dict[str, Any] = {}
    if kind == "WEBP":
        own = extras.carry.lossless if isinstance(extras.carry, WebpCarry) else extras.format not in LOSSY
        lossless = own and quality is None
        # `exact` keeps the colours behind transparent pixels. Without it they are flattened to save bytes, and known
        # pixels change.
        options = {"lossless": lossless, "quality": quality or 90, "method": 4, "exact": True}
        if lossless:
            options["quality"] = 50  # effort here, not loss
        image = pil_of(picture, ("RGB", "RGBA"))
    elif kind == "BMP":
        return _write_bmp(picture, stream, notes)
    elif kind == "GIF":
        image = pil_of(picture, ("P",))
        comment = {"comment": extras.carry.comment} if isinstance(extras.carry, GifCarry) else {}
        image.save(stream, "GIF", optimize=False, **_transparent_index(image), **comment)
        return tuple(notes)
    else:
        options = {"quality": 90 if quality is None else quality}
        if kind == "HEIF" and isinstance(extras.carry, HeicCarry):
            options |= extras.carry.nclx
        image = pil_of(picture, ("RGB", "RGBA"))
    profile = extras.icc if extras.icc and space_of(extras.icc) == "RGB" else None
    if extras.iptc:
        notes.append(f"IPTC was left out: {WORDS[kind]} holds none")
    for option, block in (("icc_profile", profile), ("exif", extras.exif), ("xmp", extras.xmp)):
        if block:
            options[option] = b"Exif\0\0" + block if option == "exif" and kind != "AVIF" else block
    if (
        kind == "WEBP"
        and image.mode == "RGBA"
        and picture.alpha is not None
        and (picture.alpha == picture.full_scale).all()
    ):
        return _write_opaque_webp(image, stream, options, notes)
    if deep:
        notes.append("HEIC is written with 10 bits a channel")
        deep_heic_of(picture).save(stream, **options)
    else:
        image.save(stream, kind, **options)
    return tuple(notes)


def _write_opaque_webp(
    image: PilImage.Image, stream: BinaryIO, options: dict[str, Any], notes: list[str]
) -> tuple[str, ...]:
    """Write WebP with an alpha channel that is opaque everywhere, which the library drops.

    A lossless file has a bit that says whether alpha is used; the pixels behind it are written all the same (RFC 9649,
    section 3.4). A lossy one has no such bit.
    """
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    data = bytearray(out.getvalue())
    # The signature 0x2F, then 14 bits of width, 14 of height and "alpha is used": the fifth bit of the fourth byte.
    # VP8X tells it once more.
    place = data.find(b"VP8L", 12)
    if options["lossless"] and place >= 0 and data[place + 8] == 0x2F:
        data[place + 12] |= 0x10
        if data[12:16] == b"VP8X":
            data[20] |= 0x10
    else:
        notes.append("the alpha channel, opaque everywhere, was left out: lossy WebP holds none")
    stream.write(data)
    return tuple(notes)


def _transparent_index(image: PilImage.Image) -> dict[str, int]:
    """GIF knows one transparent number, not one alpha each."""
    alpha = image.info.get("transparency")
    clear = [] if alpha is None else [i for i, value in enumerate(alpha) if value == 0]
    return {"transparency": clear[0]} if clear else {}


def _register_heif(name: str) -> None:
    """Make Pillow know HEIC; the plugin's own call."""
    try:
        import pillow_heif
    except ImportError:
        raise InputError(f"{name}: HEIC needs an extra; run: pip install 'freefill[heif]'") from None
    pillow_heif.register_heif_opener()


def _write_bmp(picture: Picture, stream: BinaryIO, notes: list[str]) -> tuple[str, ...]:
    """Write BMP; with alpha by hand, in the newer header that says where alpha lies."""
    extras = picture.extras
    if extras.icc or extras.exif or extras.xmp:
        notes.append("colour profile and metadata were left out: BMP holds none")
    dpi = extras.dpi or (0, 0)
    if picture.alpha is None:
        image = pil_of(picture, ("1", "L", "P", "RGB"))
        image.save(stream, "BMP", **({"dpi": dpi} if extras.dpi else {}))
        return tuple(notes)
    height, width = picture.size
    rgb = change_depth(picture.pixels, np.uint8)
    bgra = np.empty((height, width, 4), np.uint8)
    bgra[:, :, :3] = rgb[::-1, :, ::-1]
    bgra[:, :, 3] = change_depth(picture.alpha, np.uint8)[::-1]
    # 108: BITMAPV4HEADER, which names an alpha mask.
    head = struct.pack("<2sIHHI", b"BM", 14 + 108 + bgra.nbytes, 0, 0, 14 + 108)
    metres = [round(value / 0.0254) for value in dpi]
    head += struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, bgra.nbytes, *metres, 0, 0)
    # "BGRs": sRGB, for which the 48 bytes behind it are not read.
    head += struct.pack("<IIII4s48x", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    stream.write(head)
    stream.write(bgra.data)
    return tuple(notes)
