"""How far the work is, on standard error: a bar with an estimate on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from freefill.progress import Progress

BAR_AFTER_S = 0.7  # what is done sooner needs no bar
LINE_EVERY_S = 5.0  # where there is no terminal; the longer it runs, the fewer: one in LINES_SHARE of the time
LINES_SHARE = 0.05
LEAST_SHARE = 0.03  # below it an estimate says nothing
COMPILING = "compiling once for this machine, about half a minute; later fills start at once"


class Report:
    """What the command is at. Whoever works sets it; a thread of its own shows it, however long native code takes."""

    def __init__(self, what: str, quiet: bool) -> None:
        self.quiet = quiet
        self._begun = self._since = time.monotonic()
        self._what, self._share, self._more = what, None, ""
        self._over = threading.Event()
        self._bar: Any = None
        self._thread = None if quiet else threading.Thread(target=self._show, name="freefill-progress", daemon=True)

    def stage(self, what: str) -> None:
        """Begin with something else: "filling", "writing"."""
        self._what, self._share, self._more, self._since = what, None, "", time.monotonic()

    def share(self, share: float, more: str = "") -> None:
        """Say how much of the stage is done, 0 to 1."""
        self._share, self._more = share, more

    def fill(self, step: Progress) -> None:
        """Say how far a fill is."""
        if self._what != "filling":
            self.stage("filling")
        self.share(step.share, f"window {max(step.window, 1)} of {step.windows}" if step.windows > 1 else "")

    def count(self, done: float, total: int) -> None:
        """Say how many of several are done; parts of one count."""
        self.share(done / max(total, 1), f"{int(done)} of {total}")

    def line(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if not self.quiet:
            self._print(text, err=True)

    def result(self, text: str) -> None:
        """Print a line of results to standard output, above the bar where both are one terminal."""
        self._print(text, err=False)

    def _print(self, text: str, err: bool) -> None:
        bar = self._bar
        if bar is None or not (err or sys.stdout.isatty()):
            click.echo(text, err=err)
        else:
            bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def compiling(self) -> None:
        """Say, before loops are compiled, why the first fill takes longer."""
        self.line(f"freefill: {COMPILING}")

    def begin(self) -> None:
        """Start to show it."""
        if self._thread is not None:
            self._thread.start()

    def end(self) -> None:
        """Show it no more; the bar is wiped away."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        if sys.stderr.isatty():
            self._draw()
            return
        while not self._over.wait(max(LINE_EVERY_S, LINES_SHARE * (time.monotonic() - self._begun))):
            click.echo(f"freefill: {self._words()}", err=True)

    def _draw(self) -> None:
        if self._over.wait(BAR_AFTER_S):
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[more]}")
        # Not redirected: what goes to standard output would come out on standard error.
        shown = {"console": Console(stderr=True), "redirect_stdout": False, "redirect_stderr": False}
        with Bar(*columns, transient=True, **shown) as bar:
            row = bar.add_task(self._what, total=None, more="")
            self._bar = bar
            while not self._over.wait(0.1):
                share = self._share
                bar.update(row, description=self._what, total=None if share is None else 1, completed=share or 0,
                           more=", ".join(self._figures()))  # fmt: skip
        self._bar = None

    def _words(self) -> str:
        return ": ".join(part for part in (self._what, ", ".join(self._figures())) if part)

    def _figures(self) -> list[str]:
        passed, share, more = time.monotonic() - self._since, self._share, self._more
        if share is None:
            return [f"{_time(passed)} so far"] if passed >= 1 else []
        left = f"about {_time(passed * (1 - share) / share)} left" if share >= LEAST_SHARE else ""
        return [each for each in (f"{share:.0%}", more, left) if each]


@contextmanager
def working(what: str, quiet: bool) -> Iterator[Report]:
    """Show how far the block is, and say so before loops are compiled. Nothing is shown where `quiet`."""
    from freefill.compiling import announced

    report = Report(what, quiet)
    report.begin()
    try:
        with announced(report.compiling):
            yield report
    finally:
        report.end()


@contextmanager
def counted(what: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Give what is to be called with (done, in all)."""
    with working(what, quiet) as report:
        yield report.count


def _time(seconds: float) -> str:
    """Return a span of time as one says it.

    Examples
    --------
    >>> [_time(each) for each in (3.2, 89, 200, 9000)]
    ['3 s', '89 s', '3 min', '2.5 h']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
