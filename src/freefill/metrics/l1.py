"""Mean absolute difference."""

from __future__ import annotations

import numpy as np

from freefill.metrics.pairs import checked
from freefill.values import Hole, Image


def l1(truth: Image, composite: Image, hole: Hole | None = None) -> float:
    """Return the mean absolute difference, times 100 as the field prints it (per cent of full scale).

    It rewards blur: the median of all that could stand there is the best guess. Over the whole picture it mostly says
    how small the hole is.

    Parameters
    ----------
    truth, composite : (H, W, 3) float32, RGB in [0, 1]; nothing is resized
    hole : (H, W) bool; the mean is over its pixels alone; None = over the whole picture

    Raises
    ------
    InputError
        If the shapes disagree or the hole is empty.

    Examples
    --------
    >>> truth = np.zeros((4, 4, 3), np.float32)
    >>> round(l1(truth, truth + np.float32(0.25)), 3)
    25.0
    """
    a, b = checked("l1", truth, composite, hole)
    return 100 * float(np.mean(np.abs(a - b)))
