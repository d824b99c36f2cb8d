"""Plots of the study as SVG text: the same numbers give the same bytes, labels are text, and nothing is fetched."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from freefill.errors import InputError

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
VERDICT_COLOURS = {"good": "#009E73", "doubtful": "#E69F00", "bad": "#D55E00"}
_INK, _GRID, _DOT = (
    "#010203",
    "#010204",
    "#010205",
)  # for the page's own, by day and by night


def score_plot(ways: Sequence[Mapping[str, Any]]) -> str:
    """Return a dot with its 95 % interval for each way of masking and filling."""
    figure, axes = _figure(len(ways))
    for place, way in enumerate(ways):
        score = way["score"]
        axes.plot(score["mean"], place, "o", color=_DOT)
        if score["low"] is not None:
            axes.plot([score["low"], score["high"]], [place, place], "-", color=_DOT, linewidth=2)
    axes.set_xlim(0, 1)
    axes.set_xlabel("score: 0 nothing to see, 1 bad\nmean and 95 % interval")
    return _svg(figure, axes, ways)


def verdict_plot(ways: Sequence[Mapping[str, Any]]) -> str:
    """Return the shares of good, doubtful and bad results for each way."""
    figure, axes = _figure(len(ways))
    for place, way in enumerate(ways):
        left = 0.0
        for word, colour in VERDICT_COLOURS.items():
            share = way["verdicts"][word] / way["count"]
            axes.barh(place, share, left=left, color=colour, height=0.7, label=word if place == 0 else None)
            if share > 0.06:  # a narrower bar has no room for a number
                ink = "black" if word == "doubtful" else "white"  # white on orange is hard to read
                axes.text(left + share / 2, place, f"{way['verdicts'][word]}", ha="center", va="center", color=ink)
            left += share
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of results")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return _svg(figure, axes, ways)


def labeller(ways: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], str]:
    """Return what names a way: its masks, and its engine where there are several."""
    several = len({way["engine"] for way in ways}) > 1
    # No break before the dot: on a phone it would stand alone.
    return lambda way: f"{way['masks']}\N{NO-BREAK SPACE}· {way['engine']}" if several else str(way["masks"])


def _figure(count: int) -> tuple[Any, Any]:
    try:
        import matplotlib
    except ImportError:
        raise InputError("the page needs an extra; run: pip install 'freefill[report]'") from None
    matplotlib.use("svg")
    from matplotlib.figure import Figure

    # By itself matplotlib makes up ids at random and draws letters as outlines.
    matplotlib.rcParams.update({"svg.hashsalt": "freefill", "svg.fonttype": "none", "font.family": "sans-serif"})
    matplotlib.rcParams.update(dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), _INK))
    matplotlib.rcParams.update({"xtick.color": _INK, "ytick.color": _INK})
    figure = Figure(figsize=(5.2, 1.2 + 0.36 * count), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Any, axes: Any, ways: Sequence[Mapping[str, Any]]) -> str:
    label = labeller(ways)
    names = [label(way) for way in ways]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()  # the first way at the top, as in the table
    axes.grid(axis="x", color=_GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    for stand_in, own in ((_INK, "currentColor"), (_GRID, "var(--line)"), (_DOT, "var(--accent)")):
        text = text.replace(stand_in, own)
    return text[text.index("<svg") :]  # without the XML declaration, which may not stand within a page
