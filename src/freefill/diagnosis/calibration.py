"""From what was measured to 0..1: knots found by `benchmarks/diagnosis.py`, which writes `calibration.json`.

A failure's score is 0.1 at the median of untouched photographs, 0.5 where nine in ten of them lie below, and 0.8 where
the failure at its third strength usually lies; straight between, and straight on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

DOUBTFUL, BAD = 0.5, 0.8
WHOLE_BAD = 0.7  # of the fill as a whole
LEVELS = (0.1, DOUBTFUL, BAD)


def calibrate(name: str, raw: float) -> float:
    """Return a failure's score in 0..1.

    Parameters
    ----------
    name : of the failure
    raw : as measured; minus infinity (not looked for) gives 0
    """
    if not np.isfinite(raw):
        return 0.0
    return by_knots(raw, _table()["knots"][name])


def by_knots(raw: float, knots: tuple[float, float, float]) -> float:
    """Return the score of a raw value, straight through (knot, level) and on at both ends, kept within 0..1.

    Examples
    --------
    >>> [round(by_knots(x, (1.0, 2.0, 3.0)), 6) for x in (1.0, 1.5, 2.0, 9.0)]
    [0.1, 0.3, 0.5, 1.0]
    """
    low, middle, high = knots
    if raw <= middle:
        slope = (LEVELS[1] - LEVELS[0]) / max(middle - low, 1e-6)
    else:
        slope = (LEVELS[2] - LEVELS[1]) / max(high - middle, 1e-6)
    return float(np.clip(LEVELS[1] + slope * (raw - middle), 0, 1))


# A failure that is there explains others away: what a blurred fill lacks in grain is not said a second time.
EXPLAINED_BY = {
    "seam": ("residue", "broken", "repeat", "colour"),
    "colour": ("residue", "seam"),
    "broken": ("residue", "repeat", "smudge"),
    "foreign": ("smudge", "colour"),
    "grain": ("smudge",),
}


def settled(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores with what another failure explains taken back, where that one is at least doubtful."""
    out = dict(scores)
    for name, causes in EXPLAINED_BY.items():
        for cause in causes:
            if scores[cause] >= max(DOUBTFUL, scores[name]):
                out[name] = min(out[name], scores[name] * (1 - scores[cause]))
    return out


def overall(scores: Mapping[str, float], unlike: float | None, thickness: float) -> float:
    """Return the score of a fill as a whole.

    Parameters
    ----------
    scores : of every failure
    unlike : as measured; None where there were no tokens
    thickness : of the hole, as a share of the root of the picture's area; read where there are no tokens: people
        refuse thick fills more often, whatever can be measured of them

    Returns
    -------
    0 to 1. With tokens, a logistic curve of `unlike` alone: 0.5 where people's accepted fills end, `WHOLE_BAD` where
    nine in ten untouched photographs lie below. Without, a weighted sum fitted to people's verdicts (0 accept, 0.5
    borderline, 1 reject), which is a weak guess
    """
    if unlike is not None and np.isfinite(unlike):
        fit = _table()["with_tokens"]
        total = fit["offset"] + fit["unlike"] * unlike
    else:
        fit = _table()["without_tokens"]
        total = fit["offset"] + fit["thickness"] * thickness
        total += sum(weight * scores[name] for name, weight in fit["scores"].items())
    return float(1 / (1 + np.exp(-total)))


@cache
def _table() -> dict:
    return json.loads(files("freefill.diagnosis").joinpath("calibration.json").read_text())
