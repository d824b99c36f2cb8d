"""The study's page: one file that works offline, its pictures within it, or beside it where they are too many."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from freefill.diagnosis.findings import FAILURES, UNLIKE
from freefill.errors import InputError
from freefill.files import replacing
from freefill.study.masks import KINDS
from freefill.study.plots import labeller, score_plot, verdict_plot
from freefill.study.work import LARGE_SHARE

BUDGET_BYTES = 11_000_000
PER_GRID = 4
FEW = 20  # pictures below which the page says so


def write_page(out: Path, numbers: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Path:
    """Write index.html.

    Parameters
    ----------
    out : the study's folder, with pictures/
    numbers : of `numbers_of`
    lines : of cases.jsonl

    Raises
    ------
    InputError
        If the extra `report` is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise InputError("the page needs an extra; run: pip install 'freefill[report]'") from None
    # Strict: a name that is misspelt would leave a gap.
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("freefill.study").joinpath("page.html").read_text())
    ways, grids = numbers["ways"], _grids(numbers, lines)
    label = labeller(ways)
    html = template.render(
        numbers=numbers,
        few=FEW,
        label=label,
        kinds={kind: KINDS.get(kind, "") for kind in dict.fromkeys(way["masks"] for way in ways)},
        engines=" and ".join(dict.fromkeys(way["engine"] for way in ways)),
        rows="masks and engine" if len({way["engine"] for way in ways}) > 1 else "masks",
        means={each.name: each.means for each in (*FAILURES, UNLIKE)},
        large=LARGE_SHARE,
        plots=[("Score", score_plot(ways)), ("Verdicts", verdict_plot(ways))] if ways else [],
        groups=_by_groups(numbers),
        grids=grids,
        # "</" would end the script element early
        data=json.dumps(numbers).replace("</", "<\\/"),
        pictures=json.dumps(_embedded(out / "pictures", grids)),
    )
    path = out / "index.html"
    with replacing(path) as stream:
        stream.write(html.encode())
    return path


def _by_groups(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups as columns and the ways as rows; a cell is the mean score, or None."""
    label = labeller(numbers["ways"])
    columns = list(dict.fromkeys(row["group"] for row in numbers["groups"]))
    cells = {(row["group"], row["masks"], row["engine"]): row["score"] for row in numbers["groups"]}
    most = {
        column: max(row["score"]["count"] for row in numbers["groups"] if row["group"] == column) for column in columns
    }
    rows = [
        (label(way), [cells.get((column, way["masks"], way["engine"])) for column in columns])
        for way in numbers["ways"]
    ]
    return {"columns": [f"{column} ({most[column]})" for column in columns], "rows": rows}


def _grids(numbers: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return best, median and worst cases of each way of masking and filling."""
    good = [line for line in lines if "score" in line]
    grids: list[dict[str, Any]] = []
    label = labeller(numbers["ways"])
    for way in numbers["ways"]:
        mine = sorted(
            (line for line in good if (line["masks"], line["engine"]) == (way["masks"], way["engine"])),
            key=lambda line: line["score"],
        )
        middle = max(len(mine) // 2 - PER_GRID // 2, 0)
        parts = {"Best": mine[:PER_GRID], "Median": mine[middle : middle + PER_GRID], "Worst": mine[::-1][:PER_GRID]}
        for title, part in parts.items():
            # With fewer the three rows would show the same pictures.
            if len(mine) >= 2 * PER_GRID or title == "Worst":
                shown = "All, worst first" if len(mine) <= PER_GRID else title
                grids.append({"way": label(way), "title": shown, "cards": [_card(line) for line in part]})
    return grids


def _card(line: Mapping[str, Any]) -> dict[str, Any]:
    left, top, width, height = line["box"]
    told = sorted((score, name) for name, score in line["findings"].items() if score >= 0.5)[::-1]
    return {
        "picture": line["picture"],
        "before": f"{line['picture']}.jpg",
        "after": line["shown"],
        "score": int(100 * line["score"]) / 100,  # rounded up, "good" would stand beside 0.50
        "verdict": line["verdict"],
        "told": ", ".join(f"{name} {score:.2f}" for score, name in told) or "no single failure found",
        # the part around the hole fills the frame: the picture is enlarged and moved
        "zoom": round(min(1 / max(width, height, 0.05), 6.0), 3),
        "aspect": line["aspect"],
        "at": round(100 * (left + width / 2)),  # the line begins where the hole is, to show both sides of it
        "left": round(left, 4),
        "top": round(top, 4),
    }


def _embedded(folder: Path, grids: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return each picture of the grids once, as base64 text; none where together they are more than a page should hold.

    A picture stands in many cards: as sources of its elements it would be there as often.
    """
    names = sorted({card[side] for grid in grids for card in grid["cards"] for side in ("before", "after")})
    # Base64 makes four bytes of three.
    if sum((folder / name).stat().st_size for name in names) * 4 / 3 >= BUDGET_BYTES:
        return {}
    return {name: base64.b64encode((folder / name).read_bytes()).decode() for name in names}
