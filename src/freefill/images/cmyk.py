"""Four inks as RGB and back. The inks a file gives stay as they are wherever the picture is not filled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.images.profile import convert, transform, usable

_BAND_PX = 1 << 20  # pixels turned at a time, so that memory stays near one copy


def rgb_of(inks: NDArray[np.uint8], icc: bytes | None) -> NDArray[np.uint8]:
    """Return (H, W, 3) sRGB of (H, W, 4) inks (0 = none, 255 = full), through the profile where it can be used."""
    height, width = inks.shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    rows = max(_BAND_PX // width, 1)
    profile = icc if icc is not None and usable(icc, "CMYK") else None
    for top in range(0, height, rows):
        band = inks[top : top + rows]
        if profile is not None:
            out[top : top + rows] = convert(band, transform(profile, "CMYK", None, "RGB"), "CMYK")
        else:
            light = 255 - band.astype(np.uint16)
            # Rounded; 255 * 255 + 127 just fits 16 bits.
            out[top : top + rows] = (light[:, :, :3] * light[:, :, 3:] + 127) // 255
    return out


def inks_of(colours: NDArray[np.uint8], icc: bytes | None) -> NDArray[np.uint8]:
    """Return (n, 4) inks of (n, 3) sRGB colours.

    Without a profile all of the grey part is printed in black: the least ink, and exact where the colour is grey.
    """
    if icc is not None and usable(icc, "CMYK"):
        return convert(colours[None], transform(None, "RGB", icc, "CMYK"), "RGB")[0]
    light = colours.astype(np.float64)
    brightest = light.max(axis=1, keepdims=True)
    inks = np.empty((len(colours), 4), np.uint8)
    inks[:, :3] = np.rint(255 - 255 * light / np.maximum(brightest, 1))
    inks[:, :3][brightest[:, 0] == 0] = 0  # black: the division above would print all inks
    inks[:, 3] = 255 - brightest[:, 0]
    return inks


def filled_inks(inks: NDArray[np.uint8], pixels: NDArray[np.uint8], icc: bytes | None) -> NDArray[np.uint8]:
    """Return the inks with new ones wherever `pixels` are no longer what the inks show."""
    out = inks.copy()
    rows = max(_BAND_PX // inks.shape[1], 1)
    for top in range(0, inks.shape[0], rows):
        band = slice(top, top + rows)
        changed = (rgb_of(inks[band], icc) != pixels[band]).any(axis=2)
        if changed.any():
            out[band][changed] = inks_of(pixels[band][changed], icc)
    return out
