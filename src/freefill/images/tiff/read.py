"""Reading TIFF: 8 and 16 bits and float, grey, RGB, inks and palettes, strips and tiles, planes, both byte orders.

Pixel layouts of one byte or more are read here; bilevel, JPEG and other rare kinds go to Pillow.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images import palette
from freefill.images.budget import Budget
from freefill.images.damage import check_frames, check_size, quietly, reading, silence_libtiff
from freefill.images.depth import change_depth
from freefill.images.metadata.signs import holds_image
from freefill.images.modes import Raster, picture_of, raster_of
from freefill.images.orient import turn
from freefill.images.tiff.carry import GEO, TiffCarry
from freefill.images.tiff.layout import (
    ICC_LAB,
    INKS,
    LAB,
    PALETTE,
    WHITE_IS_ZERO,
    PixelLayout,
    check_samples,
    is_ours,
    layout_of,
    refuse_others,
)
from freefill.images.tiff.numbers import numbers_of
from freefill.images.tiff.samples import read_samples
from freefill.images.tiff.shown import rgb_shown, straight
from freefill.images.tiff.tags import SUB, Order, ReadAt, Tags, exif_of_tags, header_of, read_tags
from freefill.values import Extras, Picture

_TEXTS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)  # document, description, make, model, software, ...
_ELSEWHERE = (700, 33723, 34675, 282, 283, 296)  # XMP, IPTC, profile, resolution: in Extras
_MOST_PAGES = 10_000  # a chain of directories can be as long as its file
# What says how pixels lie: the writer makes its own.
STRUCTURE = frozenset((*range(254, 260), 262, *range(263, 267), 273, 274, *range(277, 285), *range(288, 294), 297,
                       301, 317, 320, *range(321, 326), 326, 327, 328, 332, 334, 336, 338, 339, 340, 341, 347,
                       *range(512, 522), 529, 530, 531, 532, 559))  # fmt: skip
PREVIEWS = frozenset((330, 34377, 37724))
NAMES = {330: "a picture within the picture (SubIFD)", 34377: "Photoshop's block", 37724: "Photoshop's layers"}


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
        layout = layout_of(tags)
        check_size(name, layout.width, layout.height, max_mpx)
        check_samples(layout, name, max_mpx)
        orientation = tags[274].integers[0] if 274 in tags and tags[274].data else 1
        icc = tags[34675].data if 34675 in tags else None
        carry = TiffCarry(order, layout.compression, layout.predictor, layout.tile, layout.planar)
        unknown = None
        if is_ours(layout):
            raster, carry, unknown = _take_apart(read_samples(read_at, tags, layout, order), tags, layout, carry, name)
            raster = _turned(raster, orientation)
        else:
            refuse_others(layout, name)
            raster = _by_pillow(stream, number, name, icc)  # which turns it
            carry = replace(carry, white_is_zero=raster.mode == "1" and layout.photometric == WHITE_IS_ZERO)
    carry, notes = _with_more(carry, tags, orientation)
    if layout.bits not in (1, 8) and raster.pixels.dtype == np.uint8 and raster.native is None:
        notes.append(f"{layout.bits} bits a channel are read as 8")
    if layout.bits == 12 and raster.pixels.dtype == np.uint16:
        notes.append("12 bits a channel are written as 16, the numbers as they were")
    if layout.photometric in (LAB, ICC_LAB) and raster.native is None:
        notes.append("LAB is read as RGB, and written as RGB")
    notes += _said_of(layout, carry) if is_ours(layout) else []
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
    # `seen`: a damaged file may name a page as its own next.
    while offset and offset not in seen and number < _MOST_PAGES:
        seen.add(offset)
        try:
            tags, offset = read_tags(read_at, offset, order, big, budget=budget)
        except ValueError:
            if not pages:
                raise
            break
        if not (254 in tags and tags[254].integers and tags[254].integers[0] & 5):  # 1: a smaller copy, 4: a mask
            pages.append((tags, number))
        number += 1
    check_frames(name, len(pages), first, "pages")
    if not pages:
        raise ValueError("no page")
    return pages[0]


def _said_of(layout: PixelLayout, carry: TiffCarry) -> list[str]:
    """Say where fills are not what the file could hold."""
    notes = []
    if layout.photometric in (INKS, LAB, ICC_LAB) and layout.bits == 16:
        notes.append("inks and LAB of 16 bits stay as they are; only the fill has 8 bits")
    if carry.others:
        several = f"{len(carry.others)} channels" if len(carry.others) > 1 else "one channel"
        notes.append(f"{several} beyond colour and alpha: smoothly filled under the mask, as they were elsewhere")
    return notes


class _Channels(NamedTuple):
    """A page's own colours or numbers (H, W, C), its alpha (H, W), and channels beyond both (H, W, N)."""

    own: NDArray[Any]
    alpha: NDArray[Any] | None
    others: NDArray[Any] | None

    @property
    def native(self) -> NDArray[Any]:
        """What goes along to the writer."""
        return self.own if self.others is None else np.dstack([self.own, self.others])


def _take_apart(
    samples: NDArray[Any], tags: Tags, layout: PixelLayout, carry: TiffCarry, name: str
) -> tuple[Raster, TiffCarry, NDArray[np.bool_] | None]:
    """Make pixels, alpha and native numbers of a page's samples; and where there is no number."""
    if layout.photometric == PALETTE:
        return _by_palette(samples, tags, carry)
    colours, alpha_at = layout.colours, layout.alpha_at
    pixels, alpha, others = samples, None, None
    if layout.samples > colours:
        pixels = np.ascontiguousarray(samples[:, :, :colours])
        beyond = list(range(colours, layout.samples))
        if alpha_at is not None:
            alpha = np.ascontiguousarray(samples[:, :, beyond.pop(alpha_at)])
            carry = replace(carry, extra_sample=layout.extras[alpha_at], alpha_at=alpha_at)
        if beyond:
            others = samples[:, :, beyond]
            names = (what for place, what in enumerate(layout.extras) if place != alpha_at)
            carry = replace(carry, others=tuple(names))
    if layout.photometric in (INKS, LAB, ICC_LAB):
        return *_by_profile(_Channels(pixels, alpha, others), tags, layout, carry), None
    odd = layout.kind == "i" or (layout.kind, layout.bits) in (("u", 32), ("u", 64), ("f", 16))
    if odd or not _in_unit(pixels):
        return _as_numbers(_Channels(pixels, alpha, others), tags, layout, carry, name)
    if alpha is not None and not _in_unit(alpha):
        raise InputError(f"{name}: its alpha channel is not within 0 to 1; leave it out")
    if layout.photometric == WHITE_IS_ZERO:
        full = np.iinfo(layout.dtype).max if layout.kind == "u" else 1
        pixels, carry = full - pixels, replace(carry, white_is_zero=True)
    if alpha is not None and carry.extra_sample == 1 and layout.kind == "u":
        pixels = straight(pixels, alpha)
    word = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[colours + (alpha is not None)]
    suffix = {("u", 8): "", ("u", 16): ";16"}.get((layout.kind, layout.bits), f";F{layout.bits}")
    native = None if others is None else np.dstack([pixels, others])
    return Raster(pixels, alpha, "I;16" if word + suffix == "L;16" else word + suffix, native), carry, None


def _by_palette(samples: NDArray[Any], tags: Tags, carry: TiffCarry) -> tuple[Raster, TiffCarry, None]:
    """Show numbers of a list of colours."""
    table = tags[320].array.astype(np.int64).reshape(3, -1).T[:256]
    rgb = (table if table.max() < 256 else table >> 8).astype(np.uint8)
    native = np.ascontiguousarray(samples[:, :, 0])
    listed = np.flatnonzero(rgb.any(axis=1))  # the table is always of 256: black at its end was put to fill it
    rgb = rgb[: max(int(native.max()), int(listed[-1]) if len(listed) else 0) + 1]
    entries = np.dstack([rgb[None], np.full((1, len(rgb), 1), 255, np.uint8)])[0]
    shown = np.ascontiguousarray(palette.colours_of(native, entries)[:, :, :3])
    return Raster(shown, None, "P", native, rgb), replace(carry, palette16=table.astype(np.uint16)), None


def _by_profile(channels: _Channels, tags: Tags, layout: PixelLayout, carry: TiffCarry) -> tuple[Raster, TiffCarry]:
    """Show LAB or inks as RGB, and keep them."""
    own, alpha, others = channels
    shown = rgb_shown(own, layout.photometric, tags[34675].data if 34675 in tags else None)
    word = "CMYK" if layout.photometric == INKS else "LAB"
    mode = word if layout.bits == 8 and alpha is None and others is None else f"{word};{layout.bits}+{layout.samples}"
    carry = replace(carry, photometric=layout.photometric)
    return Raster(shown, None if alpha is None else change_depth(alpha, np.uint8), mode, channels.native), carry


def _in_unit(pixels: NDArray[Any]) -> bool:
    """Tell whether numbers are a picture's as they are."""
    return pixels.dtype.kind == "u" or bool(np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1)


def _as_numbers(
    channels: _Channels, tags: Tags, layout: PixelLayout, carry: TiffCarry, name: str
) -> tuple[Raster, TiffCarry, NDArray[np.bool_] | None]:
    """Show numbers that are no picture's, and keep them."""
    own, alpha, _ = channels
    try:
        scale = numbers_of(own, _nodata(tags))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    pixels = scale.shown(own)
    carry = replace(carry, numbers=scale, white_is_zero=False, photometric=layout.photometric)
    if alpha is not None:
        if not (np.isfinite(alpha).all() and alpha.min() >= 0 and alpha.max() <= 1):
            raise InputError(f"{name}: an alpha channel beside numbers of {own.dtype} is not read; leave it out")
        alpha = alpha.astype(pixels.dtype)
    return Raster(pixels, alpha, f"{own.dtype}", native=channels.native), carry, scale.unknown_in(own)


def _nodata(tags: Tags) -> float | None:
    """Return the number that stands for none (GDAL_NODATA, a text)."""
    try:
        return float(tags[42113].data.rstrip(b"\0 ").decode("ascii")) if 42113 in tags else None
    except ValueError:
        return None


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
    unit = tags[296].integers[0] if 296 in tags and tags[296].data else 2  # without the tag it is inches
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
