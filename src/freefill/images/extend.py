"""A picture with room around it: everything that its file carries is told of the new size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.images.metadata.exif import sized_exif
from freefill.images.metadata.xmp import sized_xmp
from freefill.values import Picture


def extended(picture: Picture, top: int, bottom: int, left: int, right: int) -> Picture:
    """Return the picture with so many rows and columns more; the new ones repeat the border until they are filled.

    Palette indices, inks, 16 bits and straight alpha stay what they are; what is new is opaque. EXIF and XMP get the
    new size, and a georeference goes on to fit.

    Parameters
    ----------
    top, bottom, left, right : px, not negative

    Examples
    --------
    >>> extended(Picture(np.full((2, 3, 1), 7, np.uint8)), 1, 0, 0, 2).size
    (3, 5)
    """

    def padded(array: NDArray[Any], **how: Any) -> NDArray[Any]:
        sides = ((top, bottom), (left, right), *[(0, 0)] * (array.ndim - 2))
        return np.pad(array, sides, **(how or {"mode": "edge"}))

    extras = picture.extras
    pixels = padded(picture.pixels)
    alpha = None if picture.alpha is None else padded(picture.alpha, constant_values=picture.full_scale)
    changes: dict[str, Any] = {}
    if extras.native is not None:
        changes["native"] = padded(extras.native)
    if extras.unknown is not None:
        changes["unknown"] = padded(extras.unknown, constant_values=False)
    if extras.carry is not None:
        changes["carry"] = extras.carry.moved(top, left)
    size = pixels.shape[0], pixels.shape[1]
    if extras.exif is not None:
        changes["exif"] = sized_exif(extras.exif, size)
    if extras.xmp is not None:
        changes["xmp"] = sized_xmp(extras.xmp, size)
    return replace(picture, pixels=pixels, alpha=alpha, extras=replace(extras, **changes))
