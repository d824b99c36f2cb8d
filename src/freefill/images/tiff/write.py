"""Writing TIFF as the input was: depth, byte order, compression, predictor, strips or tiles, planes."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.depth import change_depth
from freefill.images.modes import pil_of
from freefill.images.profile import space_of
from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.carry import GEO, TiffCarry
from freefill.images.tiff.layout import BLACK_IS_ZERO, COLOURS, ICC_LAB, INKS, LAB, PALETTE, RGB, WHITE_IS_ZERO
from freefill.images.tiff.numbers import TiffNumbers
from freefill.images.tiff.shown import premultiplied, samples_stored, smoothly_filled
from freefill.images.tiff.tags import Order, Tag, Tags, longs, pack_tags, rational, shorts, tags_of_exif
from freefill.values import Picture

_STRIP_BYTES = 256 << 10  # readers unpack a strip at a time
# Tags of EXIF that say how the pixels of another file lay, or that Extras has.
_BESIDE = (254, 256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 320, 322, 323, 324, 325, 338,
           339, 513, 514, 700, 34675)  # fmt: skip


def write_tiff(picture: Picture, stream: BinaryIO, name: str) -> tuple[str, ...]:
    """Write a picture as TIFF; returns notes about what could not stay as it was.

    Compressions that lose or that only bilevel pictures have (JPEG, fax) become Deflate: then every known pixel is
    exact, and the file is small enough.
    """
    notes = []
    carry = picture.extras.carry if isinstance(picture.extras.carry, TiffCarry) else TiffCarry()
    order, compression = carry.byteorder, carry.compression
    if compression not in tiff_codec.WRITTEN:
        notes.append(f"TIFF compression {compression} is written as Deflate, which loses nothing")
        compression = tiff_codec.DEFLATE
    samples, tags = _samples(picture, carry)
    kind = samples.dtype.kind
    predictor = 2 if carry.predictor != 1 and compression in (5, 8, 32946) and kind in "ui" else 1
    # Packed bits are no levels: differences of neighbours say nothing.
    if samples.dtype.itemsize == 1 and tags[258].integers[0] == 1:
        predictor = 1
    planar = carry.planar and samples.shape[2] > 1
    height, width = picture.size
    stream.write((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    starts, sizes = [], []
    place = 8
    tile, rows = carry.tile, _rows(samples, planar)
    for data in _segments(samples, tile, rows, planar, predictor, compression, order):
        starts.append(place)
        sizes.append(len(data))
        stream.write(data + bytes(len(data) & 1))  # every part begins at an even byte
        place += len(data) + (len(data) & 1)
        if place > 0xFFF00000:  # places are told in 32 bits
            raise InputError(f"{name}: a TIFF file holds at most 4 GB; write PNG instead")
    across = tags.pop(0).integers[0] if 0 in tags else width
    tags |= {256: longs([across]), 257: longs([height]), 259: shorts(compression), 277: shorts(samples.shape[2])}
    tags |= {284: shorts(2 if planar else 1), 274: shorts(1)}
    if predictor != 1:
        tags[317] = shorts(predictor)
    if tile:
        tags |= {322: longs([tile[1]]), 323: longs([tile[0]]), 324: longs(starts), 325: longs(sizes)}
    else:
        tags |= {273: longs(starts), 278: longs([rows]), 279: longs(sizes)}
    _describe(picture, carry, tags)
    stream.write(pack_tags(tags, order, place))
    stream.seek(4)
    stream.write(place.to_bytes(4, "little" if order == "<" else "big"))
    return tuple(notes)


def _samples(picture: Picture, carry: TiffCarry) -> tuple[NDArray[Any], Tags]:
    """Return (H, W, samples) as they are to lie in the file, and the tags that say what they mean."""
    extras, pixels, alpha = picture.extras, picture.pixels, picture.alpha
    if extras.native is not None and extras.native.shape[:2] == picture.size and extras.native.ndim == 3:
        if carry.numbers is not None:
            return _numbers(picture, carry, carry.numbers, extras.native)
        if carry.photometric in (INKS, LAB, ICC_LAB):
            return _by_profile(picture, carry, extras.native)
    elif extras.native is not None and extras.mode == "CMYK" and alpha is None:
        inks = np.asarray(pil_of(picture, ("CMYK",)))
        return inks, {262: shorts(INKS), 258: shorts(8, 8, 8, 8), 332: shorts(1)}
    if extras.native is not None and extras.mode == "P" and alpha is None:
        image = pil_of(picture, ("P",))
        table = np.zeros((256, 3), np.uint16)
        # 8 bits become 16 in the table, as TIFF has it: times 257, so that white stays white.
        colours = np.array(image.getpalette("RGB"), np.uint16).reshape(-1, 3)
        table[: len(colours)] = colours * 257
        finer = carry.palette16  # the file's own numbers, where their first 8 bits still hold
        if finer is not None and len(finer) <= 256:
            own = (finer >> 8 == table[: len(finer)] >> 8).all(axis=1)
            table[: len(finer)][own] = finer[own]
        return np.asarray(image)[:, :, None], {
            262: shorts(PALETTE),
            258: shorts(8),
            320: shorts(*table.T.ravel().tolist()),
        }
    if extras.mode == "1" and alpha is None:
        bits = np.packbits((pixels[:, :, 0] >= 128) != carry.white_is_zero, axis=1)[:, :, None]
        meaning = WHITE_IS_ZERO if carry.white_is_zero else BLACK_IS_ZERO
        return bits, {262: shorts(meaning), 258: shorts(1), 0: longs([picture.size[1]])}
    grey = pixels.shape[2] == 1
    tags: Tags = {262: shorts(BLACK_IS_ZERO if grey else RGB)}
    filled = None
    if carry.others and extras.native is not None and extras.native.shape[:2] == picture.size:
        filled = (extras.native[:, :, : pixels.shape[2]] != pixels).any(axis=2)
    shown = pixels
    if alpha is not None and carry.extra_sample == 1 and pixels.dtype.kind == "u":
        shown = premultiplied(pixels, alpha)
    if carry.white_is_zero and grey:
        tags[262] = shorts(WHITE_IS_ZERO)
        shown = np.array(picture.full_scale, pixels.dtype) - shown
    samples = _joined(shown, picture, carry, filled, tags)
    _say_depth(samples, tags, always=samples.dtype.kind == "f")
    return samples, tags


def _joined(
    own: NDArray[Any], picture: Picture, carry: TiffCarry, filled: NDArray[np.bool_] | None, tags: Tags
) -> NDArray[Any]:
    """Put alpha and the samples beyond it behind the colours, where they were, and say what they are.

    Parameters
    ----------
    filled : (H, W) where the picture is no longer what the file's own samples show; None where there are none of them
    """
    parts: list[NDArray[Any]] = []
    meanings: list[int] = []
    if filled is not None and carry.others and picture.extras.native is not None:
        others = smoothly_filled(picture.extras.native[:, :, -len(carry.others) :], filled)
        parts = [others[:, :, place] for place in range(others.shape[2])]
        meanings = list(carry.others)
    if picture.alpha is not None:
        alpha = picture.alpha
        at = min(carry.alpha_at, len(parts))
        parts.insert(at, alpha.astype(own.dtype) if carry.numbers is not None else change_depth(alpha, own.dtype))
        meanings.insert(at, carry.extra_sample)
    if not parts:
        return own
    tags[338] = shorts(*meanings)
    return np.dstack([own, *parts])


def _say_depth(samples: NDArray[Any], tags: Tags, always: bool = True) -> None:
    """Say how many bits each sample has, and what numbers they are."""
    count = samples.shape[2]
    tags[258] = shorts(*[8 * samples.dtype.itemsize] * count)
    if always:
        tags[339] = shorts(*[{"u": 1, "i": 2, "f": 3}[samples.dtype.kind]] * count)


def _by_profile(picture: Picture, carry: TiffCarry, native: NDArray[Any]) -> tuple[NDArray[Any], Tags]:
    """Return LAB or inks as the file had them, with the fill among them."""
    pixels = change_depth(picture.pixels, np.uint8)
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    colours = COLOURS[carry.photometric]
    own, filled = samples_stored(pixels, native[:, :, :colours], carry.photometric, picture.extras.icc)
    tags: Tags = {262: shorts(carry.photometric)}
    if carry.photometric == INKS:
        tags[332] = shorts(1)  # 1: the inks are cyan, magenta, yellow and black
    samples = _joined(own, picture, carry, filled, tags)
    _say_depth(samples, tags, always=False)
    return samples, tags


def _numbers(picture: Picture, carry: TiffCarry, scale: TiffNumbers, native: NDArray[Any]) -> tuple[NDArray[Any], Tags]:
    """Return numbers that are no picture's as the file had them, with the fill among them."""
    own = native[:, :, : picture.pixels.shape[2]]
    stored = scale.stored(picture.pixels, own, picture.extras.unknown)
    filled = (picture.pixels != scale.shown(own)).any(axis=2) if carry.others else None
    tags: Tags = {262: shorts(carry.photometric)}
    samples = _joined(stored, picture, carry, filled, tags)
    _say_depth(samples, tags)
    return samples, tags


def _rows(samples: NDArray[Any], planar: bool) -> int:
    """Return the rows of a strip."""
    row_bytes = samples.shape[1] * (1 if planar else samples.shape[2]) * samples.dtype.itemsize
    return max(min(_STRIP_BYTES // max(row_bytes, 1), samples.shape[0]), 1)


def _segments(
    samples: NDArray[Any],
    tile: tuple[int, int] | None,
    rows: int,
    planar: bool,
    predictor: int,
    compression: int,
    order: Order,
) -> Any:
    """Yield the packed strips or tiles in the file's order."""
    height, width = tile or (rows, samples.shape[1])
    for plane in range(samples.shape[2] if planar else 1):
        source = samples[:, :, plane : plane + 1] if planar else samples
        for top in range(0, samples.shape[0], height):
            for left in range(0, samples.shape[1], width):
                part = source[top : top + height, left : left + width]
                if tile:
                    # A tile is always whole; what lies beyond the picture goes on as its border, which packs best.
                    fill = ((0, height - part.shape[0]), (0, width - part.shape[1]), (0, 0))
                    part = np.pad(part, fill, mode="edge")
                if predictor == 2:
                    part = tiff_codec.apply_predictor(part)
                data = np.ascontiguousarray(part, part.dtype.newbyteorder(order)).tobytes()
                yield tiff_codec.pack(data, compression, len(data) // part.shape[0], part.shape[0])


def _describe(picture: Picture, carry: TiffCarry, tags: Tags) -> None:
    """Add everything that is not pixels."""
    extras = picture.extras
    if extras.exif:
        tags |= {tag: value for tag, value in tags_of_exif(extras.exif).items() if tag not in _BESIDE}
    # A profile of other colours than the file's would be wrong for every reader.
    wanted = {INKS: "CMYK", RGB: "RGB", PALETTE: "RGB", LAB: "Lab", ICC_LAB: "Lab"}.get(tags[262].integers[0], "GRAY")
    if extras.icc and space_of(extras.icc) == wanted:
        tags[34675] = Tag(7, extras.icc)
    if extras.xmp:
        tags[700] = Tag(1, extras.xmp)  # bytes, as XMP's specification says
    if extras.dpi:
        tags |= {282: rational(extras.dpi[0]), 283: rational(extras.dpi[1]), 296: shorts(2)}
    if extras.iptc is not None:
        tags[33723] = Tag(7, extras.iptc)
    # Last, and only where nothing of ours stands: tags of the file that nobody here knows.
    for number, tag in carry.more.items():
        tags.setdefault(number, tag)


def left_behind(picture: Picture) -> tuple[str, ...]:
    """Say what only TIFF holds, for a picture from TIFF that is written as something else."""
    carry = picture.extras.carry
    if not isinstance(carry, TiffCarry):
        return ()
    notes = []
    if carry.numbers is not None:
        scale = carry.numbers
        notes.append(
            f"numbers from {scale.low:g} to {scale.high:g} ({scale.dtype}) were scaled; write TIFF to keep them"
        )
    if carry.others:
        notes.append(f"{len(carry.others)} channels beyond colour and alpha were left out: only TIFF holds them")
    if GEO & set(carry.more):
        notes.append("the georeference was left out: only TIFF holds it")
    others = sorted(set(carry.more) - GEO)
    if others:
        notes.append(f"TIFF tags left out: {', '.join(map(str, others[:8]))}{' ...' if len(others) > 8 else ''}")
    return tuple(notes)
