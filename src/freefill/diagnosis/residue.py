"""Residue: part of the object was left beside the hole (a rim of hair, a limb, a shadow)."""

from __future__ import annotations

import numpy as np

from freefill.diagnosis.measure import Measurement, along, paint
from freefill.diagnosis.rim import REACH_PX, Rim, unroll
from freefill.diagnosis.view import View

_RUN_PX = 9


def residue(view: View) -> Measurement:
    """Look for ground outside the border that goes on into the removed object, and differs from fill and far ground.

    Needs the picture as it was: what lay within the hole is what is looked for.

    Returns
    -------
    Measure: how much nearer (Lab units, upper quarter of the border) the first pixels outside are to the object than
    to the ground further out and to the fill
    """
    near = _left(view, view.rim)
    far = _left(view, unroll(view.reach - view.depth, 0.0, 2.5))  # what is left may be broader than the rim's reach
    return near if near.raw >= far.raw else far


def _left(view: View, rim: Rim) -> Measurement:
    """Look along one unrolled border."""
    if len(rim) < 16:
        return Measurement.nothing(view.hole.shape)
    before, after = rim.sample(view.lab_before), rim.sample(view.lab)
    usable = rim.valid[: REACH_PX + 3].all(axis=0)
    object_in, fill_in = (along(rim, x[REACH_PX + 1 : REACH_PX + 4].mean(axis=0), _RUN_PX) for x in (before, after))
    near = along(rim, after[REACH_PX - 2 : REACH_PX].mean(axis=0), _RUN_PX)
    far = along(rim, after[:2].mean(axis=0), _RUN_PX)

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a - b, axis=1)

    left = np.minimum(apart(near, far), apart(near, fill_in)) - apart(near, object_in)
    left = np.where(usable, np.maximum(left, 0), 0).astype(np.float32)
    worst = np.sort(left)[-max(1, left.size // 4) :].mean()
    return Measurement(float(worst), paint(view, rim, left / np.float32(15)))
