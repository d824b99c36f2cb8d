"""Reading PNG, chunk by chunk: the pixels go to a decoder, everything else is read here.

Pillow has no 16-bit colour and leaves the checksums of pixel data unread; OpenCV loses every chunk. So the chunks are
ours, and a decoder only ever sees a bare file of header, palette and pixel data.

References
----------
PNG specification, third edition, sections 5 (chunks), 11 (their layouts).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.damage import check_frames, check_size, quietly, reading
from freefill.images.modes import Raster, picture_of, raster_of, with_key
from freefill.images.png.beside import Chunk, extras_of
from freefill.values import Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def read_png(data: bytes, name: str, max_mpx: float | None, first_frame: bool) -> Picture:
    """Read a PNG file's bytes; orientation is left to the caller.

    Raises
    ------
    InputError
        If the file is damaged, too large, or animated.
    """
    header = _header(data, name)
    width, height, depth, _colour = header[:4]
    check_size(name, width, height, max_mpx)
    chunks = list(_chunks(data, name))
    for kind, body in chunks:
        if kind == b"acTL" and len(body) >= 4:
            check_frames(name, struct.unpack(">I", body[:4])[0], first_frame)
    with reading(name, "PNG"):
        bare = _bare(chunks, keep_key=depth < 16)
        raster = _deep(bare, header, chunks) if depth == 16 else _shallow(bare, name)
    return picture_of(raster, extras_of(chunks), name)


def _header(data: bytes, name: str) -> tuple[int, int, int, int, int]:
    """Return width, height, depth, colour type, interlace."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise InputError(f"{name}: the PNG file is cut off after {len(data)} bytes; get it again")
    width, height, depth, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", data[16:29])
    if depth not in _DEPTHS.get(colour, ()) or packing or filters or interlace > 1:
        raise InputError(f"{name}: the PNG header is damaged (depth {depth}, colour type {colour}); get it again")
    return width, height, depth, colour, interlace


def _chunks(data: bytes, name: str) -> Iterable[Chunk]:
    """Yield the chunks in order, with sound checksums; unsound ones that are not needed are left out."""
    place, seen_pixels = len(SIGNATURE), False
    view = memoryview(data)
    while place + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + size
        if end > len(data):
            break
        sound = zlib.crc32(view[place + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]
        needed = kind[0] < 0x60  # capital first letter: critical
        if not sound and needed:
            word = kind.decode("ascii", "replace") if kind.isalpha() else f"chunk {kind.hex()}"
            raise InputError(f"{name}: the PNG file is damaged (checksum of {word} at byte {place}); get it again")
        if sound:
            seen_pixels |= kind == b"IDAT"
            body = view[place + 8 : end - 4]
            yield kind, body if kind == b"IDAT" else bytes(body)  # pixel data is large: no copy of it
        if kind == b"IEND":
            if not seen_pixels:
                raise InputError(f"{name}: the PNG file has no pixel data; get it again")
            return
        place = end
    raise InputError(f"{name}: the PNG file is cut off after {len(data):,} bytes; get it again")


def _bare(chunks: list[Chunk], keep_key: bool) -> bytes:
    """Return a PNG of nothing but what pixels need."""
    kinds = (b"IHDR", b"PLTE", b"IDAT", b"IEND") + ((b"tRNS",) if keep_key else ())
    return SIGNATURE + b"".join(pack(kind, body) for kind, body in chunks if kind in kinds)


def pack(kind: bytes, body: bytes | memoryview) -> bytes:
    """Return a chunk as it stands in the file."""
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))


def _shallow(bare: bytes, name: str) -> Raster:
    """Decode up to 8 bits a channel."""
    from PIL import PngImagePlugin

    with quietly():
        image = PngImagePlugin.PngImageFile(io.BytesIO(bare))
    image.load()
    return raster_of(image, name)


def _deep(bare: bytes, header: tuple[int, int, int, int, int], chunks: list[Chunk]) -> Raster:
    """Decode 16 bits a channel."""
    width, height, _, colour, interlace = header
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    if channels <= 2:
        # Filters look back by a pixel's bytes: 2 or 4 here, as in 8-bit grey-alpha or RGBA. Called that, any 8-bit
        # decoder gives the very bytes.
        pixels = _as_eight_bit(bare, width, height, channels, interlace)
    else:
        import cv2

        needed, surplus = _check_rows(chunks, header, channels)
        if surplus:  # libpng would print about it
            bare = _bare(_without_surplus(chunks, needed), keep_key=False)
        found = cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None or found.dtype != np.uint16 or found.shape != (height, width, channels):
            raise OSError("pixel data cannot be decoded")
        pixels = cv2.cvtColor(found, cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA, found)  # in place
    mode = {1: "I;16", 2: "LA;16", 3: "RGB;16", 4: "RGBA;16"}[channels]
    if channels in (2, 4):
        return Raster(np.ascontiguousarray(pixels[:, :, :-1]), np.ascontiguousarray(pixels[:, :, -1]), mode)
    raster = Raster(pixels, mode=mode)
    key = next((body for kind, body in chunks if kind == b"tRNS"), b"")
    if len(key) >= 2 * channels:
        raster = with_key(raster, struct.unpack(f">{channels}H", key[: 2 * channels]))
    return raster


def _as_eight_bit(bare: bytes, width: int, height: int, channels: int, interlace: int) -> NDArray[np.uint16]:
    """Decode 16-bit grey (with alpha) as 8-bit pixels of twice the channels, and join the bytes."""
    from PIL import PngImagePlugin

    header = struct.pack(">IIBBBBB", width, height, 8, 4 if channels == 1 else 6, 0, 0, interlace)
    renamed = bare[:8] + pack(b"IHDR", header) + bare[33:]  # 33: signature and old header
    image = PngImagePlugin.PngImageFile(io.BytesIO(renamed))
    image.load()
    array = np.asarray(image)
    return array.view(">u2").astype(np.uint16).reshape(height, width, channels)


def _check_rows(chunks: list[Chunk], header: tuple[int, int, int, int, int], channels: int) -> tuple[int, bool]:
    """Raise where the pixel data ends early, or a row begins with no filter: OpenCV would print, and give grey rows.

    Returns
    -------
    bytes that the rows are, and whether there is anything behind them
    """
    width, height, _, _, interlace = header
    passes = [(width, height)]
    if interlace:
        # Adam7: first column and row, steps across and down.
        starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
        passes = [((width - x + dx - 1) // dx, (height - y + dy - 1) // dy) for x, y, dx, dy in starts]
    # A byte that names the filter, 16 bits a sample.
    lengths = [(1 + 2 * channels * w, h) for w, h in passes if w > 0 and h > 0]
    filters = np.concatenate([np.full(h, length, np.int64) for length, h in lengths])
    places = np.cumsum(filters) - filters  # of each row's first byte, which names its filter
    stream, found, behind = zlib.decompressobj(), 0, False
    for kind, body in chunks:
        if kind != b"IDAT":
            continue
        behind |= stream.eof and len(body) > 0
        while body and not stream.eof:
            part = stream.decompress(body, 1 << 20)  # a piece at a time: the rows are only looked at
            here = places[np.searchsorted(places, found) : np.searchsorted(places, found + len(part))] - found
            if (np.frombuffer(part, np.uint8)[here] > 4).any():
                raise OSError("a row of pixels has no filter that PNG knows")
            found += len(part)
            body = stream.unconsumed_tail
    found += len(stream.flush())
    needed = int(filters.sum())
    if found < needed:
        raise OSError("pixel data ends early")
    return needed, behind or found > needed or len(stream.unused_data) > 0


def _without_surplus(chunks: list[Chunk], needed: int) -> list[Chunk]:
    """Return the chunks with so many bytes of pixels, and none behind them."""
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    pixels = zlib.compress(zlib.decompressobj().decompress(packed, needed), 1)  # it is unpacked again at once
    kept = [(kind, body) for kind, body in chunks if kind not in (b"IDAT", b"IEND")]
    return [*kept, (b"IDAT", pixels), (b"IEND", b"")]
