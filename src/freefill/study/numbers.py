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
        # From 0.5 on a finding is doubtful.
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
    """Return what can be said: masks within an engine, engines with the same masks, failures, hole sizes, groups."""
    if not ways:
        return ["No result could be judged."]
    engines = list(dict.fromkeys(engine for _, engine in ways))
    said = [sentence for engine in engines for sentence in _said_of_masks(lines, ways, engine)]
    for engine in engines[1:]:
        said += _said_of_engines(lines, ways, engines[0], engine)
    said += [_said_of_failures(lines, ways, engine) for engine in engines]
    shares = {masks: np.mean([line["hole_share"] for line in lines if line["masks"] == masks]) for masks, _ in ways}
    wider = [f"'{masks}' masks {share:.1%}" for masks, share in shares.items() if masks != "annotated"]
    if "annotated" in shares and wider:
        said.append(f"Annotated masks cover {shares['annotated']:.1%} of a picture on average, {', '.join(wider)}.")
    return [sentence for sentence in said if sentence] + _said_of_groups(lines, ways[0])


def _said_of_masks(lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]], engine: str) -> list[str]:
    """Return how the other masks of an engine compare with its first; those that do not differ share one sentence."""
    mine = [way for way in ways if way[1] == engine]
    said, alike = [], []
    for way in mine[1:]:
        difference, word, count = _against(lines, way, mine[0])
        if count >= 2 and word == "no difference seen":
            alike.append((way[0], difference.mean))
        elif count >= 2:
            said.append(
                f"With {engine}, fills by '{way[0]}' masks are judged {word} than those by '{mine[0][0]}' ones: "
                f"{difference.mean:+.2f} in the score ({difference.low:+.2f} to {difference.high:+.2f}, "
                f"{count} pictures; less is better)."
            )
    if alike:
        names = _joined([f"'{name}'" for name, _ in alike])
        said.append(
            f"With {engine}, fills by {names} masks do not differ visibly from those by '{mine[0][0]}' ones "
            f"({_span([mean for _, mean in alike])} in the score)."
        )
    return said


def _said_of_engines(
    lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]], first: str, other: str
) -> list[str]:
    """Return how an engine compares with the first, by the masks with which it is better, worse, or neither."""
    found: dict[str, list[tuple[str, float]]] = {}
    for masks in dict.fromkeys(masks for masks, _ in ways):
        if {(masks, first), (masks, other)} <= set(ways):
            difference, word, count = _against(lines, (masks, other), (masks, first))
            if count >= 2:
                found.setdefault(word, []).append((masks, difference.mean))
    said = []
    for word, parts in found.items():
        told = (
            f"{other} does not differ visibly from {first}"
            if word == "no difference seen"
            else (f"{other} is judged {word} than {first}")
        )
        names = "every kind of mask" if len(found) == 1 else f"{_joined([f'{name!r}' for name, _ in parts])} masks"
        said.append(f"With {names}, {told}: {_span([mean for _, mean in parts])} in the score.")
    return said


def _said_of_failures(lines: Sequence[Mapping[str, Any]], ways: Sequence[tuple[str, str]], engine: str) -> str:
    """Return what goes wrong most with an engine; an empty text where nothing does."""
    mine = [line for line in lines if line["engine"] == engine]
    shares = {name: float(np.mean([line["findings"][name] >= 0.5 for line in mine])) for name in mine[0]["findings"]}
    first, second = ([*sorted(shares, key=lambda name: -shares[name]), "", ""])[:2]
    if not shares[first]:
        return ""
    then = f", then {second} ({shares[second]:.0%})" if shares.get(second) else ""
    return f"With {engine}, what is found most is {first}: in {shares[first]:.0%} of {len(mine)} results{then}."


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _span(means: Sequence[float]) -> str:
    low, high = f"{min(means):+.2f}", f"{max(means):+.2f}"
    return low if low == high else f"{low} to {high}"


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
