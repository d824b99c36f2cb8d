"""Verdicts on pairs of fills: kept in a CSV beside the page, joined with the key only when they are counted."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

VERDICTS = ("accept", "borderline", "reject")
BETTER = ("x", "y", "level")
FIELDS: tuple[str, ...] = ("name", "x", "y", "better", "x_tag", "x_reason", "y_tag", "y_reason")
KEPT: tuple[str, ...] = ("name", "version", "commit", "verdict", "tag", "reason", "better")


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a CSV with a column `name`, by name; empty where there is no file."""
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def check(verdict: dict[str, str], names: set[str]) -> str:
    """Return what is wrong with a verdict, in one line; "" where it is fine."""
    if verdict.get("name") not in names:
        return f"no pair is called {verdict.get('name')!r}"
    for side in ("x", "y"):
        if verdict.get(side) not in VERDICTS:
            return f"{verdict['name']}: {side} is {verdict.get(side)!r}, not one of {', '.join(VERDICTS)}"
    if verdict.get("better") not in BETTER:
        return f"{verdict['name']}: better is {verdict.get('better')!r}, not one of {', '.join(BETTER)}"
    return ""


def store(path: Path, verdict: dict[str, str]) -> None:
    """Write one verdict into the CSV; a later one on the same pair takes its place."""
    given = read(path)
    given[verdict["name"]] = {field: verdict.get(field, "") for field in FIELDS}
    written = path.with_suffix(".new")
    with written.open("w", newline="") as file:
        table = csv.DictWriter(file, FIELDS, lineterminator="\n")
        table.writeheader()
        table.writerows(given.values())
    written.replace(path)


def unblind(verdicts: Path, key: Path) -> list[dict[str, str]]:
    """Return one row for each fill that was judged (columns as KEPT), those of the key's first version first.

    The key has the columns name, x, y, x_commit, y_commit: which version was shown as x, and which as y.
    """
    hidden, rows = read(key), []
    for name, verdict in read(verdicts).items():
        if name not in hidden:
            sys.exit(f"{key}: has no pair {name}; is it the key of these verdicts?")
        wrong = check(verdict, set(hidden))
        if wrong:
            sys.exit(f"{verdicts}: {wrong}")
        better = hidden[name].get(verdict["better"], "level")
        for side in ("x", "y"):
            rows.append(
                {
                    "name": name,
                    "version": hidden[name][side],
                    "commit": hidden[name][f"{side}_commit"],
                    "verdict": verdict[side],
                    "tag": verdict[f"{side}_tag"],
                    "reason": verdict[f"{side}_reason"],
                    "better": better,
                }
            )
    order = {"before": 0, "after": 1}
    return sorted(rows, key=lambda row: (order[row["version"]], row["name"]))


def counted(rows: list[dict[str, str]]) -> list[str]:
    """Return the lines of the summary: how many are accepted, what became better, what became worse."""
    by = {(row["name"], row["version"]): row for row in rows}
    names = sorted({row["name"] for row in rows})
    lines = []
    for version in ("before", "after"):
        of = [by[name, version] for name in names]
        shares = ", ".join(f"{sum(row['verdict'] == v for row in of)} {v}" for v in VERDICTS)
        lines.append(f"{version:<7} {of[0]['commit'] if of else '':<12} {shares}")
    better = [name for name in names if by[name, "after"]["better"] == "after"]
    worse = [name for name in names if by[name, "after"]["better"] == "before"]
    lines.append(
        f"{len(names)} pairs: {len(better)} better, {len(names) - len(better) - len(worse)} level, {len(worse)} worse"
    )
    for title, chosen in (("better", better), ("worse", worse)):
        for name in chosen:
            one, two = by[name, "before"], by[name, "after"]
            lines.append(f"  {title}: {name:<20} {one['verdict']} -> {two['verdict']}   {two['reason']}")
    return lines


def keep(rows: list[dict[str, str]], path: Path) -> None:
    """Write verdicts with their commits for docs/results/jobs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, KEPT, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
