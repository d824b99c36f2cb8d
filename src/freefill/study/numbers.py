"""The study's numbers: by masks and engine, and by kinds of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from freefill.evaluation.statistics import mean_interval
from freefill.evaluation.summary import plain
from freefill.study.sentences import GROUPS, of_way, sentences_of


def numbers_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return everything the page shows.

    Parameters
    ----------
    lines : of cases.jsonl

    Returns
    -------
    ways: masks and engine with verdict shares, score, hole share, failures; groups; sentences; errors
    """
    good = [line for line in lines if "score" in line]
    ways = sorted({(line["masks"], line["engine"]) for line in good}, key=_order(lines))
    return {
        "pictures": len({line["picture"] for line in lines}),
        "results": len(good),
        "ways": [_way(good, *way) for way in ways],
        "groups": _in_groups(good, ways),
        "sentences": sentences_of(good, ways),
        "errors": [f"{line['picture']}, {line.get('masks', '')}: {line['error']}" for line in lines if "error" in line],
    }


def _order(lines: Sequence[Mapping[str, Any]]) -> Any:
    kinds = list(dict.fromkeys(line.get("masks") for line in lines))
    engines = list(dict.fromkeys(line.get("engine") for line in lines))
    return lambda way: (engines.index(way[1]), kinds.index(way[0]))


def _way(lines: Sequence[Mapping[str, Any]], masks: str, engine: str) -> dict[str, Any]:
    mine = of_way(lines, masks, engine)
    names = list(mine[0]["findings"])
    return {
        "masks": masks,
        "engine": engine,
        "count": len(mine),
        "score": plain(mean_interval(np.array([line["score"] for line in mine]))),
        "hole_share": plain(mean_interval(np.array([line["hole_share"] for line in mine]))),
        "seconds": plain(mean_interval(np.array([line["seconds"] for line in mine]))),
        "verdicts": {word: sum(line["verdict"] == word for line in mine) for word in ("good", "doubtful", "bad")},
        # From 0.5 on a finding is doubtful.
        "failures": {name: float(np.mean([line["findings"][name] >= 0.5 for line in mine])) for name in names},
    }


def _in_groups(lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    out = []
    for group in GROUPS:
        for value in sorted({line[group] for line in lines if group in line}):
            for masks, engine in ways:
                mine = [line["score"] for line in of_way(lines, masks, engine) if line.get(group) == value]
                if mine:
                    score = plain(mean_interval(np.array(mine)))
                    out.append({"group": value, "masks": masks, "engine": engine, "score": score})
    return out
