"""Colour between a picture's own numbers and what an engine works in.

Classical engines copy and smooth numbers: they get the picture's own, scaled, and their fill goes back without loss.
A network knows sRGB: it gets the picture converted from its profile, and only its fill is converted back, so known
pixels never pass through a conversion.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.depth import from_unit, to_unit
from freefill.values import Image, Picture

if TYPE_CHECKING:
    from PIL import Image as PilImage
    from PIL.ImageCms import ImageCmsTransform

ColourSpace = Literal["own", "srgb"]
_MOST_PROFILE_BYTES = 32 << 20  # the largest that are sold, for inks, have some 4 MB


class ColourCodec(Protocol):
    """Pixels of a picture to an engine's colours and back; made once for a picture, used for each window."""

    def decode(self, region: NDArray[Any]) -> Image:
        """Return (h, w, 3) float32 in [0, 1] of pixels (h, w, 1 or 3) in the picture's dtype."""
        ...

    def encode(self, colours: NDArray[np.float32]) -> NDArray[Any]:
        """Return (n, C) numbers in the picture's dtype of (n, 3) float32 colours; grey is the mean of the three."""
        ...


class OwnColours:
    """The picture's own numbers, scaled to [0, 1]: `encode(decode(x)) == x` for every uint8 and uint16."""

    def __init__(self, picture: Picture) -> None:
        self._dtype = picture.pixels.dtype
        self._channels = picture.pixels.shape[2]

    def decode(self, region: NDArray[Any]) -> Image:
        """Return (h, w, 3) float32 in [0, 1]; grey three times."""
        values = to_unit(region)
        return np.repeat(values, 3, axis=2) if self._channels == 1 else values

    def encode(self, colours: NDArray[np.float32]) -> NDArray[Any]:
        """Return (n, C) numbers of the picture's dtype, rounded to the nearest."""
        if self._channels == 1:
            colours = colours.mean(axis=1, keepdims=True, dtype=np.float64)
        return from_unit(colours, self._dtype)


class ProfileColours:
    """sRGB for the engine, the picture's own profile in the file; 8 bit inside, as the colour library works."""

    def __init__(self, picture: Picture, icc: bytes) -> None:
        self._own = OwnColours(picture)
        self._dtype = picture.pixels.dtype
        self._mode = "L" if picture.pixels.shape[2] == 1 else "RGB"
        self._icc = icc
        transform(icc, self._mode, None, "RGB")  # a profile that cannot be used shows itself here

    def decode(self, region: NDArray[Any]) -> Image:
        """Return (h, w, 3) float32 sRGB in [0, 1]."""
        eight = np.rint(to_unit(region) * 255).astype(np.uint8)
        return to_unit(convert(eight, transform(self._icc, self._mode, None, "RGB"), self._mode))

    def encode(self, colours: NDArray[np.float32]) -> NDArray[Any]:
        """Return (n, C) numbers in the picture's profile and dtype."""
        eight = from_unit(colours, np.uint8)[None]
        own = convert(eight, transform(None, "RGB", self._icc, self._mode), "RGB")[0]
        return from_unit(to_unit(own), self._dtype)


def colour_codec(picture: Picture, colour: ColourSpace) -> ColourCodec:
    """Return what turns the picture's pixels into an engine's colours and back.

    Parameters
    ----------
    picture : its dtype, channels and profile are read, no pixels
    colour : "own" = the picture's numbers, scaled; "srgb" = through its profile, where it has one that is not sRGB

    Notes
    -----
    A damaged profile, or one for other channels than the picture has, counts as none: viewers do the same.
    CMYK and LAB pictures are RGB made through their profile already, so theirs are sRGB as they are.
    """
    icc = picture.extras.icc
    if colour == "own" or icc is None or (picture.extras.mode or "").startswith(("CMYK", "LAB")):
        return OwnColours(picture)
    mode = "L" if picture.pixels.shape[2] == 1 else "RGB"
    if not usable(icc, mode) or is_srgb(icc, mode):
        return OwnColours(picture)
    return ProfileColours(picture, icc)


def convert(pixels: NDArray[np.uint8], table: ImageCmsTransform, mode: str) -> NDArray[np.uint8]:
    """Send (h, w, C) uint8 through a transform; returns (h, w, C of the other side)."""
    from PIL import Image as PilImage

    image = PilImage.fromarray(np.ascontiguousarray(pixels[:, :, 0] if mode == "L" else pixels), mode=None)
    if mode in ("CMYK", "LAB"):  # which `fromarray` does not know
        image = PilImage.frombytes(mode, (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels).tobytes())
    out: PilImage.Image = table.apply(image)
    array = np.asarray(out)
    return array if array.ndim == 3 else array[:, :, None]


@functools.lru_cache(maxsize=32)
def transform(source: bytes | None, source_mode: str, target: bytes | None, target_mode: str) -> ImageCmsTransform:
    """Return a colour transform; None stands for sRGB.

    Relative colorimetric with black point compensation: white stays white and there is a way back.

    Raises
    ------
    InputError
        If a profile is damaged or does not fit its mode.
    """
    from PIL import ImageCms

    try:
        first, second = (
            ImageCms.createProfile("sRGB") if block is None else ImageCms.getOpenProfile(io.BytesIO(block))
            for block in (source, target)
        )
        return ImageCms.buildTransform(
            first,
            second,
            source_mode,
            target_mode,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        raise InputError(f"the colour profile cannot be used ({error}); save the picture without it") from None


def space_of(icc: bytes) -> str:
    """Return the colours that a profile is for: "RGB", "GRAY", "CMYK", "Lab", ..."""
    return icc[16:20].decode("latin-1").strip()


@functools.lru_cache(maxsize=32)
def sound(icc: bytes) -> bytes | None:
    """Return a profile without what is behind its end, or None where strict readers would complain of it.

    Its header must say its size, and the colour library must be able to open it.
    """
    from PIL import ImageCms

    size = int.from_bytes(icc[:4], "big")
    # Bytes 36 to 39 sign every profile; 128 bytes of header and a count of tags are the least.
    if len(icc) < 132 or icc[36:40] != b"acsp" or not 132 <= size <= len(icc) or size > _MOST_PROFILE_BYTES:
        return None
    try:
        ImageCms.getOpenProfile(io.BytesIO(icc[:size]))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    return icc[:size]


@functools.cache
def lab_to_srgb() -> ImageCmsTransform:
    """Return the transform from CIE L*a*b* (D50) to sRGB."""
    from PIL import ImageCms

    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


@functools.cache
def srgb_to_lab() -> ImageCmsTransform:
    """Return the transform from sRGB to CIE L*a*b* (D50)."""
    from PIL import ImageCms

    return ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")


@functools.lru_cache(maxsize=32)
def usable(icc: bytes, mode: str) -> bool:
    """Tell whether a profile is sound and meant for pictures of that mode, both ways."""
    try:
        transform(icc, mode, None, "RGB")
        transform(None, "RGB", icc, mode)
    except InputError:
        return False
    return True


@functools.lru_cache(maxsize=32)
def is_srgb(icc: bytes, mode: str) -> bool:
    """Tell whether a profile moves no colour of a coarse grid by more than 1 of 255: then it is sRGB by any name."""
    steps = np.linspace(0, 255, 18).round().astype(np.uint8)  # every 15 levels
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(1, -1, 3)
    if mode == "L":
        grid = np.arange(256, dtype=np.uint8)[None, :, None]
    there = convert(grid, transform(icc, mode, None, "RGB"), mode).astype(int)
    return bool(np.abs(there - grid.astype(int)).max() <= 1)  # 8 bits inside round by as much
