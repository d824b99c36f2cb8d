"""Broken lines: edges that meet the hole from outside and do not go on, or start at its border out of nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measure, along, paint
from freefill.diagnosis.rim import REACH_PX, Rim
from freefill.diagnosis.view import View

_EVEN_PX = 61
_SHIFT_PX = 3  # a slanting edge moves along the border while it crosses it


def broken(view: View) -> Measure:
    """Compare the colours along the border just outside with those just inside, allowing for slanting edges.

    Returns
    -------
    Measure: log2 of the edge strength that finds no partner (Lab units, upper tenth) over the same elsewhere
    """
    own = _unmatched(view.rim, view)
    if not own.size:
        return Measure.nothing(view.hole.shape)
    elsewhere = np.concatenate([_unmatched(rim, view) for rim in view.elsewhere] or [own[:0]])
    usual = _level(elsewhere) if elsewhere.size else 1.0
    return Measure(
        float(np.log2(_level(own) + 1) - 0.7 * np.log2(usual + 1)), paint(view, view.rim, own / (2 * usual + 4))
    )


def _level(values: NDArray[np.float32]) -> float:
    return float(np.sort(values)[-max(1, values.size // 8) :].mean())


def _unmatched(rim: Rim, view: View) -> NDArray[np.float32]:
    """Return (n,) how much of an edge across the border finds no partner on the other side, Lab units."""
    if len(rim) < 16:
        return np.zeros(0, np.float32)
    strip = rim.sample(view.lab)
    outside = strip[REACH_PX - 4 : REACH_PX - 1].mean(axis=0)
    inside = strip[REACH_PX + 1 : REACH_PX + 4].mean(axis=0)
    usable = rim.valid[REACH_PX - 4 : REACH_PX + 4].all(axis=0)
    offset = along(rim, inside - outside, _EVEN_PX)  # a fill of another tint is not a broken line
    inside = inside - offset
    shifts = range(-_SHIFT_PX, _SHIFT_PX + 1)
    lost = np.minimum.reduce([np.linalg.norm(outside - np.roll(inside, shift, axis=0), axis=1) for shift in shifts])
    new = np.minimum.reduce([np.linalg.norm(inside - np.roll(outside, shift, axis=0), axis=1) for shift in shifts])
    return np.where(usable, np.maximum(lost, new), 0).astype(np.float32)
