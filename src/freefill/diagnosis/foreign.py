"""Foreign: something in the hole that resembles nothing on the ground around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.blocks import SIDE_PX
from freefill.diagnosis.measure import Measurement, spread
from freefill.diagnosis.near import near_ground
from freefill.diagnosis.view import View

_TEXTURE = 3.0  # Lab units an octave of texture counts


def foreign(view: View) -> Measurement:
    """Measure how far the strangest twentieth of the fill's squares lies, in colour, from the known squares near it.

    Returns
    -------
    Measure: log2 of that distance over the same for known ground near the hole, judged as if it were filled
    """
    blocks = view.blocks
    mine, near = np.flatnonzero(blocks.filled), near_ground(view)
    if mine.size < 4 or blocks.known.size < 16 or near.size < 8:
        return Measurement.nothing(view.hole.shape)
    far = blocks.alike(mine, 0.0, _TEXTURE)[0].min(axis=1)
    usual = blocks.alike(near, view.thickness_px / 3, _TEXTURE)[0].min(axis=1)
    level = _strangest(usual)
    where = spread(view, blocks, mine, np.clip((far / (level + 2) - 1) / 2, 0, 1), SIDE_PX)
    return Measurement(float(np.log2(_strangest(far) + 2) - 0.6 * np.log2(level + 2)), where)


def _strangest(far: NDArray[np.float32]) -> float:
    """Return the mean of the strangest twentieth."""
    return float(np.sort(far)[-max(2, far.size // 20) :].mean())
