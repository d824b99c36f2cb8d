"""How far the work is, on standard error: a bar with an estimate on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from freefill.errors import one_line

if TYPE_CHECKING:
    from freefill.progress import Progress

BAR_AFTER_S = 0.7  # what is done sooner needs no bar
LINE_EVERY_S = 5.0  # where there is no terminal; the longer it runs, the fewer: one in LINES_SHARE of the time
LINES_SHARE = 0.05
REDRAWN_EVERY_S = 0.1  # what moves less often looks stuck
BAR_CHARACTERS = 36
LEAST_SHARE, LEAST_S = 0.03, 20.0  # before either an estimate says nothing
STEADY = 1.25  # an estimate that is larger by less than this is no news: the one before goes on counting down
COMPILING = "compiling once for this machine, half a minute where it is idle; later fills start at once"


class Report:
    """What the command is at. Whoever works sets it; a thread of its own shows it, however long native code takes."""

    def __init__(self, what: str, quiet: bool) -> None:
        self.quiet = quiet
        self._begun = time.monotonic()
        # Two threads print: whoever works, and the one that draws the bar.
        self._over, self._printing = threading.Event(), threading.Lock()
        self._drawn = 0  # characters of the bar that stands there now
        # Nothing waits for it where the program fails.
        self._thread = None if quiet else threading.Thread(target=self._show, name="freefill-progress", daemon=True)
        self.stage(what)

    def stage(self, what: str) -> None:
        """Begin with something else: "filling", "writing"."""
        self._what, self._more, self._since = what, "", time.monotonic()
        self._share: float | None = None
        self._compiling: float | None = None  # since when
        self._first: tuple[float, float] | None = None  # when and where it began to be told, which need not be at 0
        self._ends: float | None = None  # when the stage is expected to be done

    def share(self, share: float, more: str = "") -> None:
        """Say how much of the stage is done, 0 to 1."""
        now = time.monotonic()
        self._first = self._first or (now, share)
        self._compiling = None
        self._share, self._more = share, more
        done = share - self._first[1]
        if done >= LEAST_SHARE or (done > 0 and now - self._first[0] > LEAST_S):
            left = (now - self._first[0]) * (1 - share) / done
            before = 0.0 if self._ends is None else self._ends - now
            self._ends = now + (before if before < left < STEADY * before else left)

    def fill(self, step: Progress) -> None:
        """Say how far a fill is."""
        if not self._what.startswith("filling"):
            self.stage("filling")
        self.share(step.share, f"window {max(step.window, 1)} of {step.windows}" if step.windows > 1 else "")

    def count(self, done: float, total: int) -> None:
        """Say how many of several are done; parts of one count."""
        self.share(done / max(total, 1), f"{int(done)} of {total}")

    def compiling(self) -> None:
        """Say, before loops are compiled, why the first fill takes longer."""
        self._compiling = time.monotonic()
        self.line(f"freefill: {COMPILING}")

    def line(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if not self.quiet:
            self._print(one_line(text), err=True)

    def result(self, text: str) -> None:
        """Print a line of results to standard output, above the bar where both are one terminal."""
        self._print(text, err=False)

    def begin(self) -> None:
        """Start to show it."""
        if self._thread is not None:
            self._thread.start()

    def end(self) -> None:
        """Show it no more; the bar is wiped away."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _print(self, text: str, err: bool) -> None:
        with self._printing:
            self._wipe()
            click.echo(text, err=err)

    def _show(self) -> None:
        if not sys.stderr.isatty():
            while not self._over.wait(max(LINE_EVERY_S, LINES_SHARE * (time.monotonic() - self._begun))):
                self._print(f"freefill: {self._words()}", err=True)
            return
        if self._over.wait(BAR_AFTER_S):
            return
        while not self._over.wait(REDRAWN_EVERY_S):
            with self._printing:
                self._draw()
        with self._printing:
            self._wipe()

    def _draw(self) -> None:
        text = f"{self._what} {self._bar()} {', '.join(self._figures())}"
        # In the last column some terminals begin a new line.
        text = text[: max(shutil.get_terminal_size().columns - 1, 20)]
        click.echo("\r" + text.ljust(self._drawn), err=True, nl=False)  # over what is left of a longer one
        self._drawn = len(text)

    def _wipe(self) -> None:
        if self._drawn:
            click.echo(f"\r{' ' * self._drawn}\r", err=True, nl=False)
            self._drawn = 0

    def _bar(self) -> str:
        """Return the bar; where nobody knows how far it is, something that moves."""
        # An old console has no such signs.
        full, empty = "\u2501\u2500" if "utf" in (sys.stderr.encoding or "").lower() else "#-"
        if self._share is None:
            at = int(4 * (time.monotonic() - self._since)) % BAR_CHARACTERS
            return empty * at + full + empty * (BAR_CHARACTERS - at - 1)
        done = round(BAR_CHARACTERS * min(self._share, 1.0))
        return full * done + empty * (BAR_CHARACTERS - done)

    def _words(self) -> str:
        return ": ".join(part for part in (self._what, ", ".join(self._figures())) if part)

    def _figures(self) -> list[str]:
        now, share, more, ends = time.monotonic(), self._share, self._more, self._ends
        if (since := self._compiling) is not None:
            return [f"compiling, {_time(now - since)} so far"]
        if share is None:
            return [f"{_time(now - self._since)} so far"] if now - self._since >= 1 else []
        # It counts down between two reports. What takes longer than was thought says nothing until it is told anew.
        left = f"about {_time(ends - now)} left" if ends is not None and ends > now else ""
        return [each for each in (f"{share:.0%}", more, left) if each]


@contextmanager
def working(what: str, quiet: bool) -> Iterator[Report]:
    """Show how far the block is, and say so before loops are compiled. Nothing is shown where `quiet`."""
    from freefill.compiling import announced

    with reporting(what, quiet) as report, announced(report.compiling):
        yield report


@contextmanager
def reporting(what: str, quiet: bool) -> Iterator[Report]:
    """Show how far the block is; for what compiles no loops."""
    report = Report(what, quiet)
    report.begin()
    try:
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
