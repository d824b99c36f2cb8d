"""What a TIFF's reader hands to its writer, and which tags that concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from freefill.images.tiff import codec as tiff_codec
from freefill.images.tiff.geo import moved_geo
from freefill.images.tiff.layout import BLACK_IS_ZERO
from freefill.images.tiff.numbers import TiffNumbers
from freefill.images.tiff.tags import Order, Tag
from freefill.values import Carry

# Pixel scale, tie points, transformation and keys of GeoTIFF, and the rational polynomials of satellites.
GEO = frozenset((33550, 33920, 33922, 34264, 34735, 34736, 34737, 50844))


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
    alpha_at: int = 0  # how many other samples lie between the colours and alpha
    others: tuple[int, ...] = ()  # what the samples beyond colours and alpha are called; they end Extras.native
    palette16: NDArray[np.uint16] | None = None  # (n, 3), of which Extras.palette has the first 8 bits
    numbers: TiffNumbers | None = None  # how Extras.native is shown, where it is no picture's numbers
    photometric: int = BLACK_IS_ZERO  # of numbers (which are not turned where white is 0), LAB and inks
    more: Mapping[int, Tag] = field(default_factory=dict)  # tags that nobody here knows: GeoTIFF, GDAL, private ones

    def moved(self, rows: int, cols: int) -> TiffCarry:
        """Let the georeference go on to fit."""
        return replace(self, more=moved_geo(self.more, rows, cols))
