"""What HEIC and AVIF have and Pillow has not: more than 8 bits, colours told by numbers (nclx), pictures beside it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from freefill.images.depth import change_depth
from freefill.images.modes import Raster
from freefill.values import Carry, Picture

if TYPE_CHECKING:
    from pillow_heif import HeifFile

_NCLX = ("color_primaries", "transfer_characteristics", "matrix_coefficients", "full_range_flag")
_SRGB = (1, 13)  # primaries and transfer, ITU-T H.273; 2 is unsaid
_UNSAID = 2  # "unspecified" in ITU-T H.273


@dataclass(frozen=True, eq=False)
class HeicCarry(Carry):
    """How a HEIC tells its colours, by the numbers of ITU-T H.273."""

    nclx: Mapping[str, int]

    @property
    def is_srgb(self) -> bool:
        """Tell whether they are what every reader assumes."""
        said = tuple(self.nclx.get(key, _UNSAID) for key in _NCLX[:2])
        return all(number in (right, _UNSAID) for number, right in zip(said, _SRGB, strict=True))


def carry_of(info: Mapping[Any, Any]) -> HeicCarry | None:
    """Return how the file tells its colours; None where it does not."""
    nclx = info.get("nclx_profile")
    return HeicCarry({key: int(nclx[key]) for key in _NCLX if key in nclx}) if nclx else None


def carry_of_avif(stream: BinaryIO) -> HeicCarry | None:
    """Return how an AVIF tells its colours; Pillow does not say."""
    head = _head_of(stream)
    # A box `colr` of the kind `nclx`: the two words stand side by side.
    place = head.find(b"colrnclx")
    if place < 0 or place + 15 > len(head):
        return None
    numbers = struct.unpack_from(">HHHB", head, place + 8)
    # The flag is the highest bit of its byte.
    return HeicCarry(dict(zip(_NCLX, (*numbers[:3], numbers[3] >> 7), strict=True)))


def bits_of_avif(stream: BinaryIO) -> int:
    """Return the bits a channel that an AVIF says it has."""
    head = _head_of(stream)
    place = head.find(b"av1C")  # AV1 codec configuration: the third byte says high_bitdepth and twelve_bit
    if place < 0 or place + 7 > len(head):
        return 8
    flags = head[place + 6]
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _head_of(stream: BinaryIO) -> bytes:
    """Return a file's first boxes."""
    here = stream.tell()
    stream.seek(0)
    head = stream.read(1 << 16)  # the boxes that describe the picture stand before its data
    stream.seek(here)
    return head


def left_out(info: Mapping[Any, Any]) -> tuple[str, ...]:
    """Say which pictures beside the picture do not go along: they show it as it was."""
    beside = [("depth maps", "depth_images"), ("previews", "thumbnails"), ("gain maps and mattes", "aux")]
    found = [word for word, key in beside if info.get(key)]
    return (f"{' and '.join(found)} were left out: they show the picture as it was",) if found else ()


def colours_untold(picture: Picture) -> tuple[str, ...]:
    """Say that another format cannot tell the colours of a HEIC picture."""
    carry = picture.extras.carry
    if not isinstance(carry, HeicCarry) or carry.is_srgb or picture.extras.icc:
        return ()
    told = "/".join(str(carry.nclx.get(key, _UNSAID)) for key in _NCLX[:3])
    return (f"its colours (nclx {told}) are told in HEIC only; shown as sRGB they look otherwise",)


def read_deep_heic(stream: BinaryIO) -> Raster:
    """Return the pixels of a HEIC of 10 or 12 bits as 16 bits; `stream` has more than 8, which the caller knows.

    The plugin puts the bits at the top and leaves the lowest 0. They are repeated there, so that white is white.
    """
    import pillow_heif

    stream.seek(0)
    image = pillow_heif.open_heif(stream, convert_hdr_to_8bit=False)
    bits = int(image.info["bit_depth"])
    pixels = np.array(image, np.uint16)
    pixels |= pixels >> bits
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    colours = pixels.shape[2] - (pixels.shape[2] in (2, 4))
    alpha = np.ascontiguousarray(pixels[:, :, colours]) if colours < pixels.shape[2] else None
    mode = {1: "I;16", 3: "RGB;16"}[colours] if alpha is None else {1: "LA;16", 3: "RGBA;16"}[colours]
    return Raster(np.ascontiguousarray(pixels[:, :, :colours]), alpha, mode)


def read_deep_avif(stream: BinaryIO, bits: int, size: tuple[int, int]) -> Raster | None:
    """Return the pixels of an AVIF of 10 or 12 bits as 16 bits, upright as in the file; None where OpenCV reads none.

    Pillow reads AVIF with 8 bits only.

    Parameters
    ----------
    size : (width, height) as Pillow says it
    """
    import cv2

    stream.seek(0)
    found = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint16 or found.shape[1::-1] != size:
        return None
    pixels = np.asarray(found, np.uint16)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    pixels = np.left_shift(pixels, 16 - bits) | np.right_shift(pixels, 2 * bits - 16)  # white is white
    alpha = np.ascontiguousarray(pixels[:, :, 3]) if pixels.shape[2] == 4 else None
    colours = np.ascontiguousarray(pixels[:, :, :3][:, :, ::-1])
    mode = "I;16" if colours.shape[2] == 1 else "RGB;16" if alpha is None else "RGBA;16"
    return Raster(colours, alpha, mode)


def deep_heic_of(picture: Picture) -> HeifFile:
    """Return a picture as what the plugin writes with 10 bits a channel."""
    import pillow_heif

    pixels = change_depth(picture.pixels, np.uint16)
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    mode = "RGB;16"
    if picture.alpha is not None:
        pixels, mode = np.dstack([pixels, change_depth(picture.alpha, np.uint16)]), "RGBA;16"
    height, width = picture.size
    return pillow_heif.from_bytes(mode=mode, size=(width, height), data=np.ascontiguousarray(pixels).tobytes())
