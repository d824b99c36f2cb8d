"""Smudge: texture in the hole is weaker or blurrier than that of ground which looks the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.blocks import SIDE_PX, Blocks
from freefill.diagnosis.measure import Measurement, spread
from freefill.diagnosis.near import near_ground
from freefill.diagnosis.view import View


def smudge(view: View) -> Measurement:
    """Compare the strength of three bands (1, 2 and 4 px) with the known squares nearest in colour and place.

    Returns
    -------
    Measure: how many octaves the fill's worst third is weaker, less the same for known ground near the hole
    """
    blocks = view.blocks
    mine, near = np.flatnonzero(blocks.filled), near_ground(view)
    if mine.size < 4 or blocks.known.size < 16:
        return Measurement.nothing(view.hole.shape)
    lack = _lack(blocks, mine, 0.0)
    usual = _lack(blocks, near, view.thickness_px / 2) if near.size >= 4 else np.zeros(1, np.float32)
    where = spread(view, blocks, mine, np.clip(lack / 3 - 0.15, 0, 1, dtype=np.float32), SIDE_PX)
    return Measurement(_worst(lack) - max(_worst(usual), 0.0), where)


def _worst(lack: NDArray[np.float32]) -> float:
    return float(np.sort(lack)[-max(1, lack.size // 3) :].mean())


def _lack(blocks: Blocks, of: NDArray[np.intp], gap_px: float) -> NDArray[np.float32]:
    """Return (m,) octaves by which squares are weaker than their like, mean over the bands."""
    alike = blocks.alike(of, gap_px)
    return (np.median(blocks.bands[alike], axis=1) - blocks.bands[of]).mean(axis=1)
