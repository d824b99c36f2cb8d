"""The user's door to the diagnosis: paths, PIL images and arrays in, a Diagnosis out.

import freefill
diagnosis = freefill.diagnose("photo.jpg", "mask.png", "filled.jpg")
print(diagnosis.verdict, diagnosis.worst.means, diagnosis.worst.advice)
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.diagnose import Diagnosis
from freefill.diagnosis.diagnose import diagnose as diagnose_arrays
from freefill.errors import InputError, WeightsError
from freefill.inputs import MaskLike, PictureLike, as_picture, mask_for
from freefill.request import DEFAULT_MAX_MPX, MaskOptions
from freefill.values import Image, Outcome, Picture, Tokens


def diagnose(
    image: PictureLike,
    mask: MaskLike,
    result: PictureLike,
    *,
    invert: bool = False,
    mask_fit: Literal["error", "scale"] = "error",
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Diagnosis:
    """Tell what is wrong with one fill, without knowing the truth.

    Parameters
    ----------
    image : the picture with the thing in it: a path, a file object, a PIL image or an array, as `freefill.inpaint`
    mask : what was filled; white, non-zero or True = hole
    result : the filled picture, of the same size
    invert : black is hole
    mask_fit : "scale" takes a mask of another size
    max_mpx : refuse larger pictures

    Returns
    -------
    Diagnosis : `.verdict` (good, doubtful, bad), `.score`, `.findings`, `.worst`, `.map()`, `.to_json()`

    Raises
    ------
    InputError
        If a file cannot be read, the sizes disagree, or the mask is empty.

    Examples
    --------
    >>> image = np.random.default_rng(0).random((96, 96, 3)).astype(np.float32)
    >>> mask = np.zeros((96, 96), bool)
    >>> mask[30:70, 30:70] = True
    >>> flat = image.copy()
    >>> flat[mask] = 0.5
    >>> diagnose(image, mask, flat).verdict  # the picture is nothing but grain, and the fill has none
    'bad'
    """
    picture, filled = as_picture(image, max_mpx), as_picture(result, max_mpx)
    hole = mask_for(mask, picture, MaskOptions(invert=invert, mask_fit=mask_fit), max_mpx)
    if picture.size != filled.size:
        raise InputError(
            f"{filled.source}: the result is {filled.size[1]}x{filled.size[0]}, the picture "
            f"{picture.size[1]}x{picture.size[0]}; a diagnosis needs the result as it was written"
        )
    return diagnose_arrays(picture.pixels, hole.hole, filled.pixels, half_tokens())


def diagnose_result(picture: Picture, result: Outcome) -> Diagnosis:
    """Judge what a fill just gave, within its final mask; what it copied from is known."""
    return diagnose_arrays(picture.pixels, result.mask.hole, result.picture.pixels, half_tokens(), result.copied_from)


@cache
def half_tokens() -> Tokens | None:
    """Return DINOv2's tokens after half of its blocks; None where torch or the fetched weights are not here."""
    try:
        import torch

        from freefill.weights.opening.features import open_dinov2

        network = open_dinov2()
    except (ImportError, WeightsError):
        return None
    mean, deviation = (np.array(x, np.float32) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def tokens(image: Image) -> NDArray[np.float32]:
        batch = torch.from_numpy((image - mean) / deviation).permute(2, 0, 1)[None]
        with torch.inference_mode():
            return network(batch, len(network.blocks) // 2)[0].numpy()

    return tokens


def heat_map(diagnosis: Diagnosis, picture: Picture) -> Image:
    """Return (H, W, 3) in [0, 1]: the picture in grey, and in red where something is wrong."""
    pixels = picture.pixels.astype(np.float32) / np.float32(picture.full_scale)
    grey = pixels.mean(axis=2, keepdims=True) * 0.6 + 0.2
    heat = diagnosis.map()[..., None]
    red = np.array([0.9, 0.1, 0.05], np.float32)
    return (grey * (1 - heat) + red * heat).astype(np.float32)
