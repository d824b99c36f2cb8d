"""Pillow's modes as pixels, alpha and extras, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images import cmyk, palette
from freefill.images.depth import change_depth
from freefill.images.profile import convert, lab_to_srgb
from freefill.values import Extras, Picture

if TYPE_CHECKING:
    from PIL import Image as PilImage

_BAND_ROWS = 256  # rows copied at a time: Pillow holds RGB as 4 bytes and would copy the whole of it twice


@dataclass(eq=False)
class Raster:
    """What a decoder gives: the fields of Picture and Extras that come from pixels."""

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    mode: str | None = None
    native: NDArray[Any] | None = None
    palette: NDArray[np.uint8] | None = None
    palette_alpha: NDArray[np.uint8] | None = None
    transparent_key: tuple[int, ...] | None = None


def picture_of(raster: Raster, extras: Extras, name: str) -> Picture:
    """Return the picture of a raster and what else its file carries."""
    own = {key: getattr(raster, key) for key in ("mode", "native", "palette", "palette_alpha", "transparent_key")}
    return Picture(raster.pixels, raster.alpha, replace(extras, **own), name)


def array_of(image: PilImage.Image) -> NDArray[Any]:
    """Return Pillow's pixels as an array of our own, with little memory beside it."""
    if image.mode not in ("RGB", "RGBA", "LA", "CMYK", "LAB") or image.height <= _BAND_ROWS:
        return np.array(image)
    out = np.empty((image.height, image.width, len(image.getbands())), np.uint8)
    for top in range(0, image.height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, image.height)
        out[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return out


def raster_of(image: PilImage.Image, source: str, icc: bytes | None = None) -> Raster:
    """Take a decoded Pillow image apart.

    Raises
    ------
    InputError
        If its mode has no place here (HSV, 32-bit numbers out of range).
    """
    mode, transparency = image.mode, image.info.get("transparency")
    if mode == "P":
        return _palette_raster(image, transparency)
    if mode == "1":
        return Raster(np.array(image).astype(np.uint8)[:, :, None] * np.uint8(255), mode="1")
    if mode == "CMYK":
        native = array_of(image)
        return Raster(cmyk.rgb_of(native, icc), mode="CMYK", native=native)
    if mode in ("L", "RGB"):
        pixels = array_of(image)
        pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
        raster = Raster(pixels, mode=mode)
        if isinstance(transparency, int | tuple):
            return with_key(raster, transparency if isinstance(transparency, tuple) else (transparency,))
        return raster
    if mode in ("LA", "RGBA"):
        pixels = array_of(image)
        return Raster(np.ascontiguousarray(pixels[:, :, :-1]), np.ascontiguousarray(pixels[:, :, -1]), mode=mode)
    if mode.startswith("I;16"):
        return Raster(np.array(image).astype(np.uint16)[:, :, None], mode="I;16")
    if mode in ("I", "F"):
        return _wide_raster(np.array(image)[:, :, None], mode, source)
    if mode in ("PA", "La", "RGBa", "RGBX"):
        # Premultiplied, or with a filler.
        return raster_of(image.convert({"La": "LA", "RGBX": "RGB"}.get(mode, "RGBA")), source, icc)
    if mode == "LAB":
        return Raster(convert(array_of(image), lab_to_srgb(), "LAB"), mode="RGB")
    raise InputError(f"{source}: pictures of mode {mode} are not read; save it as RGB first")


def _wide_raster(pixels: NDArray[Any], mode: str, source: str) -> Raster:
    """Take 32-bit numbers where they fit what a picture can hold."""
    low, high = float(pixels.min()), float(pixels.max())
    if mode == "I" and low >= 0 and high <= 65535:
        return Raster(pixels.astype(np.uint16), mode="I;16")
    if mode == "F" and np.isfinite(pixels).all() and low >= 0 and high <= 1:
        return Raster(pixels.astype(np.float32), mode="F")
    wanted = "0 to 65535" if mode == "I" else "0 to 1"
    raise InputError(
        f"{source}: its 32-bit numbers run from {low:g} to {high:g}, not within {wanted}; scale them first"
    )


def _palette_raster(image: PilImage.Image, transparency: int | bytes | None) -> Raster:
    """Keep the numbers, and make RGB and alpha of them."""
    native = np.array(image)
    rgb = np.array(image.getpalette("RGB") or [0, 0, 0], np.uint8).reshape(-1, 3)[:256]
    entries = np.full((len(rgb), 4), 255, np.uint8)
    entries[:, :3] = rgb
    if isinstance(transparency, int) and 0 <= transparency < len(entries):
        entries[transparency, 3] = 0
    elif isinstance(transparency, bytes):
        short = transparency[: len(entries)]
        entries[: len(short), 3] = np.frombuffer(short, np.uint8)
    colours = palette.colours_of(native, entries)
    alpha = np.ascontiguousarray(colours[:, :, 3]) if transparency is not None else None
    clear = entries[:, 3].copy() if transparency is not None else None
    return Raster(np.ascontiguousarray(colours[:, :, :3]), alpha, "P", native, rgb, clear)


def with_key(raster: Raster, key: tuple[int, ...]) -> Raster:
    """Make alpha of the one colour that the file calls transparent."""
    full = np.iinfo(raster.pixels.dtype).max
    # In 64 bits: PNG writes the key with 16 bits whatever the depth, and a damaged one must not wrap to a colour.
    hit = (raster.pixels == np.array(key[: raster.pixels.shape[2]], np.int64)).all(axis=2)
    raster.alpha = np.where(hit, 0, full).astype(raster.pixels.dtype)
    raster.transparent_key = tuple(int(number) for number in key)
    return raster


# --- back -------------------------------------------------------------------------------------------------------


def keyed(picture: Picture) -> NDArray[Any] | None:
    """Return pixels in which just the transparent ones have the key colour, or None where alpha needs a channel.

    A filled pixel that has the key colour by chance is moved by one level: it is meant to be seen.
    """
    key = picture.extras.transparent_key
    if key is None or picture.alpha is None or picture.pixels.dtype.kind != "u":
        return None
    hit = (picture.pixels == np.array(key, np.int64)).all(axis=2)
    clear = picture.alpha == 0
    if (clear & ~hit).any() or (~clear & (picture.alpha != picture.full_scale)).any():
        return None
    chance = hit & ~clear
    if not chance.any():
        return picture.pixels
    pixels = picture.pixels.copy()
    pixels[chance, 0] = key[0] - 1 if key[0] > 0 else 1
    return pixels


def pil_of(picture: Picture, modes: tuple[str, ...]) -> PilImage.Image:
    """Return a Pillow image in the picture's own mode where `modes` has it, else in the nearest that holds it all.

    `modes` are what the format can write; without "LA" or "RGBA" the picture must be opaque.
    """
    from PIL import Image as PilImage

    mode, native = picture.extras.mode, picture.extras.native
    pixels = change_depth(picture.pixels, np.uint8)
    alpha = None if picture.alpha is None else change_depth(picture.alpha, np.uint8)
    if mode == "P" and "P" in modes and native is not None and picture.extras.palette is not None:
        return _palette_image(picture, native, picture.extras.palette, pixels, alpha)
    if mode == "CMYK" and "CMYK" in modes and native is not None:
        inks = cmyk.filled_inks(native, pixels, picture.extras.icc)
        # `fromarray` would take four channels for RGBA.
        return PilImage.frombytes("CMYK", (inks.shape[1], inks.shape[0]), inks.tobytes())
    grey = pixels.shape[2] == 1
    if mode == "1" and "1" in modes and grey and alpha is None:
        return PilImage.fromarray(pixels[:, :, 0] >= 128)
    key = keyed(picture)
    listed = picture.extras.transparent_key
    if key is not None and listed is not None and ("L" if grey else "RGB") in modes and "tRNS" in modes:
        image = PilImage.fromarray(change_depth(key[:, :, 0] if grey else key, np.uint8))
        image.info["transparency"] = listed[0] if grey else listed
        return image
    if grey and alpha is None and "L" in modes:
        return PilImage.fromarray(pixels[:, :, 0])
    if grey and alpha is not None and "LA" in modes:
        return PilImage.fromarray(np.dstack([pixels[:, :, 0], alpha]))
    rgb = np.repeat(pixels, 3, axis=2) if grey else pixels
    if alpha is not None and "RGBA" in modes:
        return PilImage.fromarray(np.dstack([rgb, alpha]))
    return PilImage.fromarray(np.ascontiguousarray(rgb))


def _palette_image(
    picture: Picture,
    native: NDArray[Any],
    rgb: NDArray[np.uint8],
    pixels: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None,
) -> PilImage.Image:
    """Number the filled pixels, and give the list and its alpha to Pillow."""
    from PIL import Image as PilImage

    entries = np.full((len(rgb), 4), 255, np.uint8)
    entries[:, :3] = rgb
    clear = picture.extras.palette_alpha
    if clear is not None:
        entries[:, 3] = clear
    opaque = np.full(pixels.shape[:2], 255, np.uint8) if alpha is None else alpha
    indices, entries = palette.filled_indices(native, entries, np.dstack([pixels, opaque]))
    image = PilImage.fromarray(indices)
    image.putpalette(entries[:, :3].tobytes(), "RGB")
    if clear is not None:
        image.info["transparency"] = entries[:, 3].tobytes()
    return image
