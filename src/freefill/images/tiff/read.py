"""Reading TIFF: 8 and 16 bits and float, grey, RGB, inks and palettes, strips and tiles, planes, both byte orders.

Pixel layouts of one byte or more are read here; bilevel, JPEG and other rare kinds go to Pillow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images import cmyk, palette
from freefill.images.damage import check_frames, check_size, quietly, reading, silence_libtiff
from freefill.images.modes import Raster, picture_of, raster_of
from freefill.images.orient import turn
from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.tags import SUB, Order, ReadAt, Tags, exif_of_tags, header_of, read_tags
from freefill.values import Carry, Extras, Picture

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS = 0, 1, 2, 3, 5
_TEXTS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)  # document, description, make, model, software, ...
_MOST_PAGES = 10_000


@dataclass(frozen=True)
class Layout:
    """How the pixels of a page lie in the file."""

    width: int
    height: int
    samples: int
    bits: int
    kind: str  # "u" or "f"
    photometric: int
    planar: bool
    compression: int
    predictor: int
    tile: tuple[int, int] | None  # height, width
    rows: int  # per strip
    extra: int | None  # what the sample beyond the colours is: 0 unsaid, 1 premultiplied alpha, 2 straight alpha

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample."""
        return np.dtype(f"{self.kind}{self.bits // 8}")


@dataclass(frozen=True, eq=False)
class TiffCarry(Carry):
    """How a TIFF was made."""

    byteorder: Order = "<"
    compression: int = tiff_codec.DEFLATE
    predictor: int = 2
    tile: tuple[int, int] | None = None  # height, width
    planar: bool = False
    white_is_zero: bool = False
    extra_sample: int = 2  # what alpha is called: 0 unsaid, 1 premultiplied, 2 straight
    palette16: NDArray[np.uint16] | None = None  # (n, 3), of which Extras.palette has the first 8 bits


def read_tiff(stream: BinaryIO, name: str, max_mpx: float | None, first_frame: bool) -> Picture:
    """Read the one picture of a TIFF file, upright.

    Raises
    ------
    InputError
        If the file is damaged, too large, of several pages, or of a kind that is not read.
    """

    def read_at(offset: int, size: int) -> bytes:
        stream.seek(offset)
        return stream.read(size)

    with reading(name, "TIFF"):
        header = header_of(read_at(0, 16).ljust(16, b"\0"))
        if header is None:
            raise InputError(f"{name}: the TIFF header is damaged; get the file again")
        order, big, offset = header
        tags, number = _page(read_at, offset, order, big, name, first_frame)
        layout = _layout(tags)
        check_size(name, layout.width, layout.height, max_mpx)
        orientation = tags[274].integers[0] if 274 in tags and tags[274].data else 1
        icc = tags[34675].data if 34675 in tags else None
        carry = TiffCarry(order, layout.compression, layout.predictor, layout.tile, layout.planar)
        if _ours(layout):
            raster, carry = _take_apart(_pixels(read_at, tags, layout, order), tags, layout, name, carry)
            raster = _turned(raster, orientation)
        else:
            raster = _by_pillow(stream, number, name, icc)  # which turns it
    return picture_of(raster, replace(_extras(tags, order), carry=carry), name)


def _page(read_at: ReadAt, offset: int, order: Order, big: bool, name: str, first: bool) -> tuple[Tags, int]:
    """Return the tags and the number of the one page that is a picture; previews do not count."""
    pages: list[tuple[Tags, int]] = []
    seen: set[int] = set()
    number = 0
    while offset and offset not in seen and number < _MOST_PAGES:
        seen.add(offset)
        try:
            tags, offset = read_tags(read_at, offset, order, big)
        except ValueError:
            if not pages:
                raise
            break
        if not (254 in tags and tags[254].integers and tags[254].integers[0] & 5):
            pages.append((tags, number))
        number += 1
    check_frames(name, len(pages), first, "pages")
    if not pages:
        raise ValueError("no page")
    return pages[0]


def _layout(tags: Tags) -> Layout:
    """Read how the pixels lie."""

    def one(tag: int, otherwise: int) -> int:
        return tags[tag].integers[0] if tag in tags and tags[tag].integers else otherwise

    bits = set(tags[258].integers) if 258 in tags else {1}
    kinds = {1: "u", 3: "f"}
    extra = tags[338].integers if 338 in tags else ()
    tile = (one(323, 0), one(322, 0)) if 322 in tags else None
    return Layout(
        width=one(256, 0),
        height=one(257, 0),
        samples=one(277, 1),
        bits=bits.pop() if len(bits) == 1 else 0,
        kind=kinds.get(one(339, 1), "?"),
        photometric=one(262, 1),
        planar=one(284, 1) == 2 and one(277, 1) > 1,
        compression=one(259, 1),
        predictor=one(317, 1),
        tile=tile,
        rows=min(one(278, 2**31), one(257, 0)),
        extra=extra[0] if extra else None,
    )


def _ours(layout: Layout) -> bool:
    """Tell whether the pixels are of a layout that is read here."""
    kinds = {("u", 8), ("u", 16), ("f", 16), ("f", 32), ("f", 64)}
    colours = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4}.get(layout.photometric)
    return (
        (layout.kind, layout.bits) in kinds
        and layout.compression in tiff_codec.READ
        and layout.predictor in ((1, 2) if layout.kind == "u" else (1, 3))
        and colours is not None
        and layout.samples in ((colours, colours + 1) if colours != 4 else (4,))
        and not (layout.photometric in (PALETTE, INKS) and (layout.kind, layout.bits) != ("u", 8))
        and not (layout.photometric == PALETTE and layout.samples != 1)
    )


def _pixels(read_at: ReadAt, tags: Tags, layout: Layout, order: Order) -> NDArray[Any]:
    """Read (H, W, samples) in native byte order."""
    height, width = layout.tile or (layout.rows, layout.width)
    if height <= 0 or width <= 0 or height * width > 1 << 31:
        raise ValueError(f"strips or tiles of {width}x{height} px")
    starts, sizes = (tags[324].integers, tags[325].integers) if layout.tile else (_strip(tags, 273), _strip(tags, 279))
    down, across = -(-layout.height // height), -(-layout.width // width)
    planes = layout.samples if layout.planar else 1
    samples = 1 if layout.planar else layout.samples
    if len(starts) < down * across * planes:
        raise ValueError(f"{len(starts)} strips or tiles, not {down * across * planes}")
    if not sizes and down * across * planes == 1:
        sizes = (layout.height * layout.width * layout.samples * layout.dtype.itemsize,)
    out = np.empty((layout.height, layout.width, layout.samples), layout.dtype)
    row_bytes = width * samples * layout.dtype.itemsize
    for i in range(down * across * planes):
        plane, row, column = i // (down * across), i // across % down, i % across
        top, left = row * height, column * width
        rows = height if layout.tile else min(height, layout.height - top)
        data = tiff_codec.unpack(read_at(starts[i], sizes[i]), layout.compression, row_bytes, rows)
        values = _values(data, rows, width, samples, layout, order)
        part = out[top : top + height, left : left + width, plane : plane + 1 if layout.planar else None]
        part[...] = values[: part.shape[0], : part.shape[1]]
    return out


def _strip(tags: Tags, tag: int) -> tuple[int, ...]:
    return tags[tag].integers if tag in tags else ()


def _values(data: bytes, rows: int, width: int, samples: int, layout: Layout, order: Order) -> NDArray[Any]:
    """Turn a strip's bytes into numbers."""
    if layout.predictor == 3:
        return tiff_codec.undo_float_predictor(
            np.frombuffer(data, np.uint8).reshape(rows, -1), samples, layout.dtype.itemsize
        )
    values = np.frombuffer(data, layout.dtype.newbyteorder(order)).reshape(rows, width, samples)
    return np.cumsum(values, axis=1, dtype=layout.dtype) if layout.predictor == 2 else values


def _take_apart(
    pixels: NDArray[Any], tags: Tags, layout: Layout, name: str, carry: TiffCarry
) -> tuple[Raster, TiffCarry]:
    """Make pixels, alpha and native numbers of a page's samples."""
    if layout.photometric == INKS:
        icc = tags[34675].data if 34675 in tags else None
        return Raster(cmyk.rgb_of(pixels, icc), mode="CMYK", native=pixels), carry
    if layout.photometric == PALETTE:
        table = np.array(tags[320].integers, np.int64).reshape(3, -1).T
        rgb = (table if table.max() < 256 else table >> 8).astype(np.uint8)
        native = np.ascontiguousarray(pixels[:, :, 0])
        listed = np.flatnonzero(rgb.any(axis=1))  # the table is always of 256: black at its end was put to fill it
        rgb = rgb[: max(int(native.max()), int(listed[-1]) if len(listed) else 0) + 1]
        entries = np.dstack([rgb[None], np.full((1, len(rgb), 1), 255, np.uint8)])[0]
        shown = np.ascontiguousarray(palette.colours_of(native, entries)[:, :, :3])
        return Raster(shown, None, "P", native, rgb), replace(carry, palette16=table.astype(np.uint16))
    if layout.kind == "f":
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise InputError(f"{name}: its float numbers leave 0 to 1; scale or clip them first")
        pixels = pixels.astype(np.float32) if layout.bits == 16 else pixels
    colours = 3 if layout.photometric == RGB else 1
    alpha = np.ascontiguousarray(pixels[:, :, colours]) if layout.samples > colours else None
    pixels = np.ascontiguousarray(pixels[:, :, :colours]) if alpha is not None else pixels
    if layout.photometric == WHITE_IS_ZERO:
        full = np.iinfo(pixels.dtype).max if layout.kind == "u" else 1
        pixels, carry = full - pixels, replace(carry, white_is_zero=True)
    if alpha is not None:
        carry = replace(carry, extra_sample=0 if layout.extra is None else layout.extra)
        if layout.extra == 1 and layout.kind == "u":
            pixels = straight(pixels, alpha)
    word = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[layout.samples]
    suffix = {("u", 8): "", ("u", 16): ";16"}.get((layout.kind, layout.bits), f";F{layout.bits}")
    return Raster(pixels, alpha, "I;16" if word + suffix == "L;16" else word + suffix), carry


def straight(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divide premultiplied colours by alpha; `premultiplied` gives every one back exactly."""
    full = int(np.iinfo(pixels.dtype).max)
    below = np.maximum(alpha, 1).astype(np.uint64)[:, :, None]
    return np.minimum((pixels.astype(np.uint64) * full + below // 2) // below, full).astype(pixels.dtype)


def premultiplied(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Multiply straight colours by alpha, rounded to the nearest."""
    full = int(np.iinfo(pixels.dtype).max)
    return ((pixels.astype(np.uint64) * alpha[:, :, None] + full // 2) // full).astype(pixels.dtype)


def _turned(raster: Raster, orientation: int) -> Raster:
    """Bring every array of a raster upright."""
    raster.pixels = turn(raster.pixels, orientation)
    raster.alpha = None if raster.alpha is None else turn(raster.alpha, orientation)
    raster.native = None if raster.native is None else turn(raster.native, orientation)
    return raster


def _by_pillow(stream: BinaryIO, number: int, name: str, icc: bytes | None) -> Raster:
    """Have Pillow read a page of a kind that is not read here."""
    from PIL import TiffImagePlugin

    silence_libtiff()
    stream.seek(0)
    with quietly():
        image = TiffImagePlugin.TiffImageFile(stream)
        if number:
            image.seek(number)
        image.load()
    return raster_of(image, name, icc)


def _extras(tags: Tags, order: Order) -> Extras:
    """Collect what the file carries."""
    described = {tag: value for tag, value in tags.items() if tag in _TEXTS or (tag in SUB and value.children)}
    unit = tags[296].integers[0] if 296 in tags and tags[296].data else 2
    dpi = None
    if 282 in tags and 283 in tags and unit in (2, 3):
        scale = 2.54 if unit == 3 else 1.0
        x, y = (tags[tag].numbers[0] * scale if tags[tag].numbers else 0.0 for tag in (282, 283))
        dpi = (x, y) if x > 0 and y > 0 else None
    try:
        exif = exif_of_tags(described, order) if described else None
    except (struct.error, KeyError):
        exif = None
    xmp = tags[700].data if 700 in tags and tags[700].data else None
    icc = tags[34675].data if 34675 in tags else None
    iptc = tags[33723].data if 33723 in tags and tags[33723].data else None
    return Extras("TIFF", icc=icc, exif=exif, xmp=xmp, iptc=iptc, dpi=dpi)
