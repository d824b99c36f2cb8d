"""The study's numbers, and sentences every one of which is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from freefill.evaluation.statistics import mean_interval, paired
from freefill.evaluation.summary import plain

GROUPS = ("ground", "size", "things")
LEAST = 8  # pictures below which nothing is said of a group


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
        "sentences": _sentences(good, ways),
        "errors": [f"{line['picture']}, {line.get('masks', '')}: {line['error']}" for line in lines if "error" in line],
    }


def _order(lines: Sequence[Mapping[str, Any]]) -> Any:
    kinds = list(dict.fromkeys(line.get("masks") for line in lines))
    engines = list(dict.fromkeys(line.get("engine") for line in lines))
    return lambda way: (engines.index(way[1]), kinds.index(way[0]))


def _of(lines: Sequence[Mapping[str, Any]], masks: str, engine: str) -> list[Mapping[str, Any]]:
    return [line for line in lines if line["masks"] == masks and line["engine"] == engine]


def _way(lines: Sequence[Mapping[str, Any]], masks: str, engine: str) -> dict[str, Any]:
    mine = _of(lines, masks, engine)
    names = list(mine[0]["findings"])
    return {
        "masks": masks,
        "engine": engine,
        "count": len(mine),
        "score": plain(mean_interval(np.array([line["score"] for line in mine]))),
        "hole_share": plain(mean_interval(np.array([line["hole_share"] for line in mine]))),
        "seconds": plain(mean_interval(np.array([line["seconds"] for line in mine]))),
        "verdicts": {word: sum(line["verdict"] == word for line in mine) for word in ("good", "doubtful", "bad")},
        "failures": {name: float(np.mean([line["findings"][name] >= 0.5 for line in mine])) for name in names},
    }


def _in_groups(lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    out = []
    for group in GROUPS:
        for value in sorted({line[group] for line in lines if group in line}):
            for masks, engine in ways:
                mine = [line["score"] for line in _of(lines, masks, engine) if line.get(group) == value]
                if mine:
                    score = plain(mean_interval(np.array(mine)))
                    out.append({"group": value, "masks": masks, "engine": engine, "score": score})
    return out


def _sentences(lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]]) -> list[str]:
    """Return what can be said: each way against the first, what goes wrong most, what the disc costs, groups."""
    if not ways:
        return ["No result could be judged."]
    first, said = ways[0], []
    for way in ways[1:]:
        difference, word, count = _against(lines, way, first)
        if count >= 2:
            text = {"better": "are judged better than", "worse": "are judged worse than"}.get(
                word, "do not differ visibly from"
            )
            said.append(
                f"Fills by {_name(way)} {text} those by {_name(first)}: {difference.mean:+.2f} in the score "
                f"({difference.low:+.2f} to {difference.high:+.2f}, {count} pictures; less is better)."
            )
    for way in ways:
        mine = _of(lines, *way)
        failures = {name: np.mean([line["findings"][name] >= 0.5 for line in mine]) for name in mine[0]["findings"]}
        worst = max(failures, key=lambda name: failures[name])
        if failures[worst] > 0:
            said.append(
                f"By {_name(way)}, what is found most is {worst}: in {failures[worst]:.0%} of {len(mine)} results."
            )
    shares = {masks: np.mean([line["hole_share"] for line in lines if line["masks"] == masks]) for masks, _ in ways}
    base = shares.get("annotated")
    if base:
        for masks in ("annotated, refined", "fixed disc"):
            if masks in shares:
                said.append(
                    f"Masks '{masks}' cover {shares[masks]:.1%} of a picture on average, annotated ones {base:.1%}."
                )
    return said + _said_of_groups(lines, first)


def _said_of_groups(lines: Sequence[Mapping[str, Any]], first: tuple[str, str]) -> list[str]:
    said = []
    mine = _of(lines, *first)
    for group in GROUPS:
        values = sorted({line[group] for line in mine if group in line})
        parts = {value: [line["score"] for line in mine if line.get(group) == value] for value in values}
        if len(parts) == 2 and min(len(part) for part in parts.values()) >= LEAST:
            a, b = values
            said.append(
                f"By {_name(first)}, the mean score is {np.mean(parts[a]):.2f} for {a} ({len(parts[a])}) and "
                f"{np.mean(parts[b]):.2f} for {b} ({len(parts[b])})."
            )
    return said


def _against(lines: Sequence[Mapping[str, Any]], way: tuple[str, str], first: tuple[str, str]) -> tuple[Any, str, int]:
    a, b = ({line["picture"]: line["score"] for line in _of(lines, *each)} for each in (way, first))
    shared = sorted(a.keys() & b.keys())
    difference, word = paired(np.array([a[n] for n in shared]), np.array([b[n] for n in shared]), "down")
    return difference, word, len(shared)


def _name(way: tuple[str, str]) -> str:
    return f"'{way[0]}' masks with {way[1]}"
