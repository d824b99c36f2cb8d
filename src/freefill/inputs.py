"""What users have, as values: paths, streams, bytes, PIL images, arrays and tensors become pictures and masks."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from freefill.errors import InputError, NothingFoundError, did_you_mean
from freefill.request import DEFAULT_MAX_MPX, WORDS, MaskLike, MaskOptions, Request, is_word
from freefill.values import Extras, Hole, Mask, Picture

PictureLike = Any  # a path, a stream, bytes, a PIL image, an (H, W) or (H, W, C) array, a (C, H, W) tensor, a Picture

MOST_OF_A_SKETCH = 0.5  # share that lies on lines; of edges it is a tenth: above, black lines on white were meant

__all__ = ["MaskLike", "PictureLike", "as_picture", "mask_for", "mask_picture", "sketch_for", "sources"]


def as_picture(image: PictureLike, max_mpx: float = DEFAULT_MAX_MPX) -> Picture:
    """Return a Picture of whatever the user has.

    Raises
    ------
    InputError
        If it is nothing that holds a picture, or one that cannot be read.
    """
    if isinstance(image, Picture):
        return image
    from freefill.images.arrays import from_array, is_pil

    if is_tensor(image):
        return from_array(array_of_tensor(image), source="tensor")
    if isinstance(image, np.ndarray) or is_pil(image):
        return from_array(image)
    from freefill.images.read import read_picture

    if isinstance(image, bytes | bytearray | memoryview):
        return read_picture(io.BytesIO(image), max_mpx=max_mpx)
    if isinstance(image, str | os.PathLike) or hasattr(image, "read"):
        return read_picture(image, max_mpx=max_mpx)
    raise InputError(_no_picture(image))


def mask_for(
    mask: MaskLike | None,
    picture: Picture,
    options: MaskOptions = MaskOptions(),  # noqa: B008 (frozen)
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Mask:
    """Return the mask for a picture: read, drawn, or made from the picture; put together; refined where asked for.

    Parameters
    ----------
    mask : a path, stream, bytes, PIL image, array, tensor or Mask; or one of WORDS; None where `options` has shapes or
        more masks
    options : a Request will do

    Raises
    ------
    InputError
        If a mask cannot be read, has another size, or there is none at all.
    NothingFoundError
        If words found nothing in the picture, and nothing else is masked.
    WeightsError
        If a word, or the prior "people", needs a model that is not on this machine.
    """
    if mask is None and not options.shapes and not options.also:
        raise InputError(
            f"{picture.source}: what is to be removed? give a mask, a word ({', '.join(WORDS)}), "
            "or shapes such as --box 10,20,30,40"
        )
    made = [] if mask is None else [_single(mask, picture, options, max_mpx)]
    # What is inverted, or refined, is the mask itself, not what is added to it.
    plain = MaskOptions(mask_fit=options.mask_fit, mask_channel=options.mask_channel, score=options.score)
    made += [_single(each, picture, plain, max_mpx) for each in options.also]
    if options.shapes:
        from freefill.masks.shapes import draw_shapes

        made.append(Mask(draw_shapes(options.shapes, picture.size), "shapes"))
    joined = _joined(made)
    asked = [each for each in (mask, *options.also) if each is not None]
    if not joined.hole.any() and asked and all(is_word(each) for each in asked):
        raise NothingFoundError(
            f"{picture.source}: no {' and no '.join(asked)} found; a lower --score finds more, or mark the place with "
            "--box or a mask"
        )
    if options.refine and joined.hole.any():
        from freefill.detectors.refining import refined_mask
        from freefill.detectors.source import as_image

        joined = refined_mask(joined, as_image(picture), options.prior)[0]
    # After refining, which would grow over them again.
    for each in options.without:
        stays = _single(each, picture, plain, max_mpx)
        joined = replace(joined, hole=joined.hole & ~stays.hole, notes=(*joined.notes, *stays.notes))
    return joined


def _joined(made: list[Mask]) -> Mask:
    """Return all masks as one; the picture's own alpha is filled only where it alone is the mask."""
    if len(made) == 1:
        return made[0]
    hole = np.logical_or.reduce([each.hole for each in made])
    notes = tuple(dict.fromkeys(note for each in made for note in each.notes))
    return Mask(hole, " and ".join(dict.fromkeys(each.source for each in made)), notes)


def _single(mask: MaskLike, picture: Picture, options: MaskOptions, max_mpx: float) -> Mask:
    """Return one mask: read or made, and fitted."""
    from freefill.images.arrays import is_pil
    from freefill.masks.sources import fit_mask, mask_from_alpha, mask_from_array, mask_from_picture

    invert = options.invert
    if is_word(mask):
        if mask == "alpha":
            made = mask_from_alpha(picture)
        else:
            from freefill.detectors.source import mask_of_word

            made = mask_of_word(mask, picture, options.score)
        made = replace(made, hole=~made.hole) if invert else made
    elif isinstance(mask, Mask):
        made = replace(mask, hole=~mask.hole) if invert else mask
    elif is_tensor(mask):
        made = mask_from_array(array_of_tensor(mask), invert=invert)
    elif isinstance(mask, np.ndarray):
        made = mask_from_array(mask, invert=invert)
    elif isinstance(mask, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(mask, "read") or is_pil(mask):
        _check_word(mask)
        made = mask_from_picture(as_picture(mask, max_mpx), invert=invert, channel=options.mask_channel)
    else:
        raise InputError(_no_picture(mask).replace("a picture", "a mask", 1))
    return fit_mask(made, picture.size, how=options.mask_fit, turned=picture.extras.orientation)


def _check_word(mask: Any) -> None:
    """A word that is nearly one of ours is told so, before it is looked for as a file."""
    if isinstance(mask, str) and mask.replace(" ", "").isalnum() and not os.path.exists(mask):  # noqa: PTH110 (never fails)
        near = did_you_mean(mask, (*WORDS, "people but the main one", "small people"))
        raise InputError(f"mask '{mask}' is neither a file nor a word;{near} words: {', '.join(WORDS)}")


def mask_picture(mask: Mask) -> Picture:
    """Return a mask as a picture of one bit, white = hole."""
    levels = np.where(mask.hole, np.uint8(255), np.uint8(0))[..., None]
    return Picture(levels, extras=Extras(mode="1"), source=mask.source)


def sources(picture: Picture, request: Request) -> Hole | None:
    """Return where pixels may be copied from, (H, W) bool, or None for everywhere.

    Raises
    ------
    InputError
        If nothing is left.
    """
    source, not_from = request.source, request.not_from
    plain = MaskOptions(mask_fit=request.mask_fit)
    allowed = None if source is None else mask_for(source, picture, plain, request.max_mpx).hole
    if not_from is not None:
        barred = mask_for(not_from, picture, plain, request.max_mpx).hole
        allowed = ~barred if allowed is None else allowed & ~barred
    if allowed is not None and not allowed.any():
        names = " and ".join(_named((source, not_from)))
        raise InputError(f"{names or 'source'}: nothing is left to copy from; allow more with --source or --not-from")
    return allowed


def sketch_for(picture: Picture, request: Request) -> Hole | None:
    """Return the lines that a fill is to follow, (H, W) bool, True = on a line, or None where there is no sketch.

    Raises
    ------
    InputError
        If it cannot be read, has another size, or looks inverted.
    """
    if request.sketch is None:
        return None
    if is_word(request.sketch):
        raise InputError(f"sketch '{request.sketch}' is no file; draw lines on the picture, white on black")
    plain = MaskOptions(mask_fit=request.mask_fit, mask_channel="grey")
    lines = mask_for(request.sketch, picture, plain, request.max_mpx)
    if lines.share > MOST_OF_A_SKETCH:
        raise InputError(f"{lines.source}: {lines.share:.0%} of it is white; a sketch has thin white lines on black")
    return lines.hole


def _named(masks: Iterable[MaskLike]) -> list[str]:
    named = [mask.source if isinstance(mask, Mask) else mask for mask in masks]
    return [str(Path(name)) for name in named if isinstance(name, str | os.PathLike) and name]


def _no_picture(image: object) -> str:
    kind = "None" if image is None else f"a {type(image).__name__}"
    return f"{kind} is not a picture; give a path, a file object, bytes, a PIL image, an array or a tensor"


# --- tensors -----------------------------------------------------------------------------------------------------


def is_tensor(value: object) -> bool:
    """Tell whether something is a torch tensor, without importing torch."""
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__)


def array_of_tensor(tensor: Any) -> np.ndarray:
    """Return (C, H, W), (H, W) or (1, C, H, W) as an array with the channels last; bfloat16 as float32.

    Raises
    ------
    InputError
        If it holds several pictures, or no numbers at all.
    """
    if tensor.ndim == 4 and len(tensor) != 1:
        raise InputError(f"a tensor of {len(tensor)} pictures: fill them with Inpainter.fill_batch, or one by one")
    try:
        # Numpy has no bfloat16.
        array = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).detach().cpu().numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise InputError(f"a tensor of {tensor.dtype} on {tensor.device} holds no picture: {error}") from None
    array = array[0] if array.ndim == 4 else array
    return np.moveaxis(array, 0, -1) if array.ndim == 3 else array
