"""The smoothest surface through the rim, by scikit-image.

S. B. Damelin, N. S. Hoang, "On Surface Completion and Image Inpainting by Biharmonic Functions", 2018.
"""

from __future__ import annotations

import numpy as np

from freefill.distance import distance_inside
from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Fill

# Thicker holes come out as blurred blobs, and the linear system takes minutes (docs/results/engines.md).
MAX_THICK_PX = 40
MAX_HOLE_PX = 60_000


class Biharmonic:
    """Solves the biharmonic equation in each piece of the hole."""

    weights_sha256: str | None = None

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; the seed has no influence.

        Raises
        ------
        EngineError
            If the hole is too thick or too large; the message names the engine to use.
        """
        from skimage.restoration import inpaint_biharmonic

        mask = ~crop.known
        if not crop.known.any():
            raise EngineError("engine 'biharmonic': no known pixel is near the hole; use --engine texture")
        thick = 2 * float(distance_inside(crop.hole).max())
        if thick > MAX_THICK_PX or np.count_nonzero(mask) > MAX_HOLE_PX:
            raise EngineError(
                f"engine 'biharmonic': the hole is too large ({thick:.0f} px thick, {np.count_nonzero(mask)} px; "
                f"at most {MAX_THICK_PX} px and {MAX_HOLE_PX} px); use --engine texture, or telea for thin holes"
            )
        # A small system for each piece, not a large one for all.
        filled = inpaint_biharmonic(crop.image, mask, split_into_regions=True, channel_axis=-1)
        return Fill(np.clip(filled, 0, 1).astype(np.float32))
