"""One table, written as Markdown, LaTeX or HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from freefill.evaluation.summary import measure_of


@dataclass(frozen=True)
class Table:
    """Rows of text under a head.

    Attributes
    ----------
    title : one line
    head : (c,) texts
    rows : of (c,) texts
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return a GitHub table; a bar within a cell is escaped."""
        lines = [self.head, ("---",) + ("---:",) * (len(self.head) - 1), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

    def latex(self) -> str:
        """Return a tabular of booktabs."""
        lines = [" & ".join(_latex(cell) for cell in line) + r" \\" for line in (self.head, *self.rows)]
        body = "\n".join([r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"])
        return rf"\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}" + f"\n{body}\n" + r"\end{tabular}"

    def html(self) -> str:
        """Return a table element with scopes, which screen readers read out."""
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in self.head)
        rows = "".join(
            f'<tr><th scope="row">{html.escape(row[0])}</th>'
            + "".join(f"<td>{_broken(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
        )
        caption = html.escape(self.title)
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _broken(cell: str) -> str:
    """Return a cell with its interval under its figure: side by side, ten measures are wider than any screen."""
    figure, bracket, rest = html.escape(cell).partition(" (")
    interval, _, word = rest.partition(")")
    return f"{figure}{word}<small>({interval})</small>" if bracket else figure


def _latex(text: str) -> str:
    # The backslash first, else it would meet those that the others write.
    for plain, written in (
        ("\\", r"\textbackslash{}"),
        ("_", r"\_"),
        ("%", r"\%"),
        ("&", r"\&"),
        ("#", r"\#"),
        ("↑", r"$\uparrow$"),
        ("↓", r"$\downarrow$"),
        ("±", r"$\pm$"),
        ("−", "$-$"),
    ):
        text = text.replace(plain, written)
    return text


def tables_of(summary: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a run: overall, paired differences, one for each bin of hole share, set measures."""
    names: Sequence[str] = summary["measures"]
    head = ("engine", *(f"{name} {measure_of(name).arrow}" for name in names), "seconds", "cases", "failed")
    rows = tuple(
        (
            engine,
            *(_cell(means[name]) for name in names),
            _seconds(summary["seconds"][engine]["mean"]),
            str(max((means[name]["count"] for name in names), default=0)),
            str(summary["failed"][engine]),
        )
        for engine, means in summary["overall"].items()
    )
    rows += tuple((f"{engine} (absent)", *("–",) * (len(head) - 1)) for engine in summary.get("absent_engines", {}))
    tables = [Table("All cases: mean and 95 % interval", head, rows)]
    if summary["pairs"]:
        rows = tuple(
            (engine, *(_difference(pair[name]) for name in names)) for engine, pair in summary["pairs"].items()
        )
        first = summary["engines"][0]
        tables.append(Table(f"Difference to {first}, case by case", ("engine", *head[1 : len(names) + 1]), rows))
    for span, engines in summary["bins"].items():
        if len(summary["bins"]) > 1:  # a single bin is the first table once more
            rows = tuple((engine, *(_cell(means[name]) for name in names)) for engine, means in engines.items())
            tables.append(Table(f"Holes of {span} of the picture", ("engine", *head[1 : len(names) + 1]), rows))
    sets = {engine: found for engine, found in summary["sets"].items() if found}
    if sets:
        columns = list(next(iter(sets.values())))
        rows = tuple((engine, *(f"{found[name]:.4g}" for name in columns)) for engine, found in sets.items())
        tables.append(
            Table("All pictures as a set, against the truths", ("engine", *(f"{c} ↓" for c in columns)), rows)
        )
    return tables


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _cell(interval: Mapping[str, Any]) -> str:
    if interval["mean"] is None:
        return "–"
    if interval["count"] < 2:
        return f"{interval['mean']:.3g}"
    return f"{interval['mean']:.4g} ({interval['low']:.4g} to {interval['high']:.4g})"


def _difference(pair: Mapping[str, Any]) -> str:
    if pair["count"] < 2:
        return "–"
    return f"{pair['mean']:+.3g} ({pair['low']:+.3g} to {pair['high']:+.3g}) {pair['word']}"
