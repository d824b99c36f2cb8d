"""A run's tables as one page that opens in any browser, without a network and without an extra."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from freefill.evaluation.summary import measure_of
from freefill.evaluation.tables import Table

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #5b6570; --line: #dfe3e8; --paper: #fff; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #a3adb7; --line: #363c43; --paper: #14171a; --accent: #56b4e9; }
}
@media print { :root { --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 90rem; padding: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
p, dd, caption { color: var(--soft); }
.wide { overflow-x: auto; margin: 2rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; position: sticky; left: 0;
  white-space: nowrap; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
td { white-space: nowrap; } tbody th, td { vertical-align: top; }
td small { display: block; color: var(--soft); font-size: .85em; }
thead th { vertical-align: bottom; }
th[scope=row], thead th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
dt { font-weight: 600; } dd { margin: 0 0 .4rem; }
@media (max-width: 34rem) { body { padding: 1rem; } th, td { padding: .3rem .45rem; } table { font-size: .85rem; } }
@media print { body { padding: 0; max-width: none; } .wide { overflow: visible; } table { font-size: .6rem; }
  th, td { padding: .15rem .3rem; } }
"""


def page_of(summary: Mapping[str, Any], tables: Sequence[Table]) -> str:
    """Return the page: the tables, and what each measure forgives.

    Parameters
    ----------
    summary : of a run, or of two that are compared
    tables : of `tables_of`
    """
    cases, engines = summary["cases"], ", ".join(summary["engines"])
    lead = f"{engines}: {cases} {'case' if cases == 1 else 'cases'}. ↑ more is better, ↓ less is better. In brackets: "
    lead += "where 95 % of the means of resampled cases lie."
    if cases < 20:
        lead += " So few cases tell little."
    shown = "".join(
        f'<div class="wide" role="region" tabindex="0" aria-label="Table: {html.escape(table.title)}">'
        f"{table.html()}</div>\n"
        for table in tables
    )
    measures = [measure_of(name) for name in summary["measures"]]
    notes = "".join(
        f"<dt>{each.name} {each.arrow} {each.unit}</dt><dd>{html.escape(each.forgives)}</dd>" for each in measures
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Evaluation</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Evaluation</h1>\n<p>{html.escape(lead)}</p>\n{shown}"
        f"<h2>What each measure forgives</h2>\n<dl>{notes}</dl>\n</main>\n</body>\n</html>"
    )
