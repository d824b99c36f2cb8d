"""The one reader of masks: whatever a file or an array says, a hole comes out. The only threshold on masks is here.

White is hole. In colour a pixel is as bright as its brightest channel, so that red strokes count as painted.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.masks.colours import two_colours
from freefill.values import Hole, Mask, Picture

Channel = Literal["auto", "grey", "transparent", "opaque"]

_THRESHOLD = 128  # of 255
_INVERTED_SHARE = 0.6  # a mask that covers more than this and all four edges looks inverted


def mask_from_picture(picture: Picture, *, invert: bool = False, channel: Channel = "auto") -> Mask:
    """Read a mask from a picture of any kind.

    Parameters
    ----------
    picture : grey, 1 bit, palette, colour, with or without alpha, of any depth
    invert : black is hole
    channel : "grey" = brightness; "transparent" or "opaque" = that region of the alpha channel; "auto" = alpha where
        it says something, else brightness, and for a picture of two colours (as plotting libraries save masks) the one
        that stands for 1

    Returns
    -------
    Mask, with notes about every decision that a user could have meant otherwise

    Raises
    ------
    InputError
        If alpha is asked for and there is none.

    Notes
    -----
    With "auto", alpha is read so: opaque everywhere, it says nothing. Where the visible part is itself black and white,
    that is the mask. Where it is one colour, it is paint: opaque is hole, unless the paint is black. Else it is a
    photograph with a hole cut out: transparent is hole.
    """
    notes: list[str] = []
    if channel in ("transparent", "opaque"):
        if picture.alpha is None:
            raise InputError(f"{picture.source}: has no alpha channel; pass --mask-channel grey, or leave it out")
        opaque = _bright(picture.alpha)
        hole = opaque if channel == "opaque" else ~opaque
    elif channel == "auto" and picture.alpha is not None and not _bright(picture.alpha).all():
        hole = _from_alpha(picture, _bright(picture.alpha), notes)
    else:
        hole = _from_colours(picture.pixels, picture.source, notes, guess=channel == "auto")
    return _finished(hole, picture.source, notes, invert)


def _check_no_photograph(pixels: NDArray[Any], source: str) -> None:
    """Refuse a mask that is a photograph: picture and mask were exchanged, or another file was meant.

    A mask is black and white, with some grey at soft edges. Where more than half of it is neither, in a hundred levels
    and more, there is no telling what is to go. A colour is told sooner: masks in colour have a few, photographs
    thousands.

    Raises
    ------
    InputError
        With the way out.
    """
    step = max(int(np.sqrt(pixels.shape[0] * pixels.shape[1] / 250_000)), 1)
    some = pixels[::step, ::step]
    levels = some.astype(np.float32) / (1.0 if some.dtype.kind == "f" else float(np.iinfo(some.dtype).max))
    bright = levels.max(axis=2)
    share = float(((bright > 0.1) & (bright < 0.9)).mean())
    many = len(np.unique((bright * 255).astype(np.uint8))) >= 100
    coloured = float((levels.max(axis=2) - levels.min(axis=2) > 0.1).mean()) > 0.1 if levels.shape[2] == 3 else False
    if many and share > (0.25 if coloured else 0.5):
        raise InputError(
            f"{source}: looks like a photograph, not a mask ({share:.0%} of it is neither black nor white); were "
            f"picture and mask exchanged? --mask-channel grey takes all that is brighter than half"
        )


def mask_from_alpha(picture: Picture) -> Mask:
    """Return the hole that a picture's own alpha marks: where it is more transparent than not.

    Raises
    ------
    InputError
        If the picture has no alpha, or is opaque everywhere.
    """
    if picture.alpha is None:
        raise InputError(f"{picture.source}: has no alpha channel to mark the hole; give a mask")
    hole = ~_bright(picture.alpha)
    if not hole.any():
        raise InputError(f"{picture.source}: is opaque everywhere, so its alpha marks no hole; give a mask")
    soft = int(((picture.alpha < picture.full_scale) & ~hole).sum())
    notes = [f"{soft:,} px are partly transparent and stay so; --grow 2 or more takes a soft rim in"] if soft else []
    return Mask(hole, picture.source, tuple(notes), own_alpha=True)


def mask_from_array(array: NDArray[Any], *, invert: bool = False, source: str = "mask") -> Mask:
    """Read a mask from an array.

    Parameters
    ----------
    array : (H, W), (H, W, 1), (H, W, 3 or 4), or (1, H, W): bool; 0 and 1; 0 to 255; uint16; or float in [0, 1] (also
        0 to 255, where it goes above 1)
    invert : False, 0 or black is hole

    Raises
    ------
    InputError
        If the shape or type is another, or a float is not finite.
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[2] not in (1, 3, 4):
        array = array[0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)) or array.size == 0:
        raise InputError(f"{source}: a mask is (H, W) or (H, W, 1, 3 or 4), not {array.shape}")
    if array.dtype.kind not in "buif":
        raise InputError(f"{source}: a mask of {array.dtype} is not supported; give bool, 0 and 1, 0 to 255 or float")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"{source}: the mask has NaN or infinite numbers; replace them first")
    notes: list[str] = []
    if array.ndim == 3 and array.shape[2] >= 3 and array.dtype == np.uint8:
        _check_no_photograph(array[:, :, :3], source)
    array = _brightest(array[:, :, :3]) if array.ndim == 3 else array
    return _finished(_levels(array, notes), source, notes, invert)


def fit_mask(mask: Mask, size: tuple[int, int], how: Literal["error", "scale"] = "error", turned: int = 1) -> Mask:
    """Bring a mask to a picture's size.

    Parameters
    ----------
    size : (height, width) of the upright picture
    how : "error" refuses another size, "scale" scales the mask; no hole is lost when it gets smaller
    turned : the EXIF orientation that was applied to the picture (`extras.orientation`): a mask drawn on the
        picture as it lies in the file is turned alike, with a note

    Raises
    ------
    InputError
        If the sizes differ and `how` is "error".
    """
    if mask.size == size:
        return mask
    height, width = size
    if turned >= 5 and mask.size == (width, height) and height != width:
        note = "the mask lies as the picture does in its file, and was turned with it"
        return Mask(_turned(mask.hole, turned), mask.source, (*mask.notes, note), mask.own_alpha)
    if how == "error":
        raise InputError(
            f"{mask.source}: picture is {width}x{height}, mask {mask.size[1]}x{mask.size[0]}; "
            "pass --mask-fit scale, or draw the mask on this picture"
        )
    hole = _scaled(mask.hole, size)
    notes = [*mask.notes, f"the mask was scaled from {mask.size[1]}x{mask.size[0]} to {width}x{height}"]
    stretch = (height / mask.size[0]) / (width / mask.size[1])
    if not 0.98 < stretch < 1.02:
        notes.append("the mask has another shape than the picture, and was stretched")
    return Mask(hole, mask.source, tuple(notes), mask.own_alpha)


def _scaled(hole: Hole, size: tuple[int, int]) -> Hole:
    """Scale a hole: a pixel of the smaller one is hole where any under it is; edges of the larger one run smoothly."""
    import cv2

    for axis in (0, 1):
        if size[axis] < hole.shape[axis]:
            starts = np.arange(size[axis], dtype=np.int64) * hole.shape[axis] // size[axis]
            hole = np.logical_or.reduceat(hole, starts, axis=axis)
    levels = hole.astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(levels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)) >= _THRESHOLD


def _turned(hole: Hole, orientation: int) -> Hole:
    """Turn as EXIF orientation 5 to 8 says."""
    hole = hole.T
    hole = hole[::-1] if orientation in (7, 8) else hole
    return np.ascontiguousarray(hole[:, ::-1] if orientation in (6, 7) else hole)


def _bright(levels: NDArray[Any]) -> Hole:
    """Return where levels are at least half: the threshold."""
    if levels.dtype.kind == "f":
        return levels >= _THRESHOLD / 255
    top = int(np.iinfo(levels.dtype).max) if levels.dtype.kind == "u" else 255
    return levels >= -(-_THRESHOLD * top // 255)


def _brightest(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return each pixel's largest channel; one by one, which is ten times as quick as max(axis=2)."""
    out = pixels[:, :, 0]
    for channel in range(1, pixels.shape[2]):
        out = np.maximum(out, pixels[:, :, channel])
    return out


def _levels(levels: NDArray[Any], notes: list[str]) -> Hole:
    """Return the hole of one channel, whatever its numbers."""
    if levels.dtype == np.bool_:
        return levels.copy()
    highest = float(levels.max())
    if levels.dtype.kind == "f":
        return _bright(levels / 255 if highest > 1 else levels)
    if highest <= 1:
        if highest == 1 and levels.dtype != np.uint16:
            notes.append("the mask holds only 0 and 1; 1 is taken for hole")
        return levels == 1
    if levels.dtype.kind == "i" or levels.dtype.itemsize > 2:
        return levels >= _THRESHOLD
    hole = _bright(levels)
    if not hole.any():
        top = np.iinfo(levels.dtype).max
        notes.append(f"the brightest pixel of the mask is {highest:.0f} of {top}, below half: nothing is hole")
    return hole


def _from_colours(pixels: NDArray[Any], source: str, notes: list[str], guess: bool) -> Hole:
    """Return the hole of a picture without alpha, or with one that says nothing."""
    if pixels.shape[2] == 3 and guess:
        found = two_colours(pixels)
        if found is not None:
            hole, note = found
            notes.append(note)
            return hole
    if guess:
        _check_no_photograph(pixels, source)
    return _levels(_brightest(pixels), notes)


def _from_alpha(picture: Picture, opaque: Hole, notes: list[str]) -> Hole:
    """Decide what a mask with transparent parts means."""
    visible = picture.pixels[opaque]
    if len(visible) == 0:
        notes.append("the mask is transparent everywhere: all of it is taken for hole; pass --invert if none is meant")
        return ~opaque
    bright = _bright(visible.max(axis=1))
    low, high = visible.min(axis=1), visible.max(axis=1)
    grey = float((high - low <= picture.full_scale * 0.1).mean()) > 0.98
    ends = float(((high < picture.full_scale * 0.15) | (low > picture.full_scale * 0.85)).mean()) > 0.98
    if grey and ends and bright.any() and not bright.all():
        hole = opaque.copy()
        hole[opaque] = bright
        notes.append("the visible part of the mask is black and white: white is hole, transparent is not")
        return hole
    middle = np.median(visible, axis=0)
    spread = np.abs(visible.astype(np.float32) - middle).max(axis=1) <= picture.full_scale * 0.15
    if spread.mean() > 0.95:
        if bright.mean() > 0.5:
            notes.append("the mask is paint on a transparent ground: the painted part is hole")
            return opaque
        notes.append("the mask is black with a transparent part: that part is hole; --invert if the black is meant")
        return ~opaque
    notes.append("the mask is a picture with a transparent part: that part is hole")
    return ~opaque


def _finished(hole: Hole, source: str, notes: list[str], invert: bool) -> Mask:
    """Invert where asked, and say where it looks as if that had been forgotten."""
    hole = ~hole if invert else hole
    edges = all(edge.any() for edge in (hole[0], hole[-1], hole[:, 0], hole[:, -1]))
    share = float(hole.mean())
    if edges and _INVERTED_SHARE < share < 1:
        way = "leave --invert out" if invert else "pass --invert"
        notes.append(
            f"the mask looks inverted (hole {share:.0%}, at all four borders); it is taken as given, else {way}"
        )
    return Mask(np.ascontiguousarray(hole), source, tuple(notes))
