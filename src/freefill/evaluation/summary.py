"""summary.json from cases.jsonl: means with intervals, by bins of hole share, paired differences, set measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.evaluation.measures import MEASURES, Measure
from freefill.evaluation.statistics import Interval, mean_interval, paired
from freefill.metrics.frechet import frechet_distance
from freefill.metrics.kernel_distance import kernel_distance
from freefill.metrics.monge import monge_distance

# By tenths, as G. Liu et al. (partial convolutions, ECCV 2018) report irregular masks; 1.01: a picture that is
# all hole counts too.
BINS = ((0.0, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 1.01))
_OF_SETS = {
    "kid_effnetlite0": kernel_distance,
    "mind_effnetlite0": monge_distance,
    "frechet_effnetlite0": frechet_distance,
    "fid_inception": frechet_distance,
}


def summarise(
    cases: Sequence[Mapping[str, Any]], features: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]]
) -> dict[str, Any]:
    """Return everything that a table shows.

    Parameters
    ----------
    cases : lines of cases.jsonl: case, engine, hole_share, seconds (of engines), measures, error
    features : network to engine to case to (d,) features; "truth" among the engines; may be empty

    Returns
    -------
    engines, measures; `overall[engine][measure]`, `bins[bin][engine][measure]` with mean, low, high, count;
    `pairs[engine][measure]` against the first engine; `failed[engine]`
    """
    engines = list(dict.fromkeys(case["engine"] for case in cases))
    # worker processes end in any order, and the bootstrap draws by place: one order gives one interval
    cases = sorted(cases, key=lambda case: case["case"])
    names = [measure.name for measure in MEASURES if any(measure.name in case.get("measures", {}) for case in cases)]
    out: dict[str, Any] = {"engines": engines, "measures": names, "cases": len({case["case"] for case in cases})}
    out["overall"] = {engine: _means(cases, engine, names) for engine in engines}
    out["seconds"] = {engine: plain(mean_interval(_column(cases, engine, "seconds"))) for engine in engines}
    out["failed"] = {engine: sum(bool(c.get("error")) for c in cases if c["engine"] == engine) for engine in engines}
    out["bins"] = {}
    for low, high in BINS:
        part = [case for case in cases if low <= case["hole_share"] < high]
        if part:
            out["bins"][f"{low:.0%} to {min(high, 1):.0%}"] = {
                engine: _means(part, engine, names) for engine in engines
            }
    out["pairs"] = {engine: _pairs(cases, engine, engines[0], names) for engine in engines[1:]}
    out["sets"] = {engine: _sets(features, engine) for engine in engines}
    return out


def _means(cases: Sequence[Mapping[str, Any]], engine: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: plain(mean_interval(_column(cases, engine, name))) for name in names}


def _column(cases: Sequence[Mapping[str, Any]], engine: str, name: str) -> NDArray[np.float64]:
    """Return the values of one engine, in the order of its cases; nan where there is none."""
    mine = [case for case in cases if case["engine"] == engine]
    if name == "seconds":
        return np.array([_number(case.get("seconds")) for case in mine], float)
    return np.array([_number(case.get("measures", {}).get(name)) for case in mine], float)


def _pairs(cases: Sequence[Mapping[str, Any]], engine: str, first: str, names: Sequence[str]) -> dict[str, Any]:
    """Return engine minus first, case by case, with a word."""
    by_name = {measure.name: measure for measure in MEASURES}
    of = {(case["engine"], case["case"]): case.get("measures", {}) for case in cases}
    shared = [case["case"] for case in cases if case["engine"] == engine and (first, case["case"]) in of]
    out = {}
    for name in names:
        a, b = (np.array([_number(of[who, case].get(name)) for case in shared], float) for who in (engine, first))
        difference, word = paired(a, b, by_name[name].better)
        out[name] = plain(difference) | {"word": word}
    return out


def _sets(features: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]], engine: str) -> dict[str, float]:
    """Return the set measures of one engine, by each network of which there are features."""
    found = {}
    for name, distance in _OF_SETS.items():
        of = features.get(measure_of(name).needs[-1], {})
        mine, truth = of.get(engine, {}), of.get("truth", {})
        shared = sorted(mine.keys() & truth.keys())
        if len(shared) >= 2:  # fewer are no set
            found[name] = distance(*(np.stack([each[case] for case in shared]) for each in (mine, truth)))
    return found


def plain(interval: Interval) -> dict[str, Any]:
    """Return an interval as JSON has it: null where there is no number."""
    return {name: None if isinstance(x, float) and not np.isfinite(x) else x for name, x in asdict(interval).items()}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def measure_of(name: str) -> Measure:
    """Return the row of the table of measures."""
    return next(measure for measure in MEASURES if measure.name == name)
