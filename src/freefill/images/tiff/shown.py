"""Samples that are no RGB (LAB, inks, premultiplied) as RGB and back, and samples beyond colour and alpha.

The file's own samples are kept, and written wherever the picture is not filled.

References
----------
TIFF 6.0, section 23 (CIE L*a*b*); Adobe PageMaker 6.0 TIFF technical notes (ICC L*a*b*).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.images import cmyk
from freefill.images.depth import change_depth
from freefill.images.profile import convert, lab_to_srgb, srgb_to_lab
from freefill.images.tiff.layout import ICC_LAB, INKS, LAB

_BAND_PX = 1 << 20  # pixels turned at a time, so that memory stays near one copy


def rgb_shown(samples: NDArray[Any], photometric: int, icc: bytes | None) -> NDArray[np.uint8]:
    """Return (H, W, 3) sRGB of (H, W, C) LAB or inks, uint8 or uint16."""
    out = np.empty((*samples.shape[:2], 3), np.uint8)
    rows = max(_BAND_PX // samples.shape[1], 1)
    for top in range(0, samples.shape[0], rows):
        band = samples[top : top + rows]
        if photometric == INKS:
            out[top : top + rows] = cmyk.rgb_of(change_depth(band, np.uint8), icc)
        else:
            out[top : top + rows] = convert(_lab8(band, photometric), lab_to_srgb(), "LAB")
    return out


def samples_stored(
    pixels: NDArray[np.uint8], native: NDArray[Any], photometric: int, icc: bytes | None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the file's samples with new ones wherever `pixels` are no longer what they show; and (H, W) where."""
    out = native.copy()
    filled = (rgb_shown(native, photometric, icc) != pixels).any(axis=2)
    if filled.any():
        colours = pixels[filled]
        if photometric == INKS:
            new = cmyk.inks_of(colours, icc)
            out[filled] = change_depth(new, native.dtype)
        else:
            out[filled] = _of_lab8(convert(colours[None], srgb_to_lab(), "RGB")[0], photometric, native.dtype)
    return out, filled


def straight(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divide premultiplied colours by alpha; `premultiplied` gives every one back exactly."""
    full = int(np.iinfo(pixels.dtype).max)
    below = np.maximum(alpha, 1).astype(np.uint64)[:, :, None]
    return np.minimum((pixels.astype(np.uint64) * full + below // 2) // below, full).astype(pixels.dtype)


def premultiplied(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Multiply straight colours by alpha, rounded to the nearest."""
    full = int(np.iinfo(pixels.dtype).max)
    return ((pixels.astype(np.uint64) * alpha[:, :, None] + full // 2) // full).astype(pixels.dtype)


def _lab8(samples: NDArray[Any], photometric: int) -> NDArray[np.uint8]:
    """Return L* of 0 to 100 as 0 to 255, a* and b* as signed bytes: what `convert` takes."""
    if samples.dtype == np.uint8:
        lab = samples.copy()
    else:  # a* and b* in 1/256; L* of 100 is 65535, in the profile's kind 65280
        lab = (samples >> 8).astype(np.uint8)
        full = 65535 if photometric == LAB else 65280
        lab[..., 0] = np.minimum((samples[..., 0].astype(np.uint32) * 255 + full // 2) // full, 255)
    if photometric == ICC_LAB:
        lab[..., 1:] ^= 128  # 128 is none there
    return lab


def _of_lab8(lab: NDArray[np.uint8], photometric: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo `_lab8`."""
    out = lab.copy()
    if photometric == ICC_LAB:
        out[..., 1:] ^= 128
    if dtype == np.uint8:
        return out
    wide = out.astype(np.uint16) << 8
    if photometric == LAB:
        wide[..., 0] = out[..., 0].astype(np.uint16) * 257
    return wide


def smoothly_filled(samples: NDArray[Any], filled: NDArray[np.bool_]) -> NDArray[Any]:
    """Return (H, W, K) samples that no engine knows, smooth where the picture was filled.

    What was removed must not stay to be seen in them. Pixels that the fill left as they were by chance are filled too.

    Examples
    --------
    >>> row = np.array([[10, 99, 20]], np.uint8)[..., None]
    >>> smoothly_filled(row, np.array([[False, True, False]]))[0, :, 0].tolist()
    [10, 15, 20]
    """
    hole = _closed(filled)
    rows, cols = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not rows.size:
        return samples
    # Some surroundings, to be filled from.
    box = tuple(slice(max(int(line[0]) - 8, 0), int(line[-1]) + 9) for line in (rows, cols))
    part, inside = samples[box], hole[box]
    out = samples.copy()
    for channel in range(samples.shape[2]):
        known = ~inside & np.isfinite(part[..., channel])
        values = _spread(np.where(known, part[..., channel], 0).astype(np.float64), known)
        if samples.dtype.kind in "iu":
            info = np.iinfo(samples.dtype)
            values = np.clip(
                np.rint(values), info.min, np.nextafter(float(info.max), 0) if info.bits > 52 else info.max
            )
        out[box][..., channel][inside] = values[inside].astype(samples.dtype)
    return out


def _closed(hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close gaps of up to two pixels."""

    def grown(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
        out = area.copy()
        out[1:] |= area[:-1]
        out[:-1] |= area[1:]
        across = out.copy()
        across[:, 1:] |= out[:, :-1]
        across[:, :-1] |= out[:, 1:]
        return across

    large = np.pad(hole, 1)  # so that nothing grows over the picture's end and back
    return ~grown(~grown(large))[1:-1, 1:-1] | hole


def _spread(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill (h, w) from coarse to fine: means of what is known, then smoothed at each scale."""
    if known.all():
        return values
    height, width = values.shape
    if height == width == 1 or not known.any():
        return values
    # An odd side gets a row or column of nothing, to be halved.
    even = np.pad(values * known, ((0, height % 2), (0, width % 2)))
    weight = np.pad(known.astype(np.float64), ((0, height % 2), (0, width % 2)))
    blocks = (len(even) // 2, 2, even.shape[1] // 2, 2)
    total, count = even.reshape(blocks).sum(axis=(1, 3)), weight.reshape(blocks).sum(axis=(1, 3))
    coarse = _spread(total / np.maximum(count, 1), count > 0)
    out = np.where(known, values, np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)[:height, :width])
    for _ in range(6):
        edge = np.pad(out, 1, mode="edge")
        mean = (edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]) / 4
        out = np.where(known, out, mean)
    return out
