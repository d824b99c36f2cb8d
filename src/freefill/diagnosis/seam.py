"""Seam: a step along the hole's border that the picture does not show along other lines of the same shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement, along, paint
from freefill.diagnosis.rim import REACH_PX, Rim
from freefill.diagnosis.view import View

_RUN_PX = 31  # a step counts where it holds on over such a run of the border


def seam(view: View) -> Measurement:
    """Measure the step across the border, less what its two sides do by themselves, in units of the same elsewhere.

    Returns
    -------
    Measure: log2 of the border's step (upper quartile of its runs, Lab units) over that of lines in known ground
    """
    own = _steps(view.rim, view)
    if not own.size:
        return Measurement.nothing(view.hole.shape)
    elsewhere = np.concatenate([_steps(rim, view) for rim in view.elsewhere] or [own[:0]])
    usual = _level(elsewhere) if elsewhere.size else 0.5
    where = paint(view, view.rim, own / (3 * usual + 1.5))
    return Measurement(float(np.log2(_level(own) + 0.4) - 0.6 * np.log2(usual + 0.4)), where)


def _level(steps: NDArray[np.float32]) -> float:
    return float(np.percentile(steps, 75))


def _steps(rim: Rim, view: View) -> NDArray[np.float32]:
    """Return (n,) length of the step in Lab, averaged over a run of the border; 0 where it cannot be told."""
    if not len(rim):
        return np.zeros(0, np.float32)
    strip = rim.sample(view.lab)
    first, last = REACH_PX - 1, REACH_PX  # nearest outside, nearest inside
    usable = np.asarray(rim.valid[first - 2 : last + 3].all(axis=0))
    across = strip[last] + strip[last + 1] - strip[first] - strip[first - 1]  # over two pixels: a paste may be soft
    by_itself = (strip[first - 1] - strip[first - 3]) + (strip[last + 3] - strip[last + 1])
    excess = np.where(usable[:, None], across - by_itself, 0)
    count = np.maximum(along(rim, usable[:, None].astype(np.float32), _RUN_PX), 0.2)
    step = np.linalg.norm(along(rim, excess, _RUN_PX) / count, axis=1)
    size = along(rim, (excess**2).sum(axis=1, keepdims=True), _RUN_PX)[:, 0] / count[:, 0]
    # a broken line jumps now one way, now the other; a seam keeps its sign over the run: only then is step near size
    return (step**2 / np.sqrt(size + 0.1)).astype(np.float32)
