"""How far a fill is: what is told to whoever waits, and the watch that reckons it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from freefill.values import Box, Hole, Plan

FillPart = Literal["plan", "cut", "fill", "detail", "paste"]
Inside = Callable[[float], None]

SMALL_SHARE = 0.3  # of a window's work: the small fill, where detail is made of it afterwards


@dataclass(frozen=True)
class Progress:
    """How far a fill is.

    Attributes
    ----------
    part : what is done: "plan", then for each window "cut", "fill", "detail" (once for each of its tiles), "paste"
    window : its number, from 1; 0 for the plan
    windows : how many there are
    share : of the work that is done, 0 to 1; it never falls. Windows count by their hole, and an engine that works
        level by level tells of each.
    """

    part: FillPart
    window: int
    windows: int
    share: float


class Watch:
    """Times the parts of the work, and tells how far it is during and after each.

    Parameters
    ----------
    tell : what it raises ends the fill
    """

    def __init__(self, tell: Callable[[Progress], None] | None) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(("plan", "cut", "fill", "detail", "paste"), 0.0)
        self._tell = tell
        self._windows, self._all, self._done, self._hole = 0, 1.0, 0.0, np.zeros((0, 0), bool)

    def begin(self, plan: Plan, hole: Hole) -> None:
        """Know what there is to do."""
        self._windows, self._hole = len(plan.windows), hole
        self._all = max(float(np.count_nonzero(hole)), 1.0)

    def work_of(self, core: Box) -> float:
        """Return how much work the hole in a core is: its pixels, for cores do not share one."""
        return float(np.count_nonzero(self._hole[core.slices]))

    @contextmanager
    def part(self, name: FillPart, window: int = 0, work: float = 0.0) -> Iterator[Inside | None]:
        """Time what the block does; `work` is done then. It gets what tells, from 0 to 1, how far it is inside."""
        start = time.perf_counter()
        yield None if self._tell is None else lambda share: self._say(name, window, work * min(max(share, 0.0), 1.0))
        self.seconds[name] += time.perf_counter() - start
        self._done += work
        self._say(name, window, 0.0)

    def _say(self, name: FillPart, window: int, more: float) -> None:
        if self._tell is not None:
            self._tell(Progress(name, window, self._windows, min((self._done + more) / self._all, 1.0)))
