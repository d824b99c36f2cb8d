"""Photographs for training: plain arrays, quickly, for those who read millions. Pictures to fill: read.py."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from freefill.errors import InputError


def decode(data: bytes, name: str, least_px: int | None = None) -> NDArray[np.uint8]:
    """Return a picture's pixels, upright.

    Parameters
    ----------
    data : the file
    name : for messages
    least_px : a JPEG may be read at a half, quarter or eighth, its short side still at least this; None = as it is

    Returns
    -------
    (H, W, 3) uint8; profiles are not applied, what is transparent keeps its colour

    Raises
    ------
    InputError
        If it is no picture, or is damaged or cut off.
    """
    try:
        with PillowImage.open(io.BytesIO(data)) as picture:
            if least_px is not None:
                share = min(picture.size) / least_px
                # `draft` never goes below the size that is asked for.
                picture.draft("RGB", (int(picture.width / share), int(picture.height / share)))
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, PillowImage.DecompressionBombError) as error:
        raise InputError(f"{name}: cannot be read as a picture ({error})") from None
