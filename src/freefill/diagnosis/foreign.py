"""Foreign: something in the hole that resembles nothing on the ground around it, by colour and, where one is here, by
a network's tokens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.blocks import SIDE_PX
from freefill.diagnosis.likeness import worst
from freefill.diagnosis.measure import Measurement, spread
from freefill.diagnosis.near import near_ground
from freefill.diagnosis.view import View

_TEXTURE = 3.0  # Lab units an octave of texture counts
_TOKENS = 8.0  # octaves of colour distance that a token without any likeness counts
_STRANGEST = 2  # tokens: a small thing has no more
_USUAL = 0.5


def foreign(view: View) -> Measurement:
    """Measure how far the strangest twentieth of the fill's squares lies, in colour, from the known squares near it.

    Returns
    -------
    Measure: log2 of that distance over the same for known ground near the hole, judged as if it were filled; with
    tokens, plus what the two strangest of them lack, less half of the same for known ground. The two are calibrated
    apart
    """
    blocks = view.blocks
    mine, near = np.flatnonzero(blocks.filled), near_ground(view)
    if mine.size < 4 or blocks.known.size < 16 or near.size < 8:
        return Measurement.nothing(view.hole.shape)
    far = blocks.strangeness(mine, 0.0, _TEXTURE)
    usual = blocks.strangeness(near, view.thickness_px / 3, _TEXTURE)
    level = _strangest(usual)
    where = spread(view, blocks, mine, np.clip((far / np.float32(level + 2) - 1) / 2, 0, 1, dtype=np.float32), SIDE_PX)
    raw = float(np.log2(_strangest(far) + 2) - 0.6 * np.log2(level + 2))
    if (likeness := view.likeness) is not None:
        raw += _TOKENS * (worst(likeness.fill, _STRANGEST) - _USUAL * worst(likeness.ground, _STRANGEST))
    return Measurement(raw, where)


def _strangest(far: NDArray[np.float32]) -> float:
    """Return the mean of the strangest twentieth."""
    return float(np.sort(far)[-max(2, far.size // 20) :].mean())
