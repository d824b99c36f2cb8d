"""Work that is begun before it is asked for, on the other core; whoever asks in the end also hears how far it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class _EndedError(Exception):
    """Nobody wants the answer any more."""


class Ahead(Generic[Answer]):
    """One piece of work on a thread of its own.

    What it raises is raised where it is asked for. NumPy, OpenCV and our kernels let go of Python's lock, so that most
    of it costs no time of the thread that goes on. On leaving the block it ends where it next tells of itself.

    Parameters
    ----------
    work : given a function that tells the share that is done, returns the answer

    Examples
    --------
    >>> told = []
    >>> with Ahead(lambda tell: tell(0.5) or "done") as work:
    ...     work.answer(told.append)
    'done'
    >>> told
    [0.5]
    """

    def __init__(self, work: Callable[[Callable[[float], None]], Answer]) -> None:
        self._told: SimpleQueue[float | None] = SimpleQueue()
        self._ended = False
        self._pool = ThreadPoolExecutor(1, "freefill")
        self._future = self._pool.submit(work, self._tell)
        self._future.add_done_callback(lambda _: self._told.put(None))

    def __enter__(self) -> Ahead[Answer]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def answer(self, tell: Callable[[float], None] = lambda share: None) -> Answer:
        """Wait for the answer; `tell` is called in this thread, in order, and what it raises ends the wait."""
        for share in iter(self._told.get, None):
            tell(share)
        return self._future.result()

    def end(self) -> None:
        """Let the work end where it next tells of itself, and wait for that."""
        self._ended = True
        self._pool.shutdown()

    def _tell(self, share: float) -> None:
        if self._ended:
            raise _EndedError
        self._told.put(share)
