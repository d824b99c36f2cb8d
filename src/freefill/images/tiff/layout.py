"""How the pixels of a TIFF page lie, which layouts are read here, and which are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from freefill.errors import InputError
from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.tags import Tags

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS, LAB, ICC_LAB = 0, 1, 2, 3, 5, 8, 9
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, LAB: 3, ICC_LAB: 3}
_KINDS = {*(("u", bits) for bits in (8, 16, 32, 64)), *(("i", bits) for bits in (8, 16, 32, 64)),
          *(("f", bits) for bits in (16, 32, 64))}  # fmt: skip
_SHOWN = (INKS, LAB, ICC_LAB)  # which are turned into RGB
_MOST_SAMPLES = 1024  # of a pixel
_MOST_BYTES_PER_PX = 32  # of the largest picture that is allowed


@dataclass(frozen=True)
class PixelLayout:
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
    extras: tuple[int, ...]  # what each sample beyond the colours is: 0 unsaid, 1 premultiplied, 2 straight alpha

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample."""
        return np.dtype(f"{self.kind}{self.bits // 8}")

    @property
    def colours(self) -> int:
        """Samples of a pixel that are its colour."""
        return COLOURS.get(self.photometric, 3)

    @property
    def alpha_at(self) -> int | None:
        """Which of the samples beyond the colours is alpha: the first that says so, or the only one."""
        said = [place for place, what in enumerate(self.extras) if what in (1, 2)]
        return said[0] if said else 0 if len(self.extras) == 1 else None


def layout_of(tags: Tags) -> PixelLayout:
    """Read how the pixels lie."""

    def one(tag: int, otherwise: int) -> int:
        return tags[tag].integers[0] if tag in tags and tags[tag].integers else otherwise

    bits = set(tags[258].integers) if 258 in tags else {1}  # what TIFF 6.0 says where the tag is missing
    kinds = {1: "u", 2: "i", 3: "f", 4: "u"}
    beyond = max(one(277, 1) - COLOURS.get(one(262, 1), 3), 0)
    extras = tuple(tags[338].integers)[:beyond] if 338 in tags and beyond <= _MOST_SAMPLES else ()
    tile = (one(323, 0), one(322, 0)) if 322 in tags else None
    return PixelLayout(
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
        rows=min(one(278, 2**31), one(257, 0)),  # without the tag all rows are one strip
        mirrored=one(266, 1) == 2,
        extras=extras + (0,) * (min(beyond, _MOST_SAMPLES) - len(extras)),
    )


def is_ours(layout: PixelLayout) -> bool:
    """Tell whether the pixels are of a layout that is read here."""
    return (
        (layout.kind, layout.bits) in _KINDS
        and layout.compression in tiff_codec.READ
        and layout.predictor in ((1, 2) if layout.kind != "f" else (1, 3))
        and layout.photometric in COLOURS
        and layout.samples >= layout.colours
        and not (layout.photometric in _SHOWN and (layout.kind, layout.bits) not in (("u", 8), ("u", 16)))
        and not (layout.photometric == PALETTE and (layout.kind, layout.bits, layout.samples) != ("u", 8, 1))
    )


def refuse_others(layout: PixelLayout, name: str) -> None:
    """Refuse sound files that Pillow would read with a part of them missing.

    Raises
    ------
    InputError
        If there are more channels than colours and alpha, or more bits than anybody here reads.
    """
    if layout.samples > layout.colours + 1 or (layout.photometric == INKS and layout.samples != 4):
        raise InputError(
            f"{name}: has {layout.samples} channels, packed or counted in a way that is not read here; save it without "
            f"compression, or write the channels beyond colour and alpha to a file of their own"
        )
    if layout.photometric in _SHOWN and layout.bits > 8:
        raise InputError(f"{name}: inks and LAB of {layout.bits} bits packed so are not read; save it with Deflate")
    if layout.bits not in (1, 2, 4, 8, 12, 16, 24, 32, 64):
        how = f"{layout.bits} bits" if layout.bits else "different bits for each channel"
        raise InputError(f"{name}: numbers of {how} are not read here; save it with 8 or 16 bits")
    if layout.bits > 32 or (layout.bits > 16 and layout.kind != "f" and layout.samples > layout.colours):
        raise InputError(f"{name}: numbers of {layout.bits} bits are not read here; save it with 16 bits or as float")


def check_samples(layout: PixelLayout, name: str, max_mpx: float | None) -> None:
    """Refuse a page that takes much more memory than the largest picture does, before any of it is taken.

    Raises
    ------
    InputError
        If it is so.
    """
    if layout.samples > _MOST_SAMPLES:
        raise InputError(f"{name}: has {layout.samples} channels; at most {_MOST_SAMPLES} are read")
    size_bytes = layout.width * layout.height * layout.samples * max(layout.bits // 8, 1)
    if max_mpx is not None and size_bytes > max_mpx * 1e6 * _MOST_BYTES_PER_PX:
        raise InputError(
            f"{name}: {layout.samples} channels of {layout.bits} bits take {size_bytes / 1e9:.1f} GB; "
            f"allow more with --max-megapixels, or leave channels out"
        )
