"""TIFF's compressions and predictors, one strip or tile at a time.

The library inside Pillow knows them all, but not the pixels around them (16-bit colour, tiles, planes). It does not
have to: a strip is handed to it as a grey picture as wide as a row has bytes.

References
----------
TIFF 6.0, sections 9 (PackBits), 13 (LZW), 14 (predictor 2); Adobe Photoshop TIFF technical note 3 (predictor 3).
"""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.images.damage import silence_libtiff, unlimited
from freefill.images.tiff.tags import header_of, longs, pack_tags, read_tags, shorts

NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773
READ = (NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, 34925, 50000)  # the last two: LZMA, Zstandard
WRITTEN = (NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS)
_NAMES = {LZW: "tiff_lzw", PACKBITS: "packbits"}


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def unpack(data: bytes, compression: int, row_bytes: int, rows: int, mirrored: bool = False) -> bytes:
    """Decompress a strip or tile; returns `row_bytes * rows` bytes.

    Raises
    ------
    OSError, zlib.error
        If the data is damaged or ends early.
    """
    wanted = row_bytes * rows
    if mirrored:  # FillOrder 2: the lowest bit of each byte comes first, before anything is unpacked
        data = data.translate(_MIRRORED)
    if compression == NONE:
        out = data[:wanted]
    elif compression in (DEFLATE, OLD_DEFLATE):
        # Never more than is wanted: some kB can unpack to gigabytes.
        out = zlib.decompressobj().decompress(data, wanted)
    else:
        out = _unpack_by_pillow(data, compression, row_bytes, rows)
    if len(out) < wanted:
        raise OSError(f"a strip ends after {len(out):,} of {wanted:,} bytes")
    return out


def _unpack_by_pillow(data: bytes, compression: int, row_bytes: int, rows: int) -> bytes:
    """Wrap the data as a small grey TIFF and have it decoded."""
    from PIL import TiffImagePlugin

    tags = {
        256: longs([row_bytes]), 257: longs([rows]), 258: shorts(8), 259: shorts(compression), 262: shorts(1),
        273: longs([8]), 277: shorts(1), 278: longs([rows]), 279: longs([len(data)]),
    }  # fmt: skip
    place = 8 + len(data) + (len(data) & 1)
    head = b"II*\0" + place.to_bytes(4, "little")
    file = head + data + bytes(len(data) & 1) + pack_tags(tags, "<", place)
    silence_libtiff()
    with unlimited(), TiffImagePlugin.TiffImageFile(io.BytesIO(file)) as image:  # the size was checked with the layout
        image.load()
        return image.tobytes()


def pack(data: bytes, compression: int, row_bytes: int, rows: int) -> bytes:
    """Compress a strip or tile."""
    if compression == NONE:
        return data
    if compression in (DEFLATE, OLD_DEFLATE):
        return zlib.compress(data, 4)  # on a photograph 3 times as quick as level 6, and 7 % larger
    from PIL import Image as PilImage

    out = io.BytesIO()
    image = PilImage.frombuffer("L", (row_bytes, rows), data, "raw", "L", 0, 1)
    image.save(out, "TIFF", compression=_NAMES[compression], tiffinfo={278: rows})  # 278: all rows in one strip
    file = out.getvalue()
    header = header_of(file)
    assert header is not None
    tags, _ = read_tags(lambda start, size: file[start : start + size], header[2], header[0], header[1])
    starts, sizes = tags[273].integers, tags[279].integers
    assert len(starts) == 1, "the strip was to be packed whole"
    return file[starts[0] : starts[0] + sizes[0]]


def undo_float_predictor(rows: NDArray[np.uint8], samples: int, itemsize: int) -> NDArray[Any]:
    """Undo predictor 3: differences of bytes, which are sorted by significance; returns big-endian values."""
    height, row_bytes = rows.shape
    summed = np.cumsum(rows.reshape(height, -1, samples), axis=1, dtype=np.uint8)
    planes = summed.reshape(height, itemsize, row_bytes // itemsize)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1))
    return values.view(f">f{itemsize}").reshape(height, -1, samples)


def apply_predictor(array: NDArray[Any]) -> NDArray[Any]:
    """Return differences along the rows of (rows, width, samples) integers."""
    out = array.copy()
    out[:, 1:] -= array[:, :-1]  # wraps, as the format means it
    return out
