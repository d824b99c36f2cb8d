"""Pictures from arrays and Pillow images, and back to the kind they came as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.depth import change_depth
from freefill.images.modes import picture_of, pil_of, raster_of
from freefill.values import DTYPES, Extras, Picture

if TYPE_CHECKING:
    from PIL import Image as PilImage

    ArrayLike = NDArray[Any] | PilImage.Image


def is_pil(value: object) -> bool:
    """Tell whether something is a Pillow image, without importing Pillow."""
    return any(kind.__module__.startswith("PIL.") and kind.__name__ == "Image" for kind in type(value).__mro__)


def from_array(image: ArrayLike, source: str = "array") -> Picture:
    """Make a picture of an array or a Pillow image; neither is ever changed.

    Parameters
    ----------
    image : (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4) of uint8, uint16, or float in [0, 1], in which a second
        or fourth channel is alpha; or a Pillow image of mode 1, L, LA, P, RGB, RGBA, CMYK, I;16, I or F
    source : a word for messages

    Notes
    -----
    A Pillow image is taken as it stands: its EXIF orientation is not applied, as nowhere in Pillow. Its profile, EXIF
    and XMP go along.

    Raises
    ------
    InputError
        If the array is of another shape or type (bool: that is a mask), or out of range. NaN is taken: it is no number
        that could be copied, and stays where it is not filled.
    """
    if is_pil(image):
        return _from_pil(image, source)  # type: ignore[arg-type]
    array = np.asarray(image)
    if array.dtype == np.bool_:
        raise InputError(f"{source}: a picture of True and False is a mask; give uint8, uint16 or float in [0, 1]")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.type not in DTYPES:
        raise InputError(f"{source}: a picture of {array.dtype} is not taken; give uint8, uint16 or float in [0, 1]")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        hint = "; put the channels last" if array.ndim == 3 and array.shape[0] in (1, 2, 3, 4) else ""
        raise InputError(f"{source}: a picture is (H, W) or (H, W, 1 to 4), not {array.shape}{hint}")
    if array.size == 0:
        raise InputError(f"{source}: the picture is empty {array.shape}")
    array = array.astype(array.dtype.newbyteorder("="), copy=True)
    array = array[:, :, None] if array.ndim == 2 else array
    unknown = _unknown(array, source) if array.dtype.kind == "f" else None
    extras = Extras(unknown=unknown)
    has_alpha = array.shape[2] in (2, 4)
    return Picture(array[:, :, :-1] if has_alpha else array, array[:, :, -1] if has_alpha else None, extras, source)


def _unknown(array: NDArray[Any], source: str) -> NDArray[np.bool_] | None:
    """Return (H, W) where (H, W, C) floats hold no number, and put one there; None where all do.

    Nothing under a mask is read, so NaN there must not matter: clouds, missing depth.

    Raises
    ------
    InputError
        If a number leaves [0, 1].
    """
    finite = np.isfinite(array)
    known = array[finite]
    if known.size and not (known.min() >= 0 and known.max() <= 1):
        raise InputError(f"{source}: a float picture must be within [0, 1]; scale or clip it first")
    if finite.all():
        return None
    array[~finite] = 0.5
    return np.asarray(~finite.all(axis=2))


def _from_pil(image: PilImage.Image, source: str) -> Picture:
    """Take a Pillow image apart; what it carries goes along."""
    icc, exif, xmp = (image.info.get(key) for key in ("icc_profile", "exif", "xmp"))
    icc = icc if isinstance(icc, bytes) and icc else None
    raster = raster_of(image, source, icc)
    dpi = image.info.get("dpi")
    extras = Extras(
        icc=icc,
        exif=exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) and exif else None,
        xmp=xmp if isinstance(xmp, bytes) and xmp else None,
        dpi=(float(dpi[0]), float(dpi[1])) if isinstance(dpi, tuple) and len(dpi) == 2 and min(dpi) > 0 else None,
    )
    return picture_of(raster, extras, source)


def to_array(picture: Picture, like: ArrayLike | None = None) -> ArrayLike:
    """Give a picture back as the kind that came: dtype, number of axes, alpha and Pillow mode as in `like`.

    Parameters
    ----------
    like : the array or Pillow image that the picture was made of, or whose part it is; None: an array (H, W, 1 to 4)

    Returns
    -------
    a writable array of its own, or a Pillow image
    """
    if like is not None and is_pil(like):
        return _to_pil(picture, like)  # type: ignore[arg-type]
    array = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    if like is None:
        return np.array(array)
    like = np.asarray(like)
    kind = np.float32 if like.dtype == np.float16 else like.dtype
    out = np.array(change_depth(array, kind)).reshape(*picture.size, *like.shape[2:]).astype(like.dtype, copy=False)
    unknown = picture.extras.unknown
    if unknown is not None and unknown.any():  # what was no number and has not been filled
        out[unknown] = like[unknown] if like.shape[:2] == unknown.shape else np.nan
    return out


def _to_pil(picture: Picture, like: PilImage.Image) -> PilImage.Image:
    """Make a Pillow image of the mode that came, with what it carried."""
    from PIL import Image as PilImage

    mode = like.mode
    if mode in ("I", "F") or mode.startswith("I;16"):
        numbers = picture.pixels[:, :, 0]
        out = PilImage.fromarray(numbers.astype({"I": np.int32, "F": np.float32}.get(mode, np.uint16)))
    else:
        out = pil_of(picture, ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "tRNS"))
        out = out if out.mode == mode else out.convert(mode)
    out.info = {**like.info, **{key: value for key, value in out.info.items() if key == "transparency"}}
    return out
