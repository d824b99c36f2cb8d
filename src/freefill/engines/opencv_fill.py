"""The two fills of OpenCV that carry the rim's colours inwards: good for scratches, dust and thin text.

- `telea`: A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004.
- `ns`: M. Bertalmio, A. Bertozzi, G. Sapiro, "Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting", 2001.

OpenCV fills three channels together in 8 bits only. One channel at a time it takes floats, so that nothing is lost of a
16-bit picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Fill

RADIUS_PX = 3.0  # as OpenCV's own example has it
MIN_SIDE_PX = 8
# OpenCV's Telea adds the slope's direction, up to 1.41 however slight the slope, to every pixel (opencv#25404). In
# levels of 255 that is noise on a constant picture; in millionths it is nothing.
SCALE = 1 << 20


def _fill(crop: Crop, flag: int, name: str) -> Fill:
    if not crop.known.any():
        raise EngineError(f"engine '{name}': no known pixel is near the hole; use --engine texture")
    height, width = crop.hole.shape
    # In pictures of a few rows or columns OpenCV finds no neighbours and gives NaN: they are continued by their edge.
    more = [(0, max(MIN_SIDE_PX - side, 0)) for side in (height, width)]
    # Pixels that may not serve as a source (transparent ones) are filled too, and not pasted.
    mask = np.pad((~crop.known).astype(np.uint8), more, mode="edge")
    image = np.pad(crop.image * np.float32(SCALE), [*more, (0, 0)], mode="edge")
    filled = [cv2.inpaint(np.ascontiguousarray(image[..., c]), mask, RADIUS_PX, flag) for c in range(3)]
    pixels = np.stack(filled, axis=-1)[:height, :width] / SCALE
    return Fill(np.clip(pixels, 0, 1, dtype=np.float32))


class Telea:
    """Fast marching from the rim inwards."""

    weights_sha256: str | None = None

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; the seed has no influence."""
        return _fill(crop, cv2.INPAINT_TELEA, "telea")


class NavierStokes:
    """Lines of equal brightness are carried on into the hole."""

    weights_sha256: str | None = None

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; the seed has no influence."""
        return _fill(crop, cv2.INPAINT_NS, "ns")
