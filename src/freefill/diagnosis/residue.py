"""Residue: part of the object was left beside the hole: a rim of hair, an edge all along, a limb.

What is left looks like the object, and no longer like the ground a little further out. So three strips are compared
along the border: the object as it was just inside, what stands just outside now, and the ground beyond. A good mask
ends in the ground, where the second is like the third; a tight one ends within the object, where it is like the first.
Whether the fill differs says nothing: fills carry on what they meet, and what was left is what they meet.

Places count only where the strip inside has colours that are the object's and not the ground's: around a mask with much
room it is ground as well, and what differs there differs by chance. Beside that it is asked where such colours stand on
both sides of the border: a limb that was left as a whole crosses it at its root alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.belonging import belonging
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
_CROSSING = 0.2  # what an octave of belonging to the thing counts, where it crosses the border
_OWN = 1.0  # octaves: from here on a colour is the thing's and not the ground's
_ROOT = 0.02  # of the border: a limb's root is no longer
_BOTH = slice(REACH_PX, REACH_PX + 2), slice(REACH_PX - 2, REACH_PX)  # samples 0.5 and 1.5 px within and outside


def residue(view: View) -> Measurement:
    """Ask at every place of the border whether what stands outside goes with the object or with the ground beyond.

    Needs the picture as it was: what lay within the hole is what is looked for. Where hole and fill are the same,
    nothing was removed.

    Returns
    -------
    Measure: the most over four widths of the mean evidence (-1 = all ground, 1 = all object) where object and ground
    differ, 0 where the strip inside is not the object's, plus 0.3 of log2 of how much more (Lab units, worst quarter of
    the border) goes with the object; and 0.2 of the octaves by which colours on both sides of the border are the
    object's, worst fiftieth of the border
    """
    if np.array_equal(view.before[view.hole], view.after[view.hole]):
        return Measurement.nothing(view.hole.shape)
    signed = view.reach - view.depth
    rims = [view.rim if step == 1 else unroll(signed, 0.0, step) for step in _STEPS_PX]
    whose = belonging(view.lab_before, view.hole)
    found = [_left(view, rim, step, whose) for rim, step in zip(rims, _STEPS_PX, strict=True)]
    most = max(found, key=lambda each: each.raw)
    return Measurement(most.raw + _CROSSING * _crossing(view.rim, whose), most.where)


def _crossing(rim: Rim, whose: NDArray[np.float32]) -> float:
    """Return by how many octaves colours on both sides of the border are the thing's, where they are most."""
    if not len(rim):
        return 0.0
    octaves = rim.sample(whose)
    within, outside = (octaves[side].mean(axis=0) for side in _BOTH)
    least = np.minimum(within, outside)
    usable = rim.valid[REACH_PX - 4 : REACH_PX + 3].all(axis=0)  # at a picture's edge nothing stands outside
    if not usable.any():
        return 0.0
    least = np.where(usable, along(rim, least[:, None], _RUN - 1)[:, 0], -np.inf)
    return float(np.sort(least)[-max(1, round(_ROOT * least.size)) :].mean())


def _left(view: View, rim: Rim, step_px: float, whose: NDArray[np.float32]) -> Measurement:
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
    own = along(rim, rim.sample(whose)[_INSIDE].mean(axis=0)[:, None], run)[:, 0] > _OWN
    left = np.where(usable & own, np.maximum(np.sqrt(to_ground) - np.sqrt(to_thing), 0), 0).astype(np.float32)
    strength = np.sort(left)[-max(1, left.size // 4) :].mean()
    mean = float((evidence * own)[clear].mean()) if clear.any() else 0.0
    return Measurement(mean + _STRENGTH * float(np.log2(1 + strength)), paint(view, rim, left / np.float32(15)))


def _strip(rim: Rim, samples: NDArray[np.float32], rows: slice, run: int) -> tuple[NDArray, NDArray]:
    """Return (n, 3) mean Lab of a strip of the unrolled border, smoothed along it, and the share of usable samples."""
    valid = rim.valid[rows].astype(np.float32)
    count = along(rim, valid.sum(axis=0)[:, None], run)
    total = along(rim, (samples[rows] * valid[..., None]).sum(axis=0), run)
    return total / np.maximum(count, np.float32(1e-3)), count[:, 0]


def _squared(apart: NDArray[np.float32]) -> NDArray[np.float32]:
    return (np.square(apart) * np.array([_LIGHTNESS**2, 1, 1], np.float32)).sum(axis=1)
