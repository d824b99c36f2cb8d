"""The simplest runner: one item after the other, in this process. What dies takes the program with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from freefill.running.task import Done, Task


class Here:
    """Does a task in this process; for a notebook, a debugger, or a few small items."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Yield what came of each item, in the order of the items."""
        work = self._task.make()
        for item in items:
            yield Done(item, work(item))
