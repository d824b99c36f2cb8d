"""PatchMatch by the package pypatchmatch (MIT).

C. Barnes, E. Shechtman, A. Finkelstein, D. B. Goldman, "PatchMatch: A Randomized Correspondence Algorithm for
Structural Image Editing", SIGGRAPH 2009. The algorithm was patented in the United States (US 8,285,055, Adobe); see
the README's note.
"""

from __future__ import annotations

import threading

import numpy as np

from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Fill

PATCH_RADIUS_PX = 3  # of 3, 5 and 7 the best by perceptual distance, and the fastest: docs/decisions/0003

_lock = threading.Lock()  # the seed is one number of the whole process


class PatchMatch:
    """Copies and averages patches of 7 x 7 known pixels. Works in 8 bits."""

    weights_sha256: str | None = None

    def __init__(self, settings: EngineSettings) -> None:
        import patchmatch

        if not patchmatch.patchmatch_available:
            raise EngineError("engine 'patchmatch' cannot load its library on this machine; use --engine texture")
        self._patchmatch = patchmatch

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole from the crop's known pixels; the same seed gives the same fill."""
        if not crop.known.any():
            raise EngineError("engine 'patchmatch': nothing is left to copy from; allow more: --source, --not-from")
        image = np.ascontiguousarray(np.rint(crop.image * 255).astype(np.uint8))
        # global_mask: neither filled nor a source. Without such pixels the shorter call is faster.
        barred = ~(crop.known | crop.hole)
        with _lock:
            self._patchmatch.set_random_seed(seed)
            filled = self._patchmatch.inpaint(
                image,
                np.ascontiguousarray(crop.hole),
                global_mask=np.ascontiguousarray(barred) if barred.any() else None,
                patch_size=PATCH_RADIUS_PX,
            )
        return Fill(np.divide(filled, 255, dtype=np.float32))
