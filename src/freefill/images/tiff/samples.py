"""The numbers of a TIFF page out of its strips, tiles and planes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.layout import PixelLayout
from freefill.images.tiff.tags import Order, ReadAt, Tags


def read_samples(read_at: ReadAt, tags: Tags, layout: PixelLayout, order: Order) -> NDArray[Any]:
    """Read (H, W, samples) in native byte order."""
    height, width = layout.tile or (layout.rows, layout.width)
    if height <= 0 or width <= 0 or height * width > 1 << 31:
        raise ValueError(f"strips or tiles of {width}x{height} px")
    size_bytes = height * width * layout.samples * layout.dtype.itemsize
    # A tile may be larger than its picture, but a damaged size must not ask for gigabytes.
    if size_bytes > max(2 * layout.height * layout.width * layout.samples * layout.dtype.itemsize, 64 << 20):
        raise ValueError(f"strips or tiles of {width}x{height} px in a picture of {layout.width}x{layout.height}")
    starts, sizes = (_strip(tags, tag) for tag in ((324, 325) if layout.tile else (273, 279)))
    down, across = -(-layout.height // height), -(-layout.width // width)
    planes = layout.samples if layout.planar else 1
    samples = 1 if layout.planar else layout.samples
    if len(starts) < down * across * planes:
        raise ValueError(f"{len(starts)} strips or tiles, not {down * across * planes}")
    if not len(sizes) and down * across * planes == 1:
        sizes = np.array([layout.height * layout.width * layout.samples * layout.dtype.itemsize])
    if len(sizes) < down * across * planes:
        raise ValueError(f"the sizes of {len(sizes)} strips or tiles, not of {down * across * planes}")
    out = np.empty((layout.height, layout.width, layout.samples), layout.dtype)
    row_bytes = width * samples * layout.dtype.itemsize
    for i in range(down * across * planes):
        plane, row, column = i // (down * across), i // across % down, i % across  # planes lie one behind the other
        top, left = row * height, column * width
        rows = height if layout.tile else min(height, layout.height - top)
        most = 2 * row_bytes * rows + 4096  # more is no packing: strips may claim the file each
        raw = read_at(int(starts[i]), min(int(sizes[i]), most))
        data = tiff_codec.unpack(raw, layout.compression, row_bytes, rows, layout.mirrored)
        values = _values(data, rows, width, samples, layout, order)
        part = out[top : top + height, left : left + width, plane : plane + 1 if layout.planar else None]
        part[...] = values[: part.shape[0], : part.shape[1]]
    return out


def _strip(tags: Tags, tag: int) -> NDArray[Any]:
    return tags[tag].array if tag in tags else np.zeros(0, np.int64)


def _values(data: bytes, rows: int, width: int, samples: int, layout: PixelLayout, order: Order) -> NDArray[Any]:
    """Turn a strip's bytes into numbers."""
    if layout.predictor == 3:
        return tiff_codec.undo_float_predictor(
            np.frombuffer(data, np.uint8).reshape(rows, -1), samples, layout.dtype.itemsize
        )
    values = np.frombuffer(data, layout.dtype.newbyteorder(order)).reshape(rows, width, samples)
    # The sum wraps, as the differences did.
    return np.cumsum(values, axis=1, dtype=layout.dtype) if layout.predictor == 2 else values
