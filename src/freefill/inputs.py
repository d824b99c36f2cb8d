"""What users have, as values: paths, streams, PIL images and arrays become pictures and masks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from freefill.errors import InputError
from freefill.values import Extras, Hole, Mask, Picture

PictureLike = Any  # a path, a file object, a PIL image, an (H, W), (H, W, C) array, or a Picture
MaskLike = Any  # the same, or a Mask, or one of WORDS

WORDS = ("alpha", "people", "salient", "text")
"""Masks that are made from the picture; a file of that name goes first."""

DEFAULT_MAX_MPX = 200.0


def as_picture(image: PictureLike, max_mpx: float = DEFAULT_MAX_MPX) -> Picture:
    """Return a Picture of whatever the user has."""
    if isinstance(image, Picture):
        return image
    from freefill.images.arrays import from_array, is_pil

    if isinstance(image, np.ndarray) or is_pil(image):
        return from_array(image)
    from freefill.images.read import read_picture

    return read_picture(image, max_mpx=max_mpx)


def mask_for(
    mask: MaskLike,
    picture: Picture,
    *,
    invert: bool = False,
    fit: Literal["error", "scale"] = "error",
    channel: Literal["auto", "grey", "transparent", "opaque"] = "auto",
    refine: bool = False,
    prior: Literal["auto", "people", "none"] = "auto",
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Mask:
    """Return the mask for a picture: read, or made from the picture; fitted; refined where asked for.

    Parameters
    ----------
    mask : a path, stream, PIL image, array or Mask; or one of WORDS
    invert : black is hole
    fit : "scale" takes a mask of another size
    channel : see `freefill.masks.sources.mask_from_picture`
    refine : repair the mask, so that it covers the whole thing
    prior : what refining may ask: the networks that know persons, where they are on this machine ("auto"); they must
        be ("people"); the image alone ("none")

    Raises
    ------
    InputError
        If the mask cannot be read or has another size.
    WeightsError
        If the word, or the prior "people", needs a model that is not on this machine.
    """
    from freefill.masks.sources import fit_mask, mask_from_alpha, mask_from_array, mask_from_picture

    if isinstance(mask, str) and mask in WORDS and not Path(mask).exists():
        if mask == "alpha":
            made = mask_from_alpha(picture)
        else:
            from freefill.detectors.source import mask_for as detect

            made = detect(mask, picture)
        made = replace(made, hole=~made.hole) if invert else made
    elif isinstance(mask, Mask):
        made = replace(mask, hole=~mask.hole) if invert else mask
    elif isinstance(mask, np.ndarray):
        made = mask_from_array(mask, invert=invert)
    else:
        made = mask_from_picture(as_picture(mask, max_mpx), invert=invert, channel=channel)
    made = fit_mask(made, picture.size, how=fit, turned=picture.extras.orientation)
    return _refined(made, picture, prior) if refine and made.hole.any() else made


def _refined(mask: Mask, picture: Picture, prior: Literal["auto", "people", "none"]) -> Mask:
    from freefill.detectors.refining import refined_mask
    from freefill.detectors.source import as_image

    return refined_mask(mask, as_image(picture), prior)[0]


def mask_picture(mask: Mask) -> Picture:
    """Return a mask as a picture of one bit, white = hole."""
    levels = np.where(mask.hole, np.uint8(255), np.uint8(0))[..., None]
    return Picture(levels, extras=Extras(mode="1"), source=mask.source)


def sources(
    picture: Picture, source: MaskLike | None, not_from: MaskLike | None, fit: Literal["error", "scale"] = "error"
) -> Hole | None:
    """Return where pixels may be copied from, (H, W) bool, or None for everywhere.

    Raises
    ------
    InputError
        If nothing is left.
    """
    allowed = None if source is None else mask_for(source, picture, fit=fit).hole
    if not_from is not None:
        barred = mask_for(not_from, picture, fit=fit).hole
        allowed = ~barred if allowed is None else allowed & ~barred
    if allowed is not None and not allowed.any():
        names = " and ".join(os.fspath(m) for m in (source, not_from) if isinstance(m, str | os.PathLike))
        raise InputError(f"{names or 'source'}: no pixel may be copied from; allow more with --source or --not-from")
    return allowed
