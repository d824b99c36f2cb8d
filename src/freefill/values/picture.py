"""A picture with all that its file carries, and the mask of what is to be filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values.arrays import DTYPES, Hole, Pixels, frozen


@dataclass(frozen=True, eq=False)
class Carry:
    """What a format's reader hands to its own writer, so that the output is made like the input.

    Each format has its own kind, declared in its room of images/; only that format's writer looks into it.
    """

    def turned(self, orientation: int) -> Carry:
        """Return it for a picture whose EXIF orientation was applied."""
        return self

    def moved(self, rows: int, cols: int) -> Carry:
        """Return it for a picture that got so many rows above and columns to the left of it."""
        return self


@dataclass(frozen=True, eq=False)
class Extras:
    """All that a picture's file carries beside its pixels; what is None was not there."""

    format: str | None = None  # "JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "AVIF"; None for arrays
    mode: str | None = None  # the file's own mode: "RGB", "L", "P", "1", "CMYK", "I;16", "RGB;16", "LA", "RGBA", ...
    icc: bytes | None = None
    exif: bytes | None = None  # with the orientation reset to 1: pixels are upright
    orientation: int = 1  # the EXIF orientation that was applied, 1 to 8
    xmp: bytes | None = None
    iptc: bytes | None = None  # records of IPTC-NAA
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)  # PNG text chunks
    native: NDArray[Any] | None = None  # (H, W) palette indices or (H, W, 4) CMYK, where pixels are RGB made of them
    palette: NDArray[np.uint8] | None = None  # (n, 3) RGB
    palette_alpha: NDArray[np.uint8] | None = None  # (n,) where the palette has one
    transparent_key: tuple[int, ...] | None = None  # the one colour that the file calls transparent
    unknown: Hole | None = None  # (H, W), True where the file holds no number (NaN); what is there has no meaning
    carry: Carry | None = None  # of the format it was read from
    notes: tuple[str, ...] = ()  # what of the file could not be kept; the writer tells it


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels that stand upright, with everything that their file carries.

    Attributes
    ----------
    pixels : (H, W, 1 or 3) uint8, uint16, or float in [0, 1]; read-only
    alpha : (H, W) of the same dtype, straight (not premultiplied), or None
    extras : what the file carries
    source : the file's path, or a word such as "array", for messages
    """

    pixels: Pixels
    alpha: NDArray[Any] | None = None
    extras: Extras = field(default_factory=Extras)
    source: str = "picture"

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.dtype.type not in DTYPES:
            raise InputError(
                f"{self.source}: pixels must be (H, W, 1 or 3) of uint8, uint16 or float, not "
                f"{pixels.shape} of {pixels.dtype}"
            )
        if pixels.shape[0] == 0 or pixels.shape[1] == 0:
            raise InputError(f"{self.source}: the picture is empty ({pixels.shape[1]}x{pixels.shape[0]})")
        if np.issubdtype(pixels.dtype, np.floating) and not (
            np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1
        ):
            raise InputError(f"{self.source}: a float picture must be finite and within [0, 1]; scale or clip it first")
        object.__setattr__(self, "pixels", frozen(pixels))
        if self.alpha is not None:
            if self.alpha.shape != pixels.shape[:2] or self.alpha.dtype != pixels.dtype:
                raise InputError(f"{self.source}: alpha must be {pixels.shape[:2]} of {pixels.dtype}")
            object.__setattr__(self, "alpha", frozen(self.alpha))

    def __repr__(self) -> str:
        """Return one line: its size, its numbers, where it is from."""
        height, width = self.size
        count = self.pixels.shape[2] + (self.alpha is not None)
        channels = "1 channel" if count == 1 else f"{count} channels"
        return f"<freefill.Picture {width}x{height}, {channels} of {self.pixels.dtype}, from {self.source}>"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def full_scale(self) -> float:
        """The number that stands for 1.0: 255, 65535 or 1."""
        return float(np.iinfo(self.pixels.dtype).max) if np.issubdtype(self.pixels.dtype, np.integer) else 1.0


@dataclass(frozen=True, eq=False)
class Mask:
    """What is to be filled.

    Attributes
    ----------
    hole : (H, W) bool, True = hole; read-only; may be empty
    source : the file's path, or a word such as "array", for messages
    notes : what the reader decided, for the user ("looks inverted", "colour map recognised", ...)
    own_alpha : the hole is where the picture's own alpha is transparent; the filled picture becomes opaque there
    """

    hole: Hole
    source: str = "mask"
    notes: tuple[str, ...] = ()
    own_alpha: bool = False

    def __post_init__(self) -> None:
        if self.hole.ndim != 2 or self.hole.dtype != np.bool_:
            raise InputError(f"{self.source}: a hole must be (H, W) bool, not {self.hole.shape} of {self.hole.dtype}")
        object.__setattr__(self, "hole", frozen(self.hole))

    def __repr__(self) -> str:
        """Return one line: its size, how much is hole, where it is from."""
        height, width = self.size
        return f"<freefill.Mask {width}x{height}, {self.share:.1%} hole, from {self.source}>"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.hole.shape[0], self.hole.shape[1]

    @property
    def share(self) -> float:
        """Hole pixels as a share of all, 0 to 1."""
        return float(self.hole.mean()) if self.hole.size else 0.0
