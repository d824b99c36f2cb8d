"""What is shared out, and who does it: the values and the protocol that all runners have in common.

A task is named as text, so that another process, or another machine, can find it without being handed code:

    with Processes(Task("freefill.batch.fill:filler", (work, "filled")), jobs=4) as runner:
        for done in runner.run(pairs):
            ...
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Task:
    """Work that is done for many items.

    Attributes
    ----------
    maker : "package.module:function". It is called once in each worker with `shared`, and returns what is called with
        each item: load a network there, use it for every item. A FreefillError from it ends the whole run.
    shared : what is the same for all items; it is pickled where the worker is another process
    """

    maker: str
    shared: Any = None

    def make(self) -> Callable[[Any], Any]:
        """Return what is called with each item."""
        return pkgutil.resolve_name(self.maker)(self.shared)


@dataclass(frozen=True, eq=False)
class Done:
    """What came of one item.

    Attributes
    ----------
    item : as it was given
    answer : what the task returned
    death : how the worker died of this item, one line; None where it did not. There is no answer then.
    """

    item: Any
    answer: Any = None
    death: str | None = None


class Runner(Protocol):
    """Does a task for many items. A context manager: when the block ends, nothing is left running."""

    def __enter__(self) -> Runner: ...

    def __exit__(self, *exception: object) -> None: ...

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Yield what came of each item, in the order in which they are ready.

        Items are drawn when a worker is free: a generator may go on finding them, or wait for them.

        Raises
        ------
        FreefillError
            If the task cannot begin at all (an engine cannot be loaded, no worker can be kept alive).
        """
        ...
