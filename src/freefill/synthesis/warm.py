"""Compile every kernel ahead of the first fill."""

from __future__ import annotations

import time

import numpy as np

from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tuning import Tuning


def warm() -> float:
    """Fill a picture of 64 x 64 pixels in every way there is, so that all kernels are compiled and kept on disk.

    Returns
    -------
    seconds it took; well under one where everything was compiled before
    """
    start = time.perf_counter()
    image = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    hole = np.zeros((64, 64), bool)
    hole[16:40, 20:44] = True
    for tuning in (Tuning(), Tuning(detail_px=40), Tuning(exhaustive=0)):
        synthesise(image, hole, ~hole, tuning=tuning)
    waves = (0.5 + 0.025 * np.sin(np.arange(64) * 0.4)).astype(np.float32)
    synthesise(np.broadcast_to(waves[:, None, None], image.shape).copy(), hole, ~hole)  # smooth ground
    return time.perf_counter() - start
