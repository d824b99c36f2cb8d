"""The two fills of OpenCV that carry the rim's colours inwards: good for scratches, dust and thin text.

- `telea`: A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004.
- `ns`: M. Bertalmio, A. Bertozzi, G. Sapiro, "Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting", 2001.

OpenCV fills three channels together in 8 bits only. One channel at a time it takes floats, so that nothing is lost of a
16-bit picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from freefill.values import Crop, EngineSettings, Fill

RADIUS_PX = 3.0


def _fill(crop: Crop, flag: int) -> Fill:
    # Pixels that may not serve as a source (transparent ones) are filled too, and not pasted.
    mask = np.ascontiguousarray((~crop.known).astype(np.uint8))
    channels = [cv2.inpaint(np.ascontiguousarray(crop.image[..., c] * 255), mask, RADIUS_PX, flag) for c in range(3)]
    return Fill(np.clip(np.stack(channels, axis=-1) / 255, 0, 1, dtype=np.float32))


class Telea:
    """Fast marching from the rim inwards."""

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; the seed has no influence."""
        return _fill(crop, cv2.INPAINT_TELEA)


class NavierStokes:
    """Lines of equal brightness are carried on into the hole."""

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; the seed has no influence."""
        return _fill(crop, cv2.INPAINT_NS)
