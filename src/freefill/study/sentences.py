"""What the study's numbers say, in sentences every one of which is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from freefill.diagnosis.findings import FAILURES, UNLIKE
from freefill.evaluation.statistics import Interval, apart, paired

GROUPS = ("ground", "size", "things")
LEAST = 8  # pictures below which nothing is said of a group
NO_DIFFERENCE = "no difference seen"
_MEANS = {each.name: each.means for each in (*FAILURES, UNLIKE)}

Lines = Sequence[Mapping[str, Any]]
Way = tuple[str, str]  # masks, engine


def sentences_of(lines: Lines, ways: Sequence[Way]) -> list[str]:
    """Return what can be said: verdicts, masks within an engine, engines, failures, sizes of holes, kinds of pictures.

    Parameters
    ----------
    lines : of cases.jsonl, those with a score
    ways : masks and engine, in the order of the tables; the first is what the others are held against
    """
    if not ways:
        return ["No result could be judged."]
    engines = list(dict.fromkeys(engine for _, engine in ways))
    said = [_of_verdicts(lines, ways)]
    for engine in engines:
        said += _of_masks(lines, [way for way in ways if way[1] == engine], f"With {engine}: " if engines[1:] else "")
    for engine in engines[1:]:
        said += _of_engines(lines, ways, engines[0], engine)
    said += [_of_failures(lines, engine) for engine in engines]
    said.append(_of_shares(lines, ways))
    return [sentence for sentence in said if sentence] + _of_groups(lines, ways[0], several=bool(engines[1:]))


def of_way(lines: Lines, masks: str, engine: str) -> Lines:
    """Return the lines of one way of masking and filling."""
    return [line for line in lines if line["masks"] == masks and line["engine"] == engine]


def _of_verdicts(lines: Lines, ways: Sequence[Way]) -> str:
    """Return by which masks most and fewest fills are called good, and of how many."""
    several = len({engine for _, engine in ways}) > 1
    shares = {}
    for masks, engine in ways:
        words = [line["verdict"] for line in of_way(lines, masks, engine)]
        shares[f"'{masks}' masks{f' with {engine}' if several else ''}"] = words.count("good"), len(words)
    (most, (good, of)), (least, (few, among)) = (
        pick(shares.items(), key=lambda each: each[1][0] / each[1][1]) for pick in (max, min)
    )
    if not good:
        return "No fill is called good."
    if good / of == few / among:
        return f"Called good: {good} of {of} fills by {'any masks' if shares.keys() - {most} else most}."
    return f"Called good: {good} of {of} fills by {most}, the most; {few} of {among} by {least}, the fewest."


def _of_masks(lines: Lines, ways: Sequence[Way], start: str) -> list[str]:
    """Return how the other masks of an engine compare with its first; those that do not differ share one sentence."""
    said, alike = [], []
    for way in ways[1:]:
        difference, word = _against(lines, way, ways[0])
        if difference.count >= 2 and word == NO_DIFFERENCE:
            alike.append((way[0], difference.mean))
        elif difference.count >= 2:
            said.append(
                f"{start}fills by '{way[0]}' masks score {_much(difference, word)} than those by '{ways[0][0]}' masks "
                f"({difference.count} pictures)."
            )
    if alike:
        names = _joined([f"'{name}'" for name, _ in alike])
        said.append(
            f"{start}no difference is seen between fills by {names} masks and those by '{ways[0][0]}' masks "
            f"(mean difference in the score: {_span([mean for _, mean in alike])})."
        )
    return [sentence[0].upper() + sentence[1:] for sentence in said]


def _of_engines(lines: Lines, ways: Sequence[Way], first: str, other: str) -> list[str]:
    """Return how an engine compares with the first, by the masks with which it is better, worse, or neither."""
    found: dict[str, list[tuple[str, float]]] = {}
    for masks in dict.fromkeys(masks for masks, _ in ways):
        if {(masks, first), (masks, other)} <= set(ways):
            difference, word = _against(lines, (masks, other), (masks, first))
            if difference.count >= 2:
                found.setdefault(word, []).append((masks, difference.mean))
    said = []
    for word, parts in found.items():
        names = "every kind of mask" if len(found) == 1 else f"{_joined([f'{name!r}' for name, _ in parts])} masks"
        told = (
            f"no difference is seen between {other} and {first}"
            if word == NO_DIFFERENCE
            else f"{other} scores {word} than {first}"
        )
        said.append(f"With {names}, {told}: {_span([mean for _, mean in parts])} in the score (less is better).")
    return said


def _of_failures(lines: Lines, engine: str) -> str:
    """Return what goes wrong most with an engine; an empty text where nothing does."""
    mine = [line for line in lines if line["engine"] == engine]
    # From 0.5 on a finding is doubtful.
    shares = {name: float(np.mean([line["findings"][name] >= 0.5 for line in mine])) for name in mine[0]["findings"]}
    first, second = ([*sorted(shares, key=lambda name: -shares[name]), "", ""])[:2]
    if not shares[first]:
        return ""
    then = f"; then '{second}' ({_percent(shares[second], 0)})" if shares.get(second) else ""
    return (
        f"The failure found most in fills by {engine} is '{first}', {_MEANS.get(first, first)}: in "
        f"{_percent(shares[first], 0)} of {len(mine)} results{then}."
    )


def _of_shares(lines: Lines, ways: Sequence[Way]) -> str:
    """Return how much of a picture the masks cover."""
    shares = {
        masks: float(np.mean([line["hole_share"] for line in lines if line["masks"] == masks])) for masks, _ in ways
    }
    first, *others = [f"'{masks}' masks cover {_percent(share)} of a picture" for masks, share in shares.items()]
    rest = [other.replace(" masks cover", "").replace(" of a picture", "") for other in others]
    return f"{first} on average{', ' if rest else ''}{', '.join(rest)}."


def _of_groups(lines: Lines, first: Way, *, several: bool) -> list[str]:
    """Return how the two kinds of pictures of each group compare, by the first masks and engine."""
    said = []
    mine = of_way(lines, *first)
    name = f"'{first[0]}' masks" + (f" with {first[1]}" if several else "")
    for group in GROUPS:
        values = sorted({line[group] for line in mine if group in line})
        parts = {value: np.array([line["score"] for line in mine if line.get(group) == value]) for value in values}
        if len(parts) == 2 and min(part.size for part in parts.values()) >= LEAST:
            a, b = values
            difference = apart(parts[a], parts[b])
            told = "no difference is seen" if difference.low <= 0 <= difference.high else "that is a difference"
            said.append(
                f"By {name}, the mean score is {parts[a].mean():.2f} for {a} ({parts[a].size} pictures) and "
                f"{parts[b].mean():.2f} for {b} ({parts[b].size}); {told} (95 % interval of the "
                f"difference: {_signed(difference.low)} to {_signed(difference.high)})."
            )
    return said


def _against(lines: Lines, way: Way, first: Way) -> tuple[Interval, str]:
    a, b = ({line["picture"]: line["score"] for line in of_way(lines, *each)} for each in (way, first))
    shared = sorted(a.keys() & b.keys())
    return paired(np.array([a[n] for n in shared]), np.array([b[n] for n in shared]), "down")


def _much(difference: Interval, word: str) -> str:
    """Return "0.10 better (95 % interval 0.02 to 0.19)": of a score of which less is better."""
    low, high = sorted((abs(difference.low), abs(difference.high)))
    return f"{abs(difference.mean):.2f} {word} (95 % interval {low:.2f} to {high:.2f})"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _span(means: Sequence[float]) -> str:
    low, high = _signed(min(means)), _signed(max(means))
    return low if low == high else f"{low} to {high}"


def _signed(value: float) -> str:
    """Return the number with its sign; a minus as printers set it, which no line breaks after."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _percent(share: float, places: int = 1) -> str:
    return f"{100 * share:.{places}f} %"
