"""Reading TIFF: 8 and 16 bits and float, grey, RGB, inks and palettes, strips and tiles, planes, both byte orders.

Pixel layouts of one byte or more are read here; bilevel, JPEG and other rare kinds go to Pillow.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images import cmyk, palette
from freefill.images.budget import Budget
from freefill.images.damage import check_frames, check_size, quietly, reading, silence_libtiff
from freefill.images.metadata.signs import holds_image
from freefill.images.modes import Raster, picture_of, raster_of
from freefill.images.orient import turn
from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.geo import moved_geo
from freefill.images.tiff.numbers import Numbers, numbers_of
from freefill.images.tiff.tags import SUB, Order, ReadAt, Tag, Tags, exif_of_tags, header_of, read_tags
from freefill.values import Carry, Extras, Picture

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS, LAB = 0, 1, 2, 3, 5, 8
_TEXTS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)  # document, description, make, model, software, ...
_ELSEWHERE = (700, 33723, 34675, 282, 283, 296)  # XMP, IPTC, profile, resolution: in Extras
_MOST_PAGES = 10_000
# What says how pixels lie: the writer makes its own.
STRUCTURE = frozenset((*range(254, 260), 262, *range(263, 267), 273, 274, *range(277, 285), *range(288, 294), 297,
                       301, 317, 320, *range(321, 326), 326, 327, 328, 332, 334, 336, 338, 339, 340, 341, 347,
                       *range(512, 522), 529, 530, 531, 532, 559))  # fmt: skip
PREVIEWS = frozenset((330, 34377, 37724))
GEO = frozenset((33550, 33920, 33922, 34264, 34735, 34736, 34737, 50844))
NAMES = {330: "a picture within the picture (SubIFD)", 34377: "Photoshop's block", 37724: "Photoshop's layers"}


@dataclass(frozen=True)
class Layout:
    """How the pixels of a page lie in the file."""

    width: int
    height: int
    samples: int
    bits: int
    kind: str  # "u", "i" or "f"
    photometric: int
    planar: bool
    compression: int
    predictor: int
    tile: tuple[int, int] | None  # height, width
    rows: int  # per strip
    mirrored: bool  # FillOrder 2
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
    numbers: Numbers | None = None  # how Extras.native is shown, where it is no picture's numbers
    photometric: int = BLACK_IS_ZERO  # of such numbers, which are not turned where white is 0
    more: Mapping[int, Tag] = field(default_factory=dict)  # tags that nobody here knows: GeoTIFF, GDAL, private ones

    def moved(self, rows: int, cols: int) -> TiffCarry:
        """Let the georeference go on to fit."""
        return replace(self, more=moved_geo(self.more, rows, cols))


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
        unknown = None
        if _ours(layout):
            raster, carry, unknown = _take_apart(_pixels(read_at, tags, layout, order), tags, layout, carry, name)
            raster = _turned(raster, orientation)
        else:
            _refuse(layout, name)
            raster = _by_pillow(stream, number, name, icc)  # which turns it
    carry, notes = _with_more(carry, tags, orientation)
    if layout.bits not in (1, 8) and raster.pixels.dtype == np.uint8:
        notes.append(f"{layout.bits} bits a channel are read as 8")
    if layout.photometric == LAB:
        notes.append("LAB is read as RGB, and written as RGB")
    extras = replace(
        _extras(tags, order),
        carry=carry,
        orientation=orientation if 2 <= orientation <= 8 else 1,
        unknown=None if unknown is None else turn(unknown, orientation),
        notes=tuple(notes),
    )
    return picture_of(raster, extras, name)


def _with_more(carry: TiffCarry, tags: Tags, orientation: int) -> tuple[TiffCarry, list[str]]:
    """Let all other tags go along, and say which do not."""
    notes = []
    more = {}
    for number, tag in tags.items():
        if number in STRUCTURE or number in _TEXTS or number in SUB or number in _ELSEWHERE:
            continue
        if number in PREVIEWS or tag.kind in (16, 17, 18) or holds_image(tag.data):
            notes.append(f"{NAMES.get(number, f'TIFF tag {number}')} was left out: it may show the picture as it was")
        elif number in GEO and 2 <= orientation <= 8:
            notes.append("the georeference was left out: the picture was turned upright")
        else:
            more[number] = tag
    return replace(carry, more=more), list(dict.fromkeys(notes))


def _page(read_at: ReadAt, offset: int, order: Order, big: bool, name: str, first: bool) -> tuple[Tags, int]:
    """Return the tags and the number of the one page that is a picture; previews do not count."""
    pages: list[tuple[Tags, int]] = []
    seen: set[int] = set()
    number = 0
    budget = Budget()
    while offset and offset not in seen and number < _MOST_PAGES:
        seen.add(offset)
        try:
            tags, offset = read_tags(read_at, offset, order, big, budget=budget)
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
    kinds = {1: "u", 2: "i", 3: "f", 4: "u"}
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
        mirrored=one(266, 1) == 2,
        extra=extra[0] if extra else None,
    )


def _ours(layout: Layout) -> bool:
    """Tell whether the pixels are of a layout that is read here."""
    colours = _COLOURS.get(layout.photometric)
    return (
        (layout.kind, layout.bits) in _KINDS
        and layout.compression in tiff_codec.READ
        and layout.predictor in ((1, 2) if layout.kind != "f" else (1, 3))
        and colours is not None
        and layout.samples in ((colours, colours + 1) if colours != 4 else (4,))
        and not (layout.photometric in (PALETTE, INKS) and (layout.kind, layout.bits) != ("u", 8))
        and not (layout.photometric == PALETTE and layout.samples != 1)
    )


_KINDS = {*(("u", bits) for bits in (8, 16, 32)), *(("i", bits) for bits in (8, 16, 32)),
          *(("f", bits) for bits in (16, 32, 64))}  # fmt: skip
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4}


def _refuse(layout: Layout, name: str) -> None:
    """Refuse sound files that Pillow would read with a part of them missing.

    Raises
    ------
    InputError
        If there are more channels than colours and alpha, or more bits than anybody here reads.
    """
    colours = _COLOURS.get(layout.photometric, 3)
    if layout.samples > colours + 1 or (layout.photometric == INKS and layout.samples != 4):
        raise InputError(
            f"{name}: has {layout.samples} channels, and freefill fills grey, colour or four inks, the first two with "
            f"one alpha channel; write the others to a file of their own"
        )
    if layout.photometric == INKS and layout.bits > 8:
        raise InputError(f"{name}: inks of {layout.bits} bits are not read; save it with 8 bits, or as RGB with 16")
    if layout.bits > 32 or (layout.bits > 16 and layout.kind != "f" and layout.samples > colours):
        raise InputError(f"{name}: numbers of {layout.bits} bits are not read here; save it with 16 bits or as float")


def _pixels(read_at: ReadAt, tags: Tags, layout: Layout, order: Order) -> NDArray[Any]:
    """Read (H, W, samples) in native byte order."""
    height, width = layout.tile or (layout.rows, layout.width)
    if height <= 0 or width <= 0 or height * width > 1 << 31:
        raise ValueError(f"strips or tiles of {width}x{height} px")
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
        plane, row, column = i // (down * across), i // across % down, i % across
        top, left = row * height, column * width
        rows = height if layout.tile else min(height, layout.height - top)
        raw = read_at(int(starts[i]), int(sizes[i]))
        data = tiff_codec.unpack(raw, layout.compression, row_bytes, rows, layout.mirrored)
        values = _values(data, rows, width, samples, layout, order)
        part = out[top : top + height, left : left + width, plane : plane + 1 if layout.planar else None]
        part[...] = values[: part.shape[0], : part.shape[1]]
    return out


def _strip(tags: Tags, tag: int) -> NDArray[Any]:
    return tags[tag].array if tag in tags else np.zeros(0, np.int64)


def _values(data: bytes, rows: int, width: int, samples: int, layout: Layout, order: Order) -> NDArray[Any]:
    """Turn a strip's bytes into numbers."""
    if layout.predictor == 3:
        return tiff_codec.undo_float_predictor(
            np.frombuffer(data, np.uint8).reshape(rows, -1), samples, layout.dtype.itemsize
        )
    values = np.frombuffer(data, layout.dtype.newbyteorder(order)).reshape(rows, width, samples)
    return np.cumsum(values, axis=1, dtype=layout.dtype) if layout.predictor == 2 else values


def _take_apart(
    pixels: NDArray[Any], tags: Tags, layout: Layout, carry: TiffCarry, name: str
) -> tuple[Raster, TiffCarry, NDArray[np.bool_] | None]:
    """Make pixels, alpha and native numbers of a page's samples; and where there is no number."""
    if layout.photometric == INKS:
        icc = tags[34675].data if 34675 in tags else None
        return Raster(cmyk.rgb_of(pixels, icc), mode="CMYK", native=pixels), carry, None
    if layout.photometric == PALETTE:
        table = tags[320].array.astype(np.int64).reshape(3, -1).T
        rgb = (table if table.max() < 256 else table >> 8).astype(np.uint8)
        native = np.ascontiguousarray(pixels[:, :, 0])
        listed = np.flatnonzero(rgb.any(axis=1))  # the table is always of 256: black at its end was put to fill it
        rgb = rgb[: max(int(native.max()), int(listed[-1]) if len(listed) else 0) + 1]
        entries = np.dstack([rgb[None], np.full((1, len(rgb), 1), 255, np.uint8)])[0]
        shown = np.ascontiguousarray(palette.colours_of(native, entries)[:, :, :3])
        return Raster(shown, None, "P", native, rgb), replace(carry, palette16=table.astype(np.uint16)), None
    if layout.kind == "i" or (layout.kind, layout.bits) == ("u", 32) or not _in_unit(pixels):
        return _as_numbers(pixels, tags, layout, carry, name)
    if layout.bits == 16 and layout.kind == "f":
        pixels = pixels.astype(np.float32)
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
    return Raster(pixels, alpha, "I;16" if word + suffix == "L;16" else word + suffix), carry, None


def _in_unit(pixels: NDArray[Any]) -> bool:
    """Tell whether numbers are a picture's as they are."""
    return pixels.dtype.kind == "u" or bool(np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1)


def _as_numbers(
    native: NDArray[Any], tags: Tags, layout: Layout, carry: TiffCarry, name: str
) -> tuple[Raster, TiffCarry, NDArray[np.bool_] | None]:
    """Show numbers that are no picture's, and keep them."""
    colours = _COLOURS[layout.photometric]
    alpha = native[:, :, colours] if layout.samples > colours else None
    own = np.ascontiguousarray(native[:, :, :colours])
    scale = numbers_of(own, _nodata(tags))
    pixels = scale.shown(own)
    carry = replace(carry, numbers=scale, white_is_zero=False, photometric=layout.photometric)
    if alpha is not None:
        if not _in_unit(alpha):
            raise InputError(f"{name}: an alpha channel beside numbers of {native.dtype} is not read; leave it out")
        alpha = np.ascontiguousarray(alpha).astype(pixels.dtype)
        carry = replace(carry, extra_sample=0 if layout.extra is None else layout.extra)
    return Raster(pixels, alpha, f"{native.dtype}", native=own), carry, scale.unknown_in(own)


def _nodata(tags: Tags) -> float | None:
    """Return the number that stands for none (GDAL_NODATA, a text)."""
    try:
        return float(tags[42113].data.rstrip(b"\0 ").decode("ascii")) if 42113 in tags else None
    except ValueError:
        return None


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
