"""Writing PNG: a decoder's counterpart packs the pixels, every chunk beside them is written here."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from freefill.errors import InputError
from freefill.images.depth import change_depth
from freefill.images.metadata import photoshop, raw_profile
from freefill.images.modes import keyed, pil_of
from freefill.images.png.beside import XMP, Chunk, PngCarry
from freefill.images.png.read import SIGNATURE, pack
from freefill.images.profile import space_of
from freefill.values import Picture

_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "tRNS")
_LARGE_PX = 4_000_000


def effort(picture: Picture) -> int:
    """Return zlib's level: 6 takes 3.5 times as long as 3 for 7 % less; that tells when a photograph is large."""
    return 6 if picture.size[0] * picture.size[1] < _LARGE_PX else 3


def write_png(picture: Picture, stream: BinaryIO) -> tuple[str, ...]:
    """Write a picture as PNG in its own mode and depth, with everything it carries; returns what it cannot hold."""
    data = memoryview(_deep(picture) if picture.pixels.dtype != np.uint8 else _shallow(picture))
    carry = picture.extras.carry
    # Depth and colour type in the new header. Background and significant bits are written in their terms.
    tied = carry.tied if isinstance(carry, PngCarry) and carry.kind == bytes(data[24:26]) else ()
    beside = [*_beside(picture), *(chunk for chunk in tied if chunk[0] != b"bKGD")]
    ground = [chunk for chunk in tied if chunk[0] == b"bKGD"]
    stream.write(SIGNATURE)
    for kind, start, end in _places(data):
        if kind == b"IDAT":
            for chunk in ground:  # between PLTE and IDAT
                stream.write(pack(*chunk))
            ground = []
        stream.write(data[start:end])
        if kind == b"IHDR":  # before PLTE and IDAT, where all others may stand
            for chunk in beside:
                stream.write(pack(*chunk))
    notes = []
    if picture.pixels.dtype.kind == "f":
        notes.append("float numbers are written with 16 bits")
    return tuple(notes)


def _shallow(picture: Picture) -> memoryview:
    """Pack 8 bits a channel and less."""
    image = pil_of(picture, _MODES)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=effort(picture), transparency=image.info.get("transparency"))
    return out.getbuffer()


def _deep(picture: Picture) -> memoryview:
    """Pack 16 bits a channel; float pictures become that."""
    key = keyed(picture)
    pixels = change_depth(picture.pixels if key is None else key, np.uint16)
    alpha = None if picture.alpha is None or key is not None else change_depth(picture.alpha, np.uint16)
    height, width, channels = pixels.shape
    if alpha is not None:
        pixels = np.dstack([pixels, alpha])
    if channels == 1:
        # The counterpart of the reader's trick: 8-bit pixels of twice the channels have the same bytes and filters.
        from PIL import Image as PilImage

        out = io.BytesIO()
        mode = "LA" if alpha is None else "RGBA"
        PilImage.frombuffer(mode, (width, height), pixels.astype(">u2").tobytes(), "raw", mode, 0, 1).save(
            out, "PNG", compress_level=effort(picture)
        )
        data = out.getbuffer()
        header = struct.pack(">IIBBBBB", width, height, 16, 0 if alpha is None else 4, 0, 0, 0)
    else:
        import cv2

        code = cv2.COLOR_RGB2BGR if alpha is None else cv2.COLOR_RGBA2BGRA
        done, packed = cv2.imencode(".png", cv2.cvtColor(pixels, code), [cv2.IMWRITE_PNG_COMPRESSION, effort(picture)])
        if not done:
            raise InputError(f"{picture.source}: could not be packed as 16-bit PNG; write TIFF instead")
        data = packed.data
        header = bytes(data[16:29])
    parts = [SIGNATURE, pack(b"IHDR", header)]
    if key is not None:
        parts.append(pack(b"tRNS", struct.pack(f">{channels}H", *(picture.extras.transparent_key or ())[:channels])))
    parts += [bytes(data[start:end]) for kind, start, end in _places(memoryview(data)) if kind in (b"IDAT", b"IEND")]
    return memoryview(b"".join(parts))


def _places(data: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each chunk of a file made here."""
    place = len(SIGNATURE)
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place, place + 12 + size
        place += 12 + size


def _beside(picture: Picture) -> list[Chunk]:
    """Return the chunks for everything but pixels."""
    extras = picture.extras
    carry = extras.carry if isinstance(extras.carry, PngCarry) else PngCarry((), (), b"", (), {})
    wanted = "GRAY" if picture.pixels.shape[2] == 1 else "RGB"  # the profile of inks is no longer that of the pixels
    profile = extras.icc if extras.icc and space_of(extras.icc) == wanted else None
    # The specification allows sRGB or a profile, not both; the time is that of the last change, so it is now.
    out: list[Chunk] = [c for c in carry.chunks if not (profile and c[0] == b"sRGB") and c[0] != b"tIME"]
    if any(kind == b"tIME" for kind, _ in carry.chunks):
        out.append((b"tIME", _now()))
    if profile:
        out.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if extras.dpi:
        x, y = (min(round(value / 0.0254), 2**31 - 1) for value in extras.dpi)  # PNG's numbers end there
        out = [*(c for c in out if c[0] != b"pHYs"), (b"pHYs", struct.pack(">IIB", x, y, 1))]
    if extras.exif:
        out.append((b"eXIf", extras.exif))
    out += (
        carry.texts
        if carry.text == dict(extras.text)
        else [_text_chunk(key, value) for key, value in extras.text.items()]
    )
    if extras.iptc:
        text = raw_profile.packed("iptc", photoshop.resource(extras.iptc)).encode()
        out.append((b"zTXt", raw_profile.PREFIX.encode() + b"iptc\0\0" + zlib.compress(text)))
    if extras.xmp:
        out.append((b"iTXt", XMP.encode() + b"\0\0\0\0\0" + extras.xmp))
    return out


def _now() -> bytes:
    """Return the time of the change, as tIME holds it; SOURCE_DATE_EPOCH stands for it where results must be alike."""
    now = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()))
    return struct.pack(">HBBBBB", *now[:6])


def _text_chunk(key: str, value: str) -> Chunk:
    """Return the plainest chunk that holds the text."""
    name = key.encode("latin-1", "replace")[:79] or b"Comment"  # a keyword has 79 bytes at most
    try:
        return b"tEXt", name + b"\0" + value.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", name + b"\0\0\0\0\0" + value.encode("utf-8")
