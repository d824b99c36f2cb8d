"""Residue: part of the object was left beside the hole: a rim of hair, an edge all along, a shadow's brim.

What is left looks like the object, and no longer like the ground a little further out. So three strips are compared
along the border: the object as it was just inside, what stands just outside now, and the ground beyond. A good mask
ends in the ground, where the second is like the third; a tight one ends within the object, where it is like the first.
Whether the fill differs says nothing: fills carry on what they meet, and what was left is what they meet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement, along, paint
from freefill.diagnosis.rim import REACH_PX, Rim, unroll
from freefill.diagnosis.view import View

_STEPS_PX = (0.5, 1.0, 2.0, 4.0)  # between samples: what was left may be a pixel wide or twenty
_RUN = 4  # strips are averaged along the border over so many steps, and a little
_INSIDE = slice(REACH_PX + 2, REACH_PX + 6)  # samples along a normal: 2 to 5 steps within the hole,
_BESIDE = slice(REACH_PX - 1, REACH_PX)  # 1 outside it,
_BEYOND = slice(REACH_PX - 5, REACH_PX - 2)  # and 3 to 5
_LIGHTNESS = 0.8  # folds and soft shades change lightness within one object
_NOISE = 25.0  # squared Lab units: differences of five units or less say nothing
_CLEAR = 64.0  # squared Lab units between object and ground, below which a place does not count
_STRENGTH = 0.3  # what an octave of Lab units counts, in units of the evidence's mean


def residue(view: View) -> Measurement:
    """Ask at every place of the border whether what stands outside goes with the object or with the ground beyond.

    Needs the picture as it was: what lay within the hole is what is looked for. Where hole and fill are the same,
    nothing was removed.

    Returns
    -------
    Measure: the most over four widths of the mean evidence (-1 = all ground, 1 = all object) where object and ground
    differ, plus 0.3 of log2 of how much more (Lab units, worst quarter of the border) goes with the object
    """
    if np.array_equal(view.before[view.hole], view.after[view.hole]):
        return Measurement.nothing(view.hole.shape)
    signed = view.reach - view.depth
    rims = [view.rim if step == 1 else unroll(signed, 0.0, step) for step in _STEPS_PX]
    found = [_left(view, rim, step) for rim, step in zip(rims, _STEPS_PX, strict=True)]
    return max(found, key=lambda each: each.raw)


def _left(view: View, rim: Rim, step_px: float) -> Measurement:
    """Look along one unrolled border."""
    if len(rim) < 16:
        return Measurement.nothing(view.hole.shape)
    run = round(_RUN * step_px) | 1
    before, after = rim.sample(view.lab_before), rim.sample(view.lab)
    thing, inside = _strip(rim, before, _INSIDE, run)
    near, outside = _strip(rim, after, _BESIDE, run)
    ground, beyond = _strip(rim, after, _BEYOND, run)
    usable = (inside > 0) & (outside > 0) & (beyond > 0)
    if not usable.any():
        return Measurement.nothing(view.hole.shape)
    to_thing, to_ground = _squared(near - thing), _squared(near - ground)
    evidence = (to_ground - to_thing) / (to_ground + to_thing + _NOISE)
    clear = usable & (_squared(thing - ground) > _CLEAR)
    left = np.where(usable, np.maximum(np.sqrt(to_ground) - np.sqrt(to_thing), 0), 0).astype(np.float32)
    strength = np.sort(left)[-max(1, left.size // 4) :].mean()
    mean = float(evidence[clear].mean()) if clear.any() else 0.0
    return Measurement(mean + _STRENGTH * float(np.log2(1 + strength)), paint(view, rim, left / np.float32(15)))


def _strip(rim: Rim, samples: NDArray[np.float32], rows: slice, run: int) -> tuple[NDArray, NDArray]:
    """Return (n, 3) mean Lab of a strip of the unrolled border, smoothed along it, and the share of usable samples."""
    valid = rim.valid[rows].astype(np.float32)
    count = along(rim, valid.sum(axis=0)[:, None], run)
    total = along(rim, (samples[rows] * valid[..., None]).sum(axis=0), run)
    return total / np.maximum(count, np.float32(1e-3)), count[:, 0]


def _squared(apart: NDArray[np.float32]) -> NDArray[np.float32]:
    return (np.square(apart) * np.array([_LIGHTNESS**2, 1, 1], np.float32)).sum(axis=1)
