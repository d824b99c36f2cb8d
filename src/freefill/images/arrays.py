"""Pictures from arrays and Pillow images, and back to the kind they came as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.depth import change_depth
from freefill.images.modes import picture_of, pil_of, raster_of
from freefill.images.tiff.carry import TiffCarry
from freefill.images.tiff.layout import BLACK_IS_ZERO, RGB
from freefill.images.tiff.numbers import TiffNumbers, numbers_of
from freefill.values import DTYPES, Extras, Picture

if TYPE_CHECKING:
    from PIL import Image as PilImage

    ArrayLike = NDArray[Any] | PilImage.Image


def is_pil(value: object) -> bool:
    """Tell whether something is a Pillow image, without importing Pillow."""
    # What Pillow opens is a PngImageFile or the like: "Image" is the name of an ancestor.
    return any(kind.__module__.startswith("PIL.") and kind.__name__ == "Image" for kind in type(value).__mro__)


def from_array(image: ArrayLike, source: str = "array") -> Picture:
    """Make a picture of an array or a Pillow image; neither is ever changed.

    Parameters
    ----------
    image : (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4) of whole numbers, or float in [0, 1], in which a second
        or fourth channel is alpha; or a Pillow image of mode 1, L, LA, P, RGB, RGBA, CMYK, I;16, I or F
    source : a word for messages

    Notes
    -----
    Whole numbers of other types than uint8 and uint16 are levels of 255 where all lie within 0 to 255, of 65,535 where
    they lie within that, and else shown from the least to the greatest.

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
        raise InputError(f"{source}: a picture of True and False is a mask; give whole numbers or float in [0, 1]")
    # Widened here, narrowed again in `_as_type`: a Picture knows float32 and float64 only.
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    whole = array.dtype.kind in "iu"
    if array.dtype.type not in DTYPES and not whole:
        raise InputError(
            f"{source}: a picture of {array.dtype} is not supported; give whole numbers or float in [0, 1]"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        hint = "; put the channels last" if array.ndim == 3 and array.shape[0] in (1, 2, 3, 4) else ""
        raise InputError(f"{source}: a picture is (H, W) or (H, W, 1 to 4), not {array.shape}{hint}")
    if array.size == 0:
        raise InputError(f"{source}: the picture is empty {array.shape}")
    # The machine's byte order, which compiled code insists on (files of big-endian programs come otherwise); a copy,
    # since `_unknown` writes into it.
    array = array.astype(array.dtype.newbyteorder("="), copy=True)
    array = array[:, :, None] if array.ndim == 2 else array
    if array.dtype.type not in DTYPES:
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > 65535:
            return _of_numbers(array, source)
        array = array.astype(np.uint8 if high < 256 else np.uint16)
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


def _of_numbers(array: NDArray[Any], source: str) -> Picture:
    """Make a picture of (H, W, C) whole numbers that are no levels: heights, depths; they are kept.

    Raises
    ------
    InputError
        If there is an alpha channel among them.
    """
    if array.shape[2] in (2, 4):
        raise InputError(
            f"{source}: an alpha channel beside {array.dtype} from {array.min()} to {array.max()} is not taken; leave "
            f"it out, or bring all to 0 to 65535"
        )
    scale = numbers_of(array)
    carry = TiffCarry(numbers=scale, photometric=RGB if array.shape[2] == 3 else BLACK_IS_ZERO)
    return Picture(scale.shown(array), None, Extras(mode=str(array.dtype), native=array, carry=carry), source)


def _numbers_in(picture: Picture) -> TiffNumbers | None:
    """Return how a picture's own numbers are shown, where they are no levels; None where they are."""
    carry = picture.extras.carry
    return carry.numbers if isinstance(carry, TiffCarry) and picture.alpha is None else None


def _from_pil(image: PilImage.Image, source: str) -> Picture:
    """Take a Pillow image apart; what it carries goes along."""
    icc, exif, xmp = (image.info.get(key) for key in ("icc_profile", "exif", "xmp"))
    icc = icc if isinstance(icc, bytes) and icc else None
    raster = raster_of(image, source, icc)
    dpi = image.info.get("dpi")
    extras = Extras(
        icc=icc,
        # Extras holds the bare TIFF structure; the word before it belongs to JPEG's segment.
        exif=exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) and exif else None,
        xmp=xmp if isinstance(xmp, bytes) and xmp else None,
        dpi=(float(dpi[0]), float(dpi[1])) if isinstance(dpi, tuple) and len(dpi) == 2 and min(dpi) > 0 else None,
    )
    return picture_of(raster, extras, source)


def to_array(picture: Picture, like: ArrayLike | None = None) -> ArrayLike:
    """Give a picture back as the kind that came: dtype, number of axes, alpha and Pillow mode as in `like`.

    Parameters
    ----------
    like : the array or Pillow image that the picture was made of, or whose part it is; None: an array (H, W, 1 to 4) of
        the picture's own numbers

    Returns
    -------
    a writable array of its own, or a Pillow image
    """
    if like is not None and is_pil(like):
        return _to_pil(picture, like)  # type: ignore[arg-type]
    scale, native, unknown = _numbers_in(picture), picture.extras.native, picture.extras.unknown
    given = None if like is None else np.asarray(like)
    if scale is not None and native is not None:
        own = scale.stored(picture.pixels, native[:, :, : picture.pixels.shape[2]], unknown)
        return own if given is None else own.reshape(*picture.size, *given.shape[2:]).astype(given.dtype)
    array = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    kind, axes = (array.dtype, array.shape[2:]) if given is None else (given.dtype, given.shape[2:])
    out = np.array(_as_type(array, kind)).reshape(*picture.size, *axes)
    if unknown is not None and unknown.any():  # what was no number and has not been filled
        out[unknown] = given[unknown] if given is not None and given.shape[:2] == unknown.shape else np.nan
    return out


def _as_type(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the numbers as the type they came as; whole numbers of unusual types are the levels they were."""
    if dtype.kind in "iu" and dtype.type not in DTYPES:
        info = np.iinfo(dtype)
        return np.clip(array, None, min(info.max, 65535)).astype(dtype)
    return change_depth(array, np.float32 if dtype == np.float16 else dtype).astype(dtype, copy=False)


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
