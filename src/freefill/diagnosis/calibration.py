"""From what was measured to 0..1: knots found by `benchmarks/diagnosis.py`, which writes `calibration.json`.

A failure's score is 0.1 at the median of untouched photographs, 0.5 half way between what nine in ten of them and nine
in ten with the failure at its third strength have (or, where those meet, where nine in ten untouched ones lie below),
and 0.8 where the failure at that strength usually lies; straight between, and straight on.
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
WITH_TOKENS = " with tokens"


def calibrate(name: str, raw: float, *, tokens: bool = False) -> float:
    """Return a failure's score in 0..1.

    Parameters
    ----------
    name : of the failure
    raw : as measured; minus infinity (not looked for) gives 0
    tokens : whether a network was there to look: what it changes has knots of its own
    """
    if not np.isfinite(raw):
        return 0.0
    knots = _table()["knots"]
    return by_knots(raw, knots.get(f"{name}{WITH_TOKENS}" if tokens else name, knots[name]))


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


# A failure that is there explains others away, so that only the cause is named: what a blurred fill lacks in grain is
# not said a second time. The number is by how much the cause may score less than what it explains.
_ANY = 1.0  # a rim that was left makes a step, a tint and broken lines, however strong: first the mask must be mended
_NEARLY = 0.25
_STRONGER = 0.0  # either could be the cause of the other: the stronger one is
EXPLAINED_BY = {
    "seam": {"residue": _ANY, "broken": _NEARLY, "repeat": _NEARLY, "colour": _STRONGER},
    "colour": {"residue": _ANY, "seam": _STRONGER},
    "smudge": {"residue": _ANY, "grain": _STRONGER, "colour": _NEARLY},
    "broken": {"residue": _ANY, "repeat": _NEARLY, "smudge": _NEARLY, "colour": _NEARLY},
    "foreign": {"smudge": _STRONGER, "colour": _NEARLY, "repeat": _NEARLY},
    "grain": {"smudge": _STRONGER},
}


def settled(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores with what another failure explains taken back, where that one is at least doubtful."""
    out = dict(scores)
    for name, causes in EXPLAINED_BY.items():
        for cause, less in causes.items():
            enough = scores[cause] > scores[name] - less  # of two that are equal, neither explains the other
            if scores[cause] >= DOUBTFUL and enough:
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
