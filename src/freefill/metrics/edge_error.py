"""Edge error: how far the gradients along the hole's border are from the truth's."""

from __future__ import annotations

import numpy as np

from freefill.errors import InputError
from freefill.metrics.pairs import checked
from freefill.values import Hole, Image

REACH_PX = 2


def edge_error(truth: Image, composite: Image, hole: Hole) -> float:
    """Return the mean absolute difference of gradients along the hole's border, times 100: seams in colour.

    It sees a seam and nothing else: a fill that is wrong everywhere but joins well scores well.

    Parameters
    ----------
    truth, composite : (H, W, 3) float32, RGB in [0, 1]; nothing is resized
    hole : (H, W) bool; the border is known and hole pixels within 2 px of each other

    Raises
    ------
    InputError
        If the shapes disagree, the hole is empty, or it has no border.

    References
    ----------
    After the gradient measure of ASUKA (Y. Wang et al., 2024), which takes Canny edges of the mask; here the border
    itself.
    """
    checked("edge error", truth, composite, hole)
    border = _grown(hole) & _grown(~hole)
    if not border.any():
        raise InputError("edge error: the hole has no border; everything is hole")
    apart = [
        np.abs(np.diff(truth.astype(np.float64), axis=axis) - np.diff(composite.astype(np.float64), axis=axis))
        for axis in (0, 1)
    ]
    # A difference stands at the first of its two pixels, and there is one less than there are pixels.
    rows, cols = apart[0][border[:-1]], apart[1][border[:, :-1]]
    return 100 * float(np.concatenate([rows.ravel(), cols.ravel()]).mean())


def _grown(hole: Hole) -> Hole:
    """Grow by a diamond of REACH_PX."""
    out = hole
    for _ in range(REACH_PX):
        padded = np.pad(out, 1)
        out = out | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return out
