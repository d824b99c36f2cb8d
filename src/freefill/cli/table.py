"""Tables for reading: columns side by side, long texts wrapped within their own."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

GAP = 2
NARROWEST = 12


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "", whole: str = "") -> str:
    """Return a table as wide as the terminal.

    Parameters
    ----------
    titles, rows : texts; every row is as long as the titles
    right : title of the column that is set flush right
    whole : title of a column whose texts are never broken: something to copy

    Examples
    --------
    >>> print(table(["name", "MB"], [["lama", "200.0"]], right="MB"))
    name     MB
    lama  200.0
    """
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    room = shutil.get_terminal_size((100, 24)).columns - GAP * (len(widths) - 1)  # 100: into a file or a pipe
    while sum(widths) > room:
        wide = max((n for n, title in enumerate(titles) if title != whole), key=lambda n: widths[n])
        if widths[wide] <= NARROWEST:  # narrower nobody can read: better lines that are too long
            break
        widths[wide] = max(
            widths[wide] - (sum(widths) - room), _next(widths, wide, titles.index(whole) if whole else -1)
        )
    lines = []
    for row in (titles, *rows):
        cells = [
            # Names with hyphens are there to be copied.
            [text] if title == whole else textwrap.wrap(text, width, break_on_hyphens=False) or [""]
            for title, text, width in zip(titles, row, widths, strict=True)
        ]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            line = (" " * GAP).join(
                part.rjust(width) if title == right else part.ljust(width)
                for title, part, width in zip(titles, parts, widths, strict=True)
            )
            lines.append(line.rstrip())
    return "\n".join(lines)


def _next(widths: Sequence[int], wide: int, whole: int) -> int:
    """Return how narrow the widest column may become at once: as the next one, at least NARROWEST."""
    others = [width for n, width in enumerate(widths) if n not in (wide, whole)]
    return max(NARROWEST, min(max(others, default=NARROWEST), widths[wide] - 1))
