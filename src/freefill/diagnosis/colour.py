"""Colour: the whole fill is lighter, darker or of another tint than the ground it continues, by CIEDE2000."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.ciede2000 import difference
from freefill.diagnosis.measure import Measurement, along, paint
from freefill.diagnosis.rim import REACH_PX, Rim
from freefill.diagnosis.view import View

_RUN_PX = 15


def colour(view: View) -> Measurement:
    """Measure how far the ground just inside departs from the ground just outside, the same way all round.

    Edges that end at the border differ now one way, now the other; a fill of another tint differs one way. So the
    signed differences along the border are averaged (a trimmed mean) before their length is taken.

    Returns
    -------
    Measure: log2 of the CIEDE2000 length of that mean, over the same along lines in known ground
    """
    outside, inside = _sides(view.rim, view)
    if len(outside) < 8:
        return Measurement.nothing(view.hole.shape)
    usual = [_offset(*_sides(rim, view)) for rim in view.elsewhere if len(rim) >= 8]
    own = _offset(outside, inside)
    each = difference(along(view.rim, outside, _RUN_PX), along(view.rim, inside, _RUN_PX))
    where = paint(view, view.rim, np.clip(each / 15 - 0.2, 0, 1).astype(np.float32))
    return Measurement(float(np.log2(own + 1) - 0.4 * np.log2((np.mean(usual) if usual else 1.0) + 1)), where)


def _sides(rim: Rim, view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n, 3) mean Lab of 2 to 6 px outside and 4 to 8 px inside."""
    strip = rim.sample(view.lab)
    weight = rim.valid[..., None].astype(np.float32)
    out, inn = slice(REACH_PX - 6, REACH_PX - 1), slice(REACH_PX + 3, None)
    return _mean(strip[out], weight[out]), _mean(strip[inn], weight[inn])


def _mean(strip: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    return (strip * weight).sum(0) / np.maximum(weight.sum(0), 1e-3)


def _offset(outside: NDArray[np.float32], inside: NDArray[np.float32]) -> float:
    """Return the CIEDE2000 length of the trimmed mean difference."""
    signed = inside - outside
    low, high = np.percentile(signed, [35, 65], axis=0)
    mean = np.clip(signed, low, high).mean(axis=0)
    base = np.median(outside, axis=0)
    return float(difference(base[None], (base + mean)[None])[0])
