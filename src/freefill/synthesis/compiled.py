"""How the kernels of this room are compiled, and how they share the processor's cores.

Kernels let go of Python's lock and are run by ordinary threads, each on its own range of strips. numba's thread layers
are not used: one of them ends the process when two threads call it, another one spins while it waits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import numba

from freefill.compiling import kept
from freefill.threads import cores

# Sums may be reordered, so that they run on wide registers. Infinities and NaN keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}
MOST_THREADS = 8  # a pass has eight strips: a ninth thread would find none (docs/decisions/0013)

_kernels: list[Any] = []


def part(function: Callable[..., Any]) -> Any:
    """Compile a function into the kernels that call it: as a call of its own it would cost more than what it does."""
    return numba.njit(forceinline=True, fastmath=FAST, error_model="numpy")(function)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call and keep it on disk; where no folder can be written, in memory only."""
    compiled = kept(nogil=True, fastmath=FAST, error_model="numpy")(function)
    _kernels.append(compiled)
    return compiled


def compilations() -> int:
    """Return how many kernels were compiled in this process, not counting those read from the cache."""
    missed = 0
    for compiled in _kernels:
        # A dispatcher without a cache counts nothing, but each of its signatures was compiled here.
        stats = compiled.stats
        missed += sum(stats.cache_misses.values()) if stats.cache_path else len(compiled.signatures)
    return missed


def default_threads() -> int:
    """Return how many threads a fill uses: two for each core, at most 8; one where there is one core.

    A batch gives each of its processes a share of the cores. Two threads a core cost nothing, for they
    wait passively, and keep the others going while one has lost its core to another process
    (docs/decisions/0013-two-threads-a-core.md).
    """
    return min(MOST_THREADS, 2 * cores()) if cores() > 1 else 1


class Crew:
    """Threads that run one kernel over ranges of strips; the answer does not depend on how many there are.

    Examples
    --------
    >>> with Crew(2) as crew:
    ...     crew.run(lambda first, last, out: out.extend(range(first, last)), 4, out := [])
    >>> sorted(out)
    [0, 1, 2, 3]
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or default_threads()
        self._pool = ThreadPoolExecutor(self.threads - 1, "freefill") if self.threads > 1 else None

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def run(
        self,
        function: Callable[..., Any],
        strips: int,
        *args: Any,
        work: int | None = None,
        tell: Callable[[float], None] | None = None,
    ) -> None:
        """Call `function(first, last, *args)` so that every strip is covered once.

        `work` is the number of items behind the strips: few are not worth a second thread. `tell` is called by the
        thread that waits, with the share of the strips that are begun.
        """
        if strips < 2 or (work is not None and work < 256) or (self._pool is None and tell is None):
            function(0, strips, *args)
            return
        # Strips are taken one at a time: a thread whose core is busy with something else does fewer of them.
        left = list(range(strips))

        def take(tell: Callable[[float], None] | None = None) -> None:
            while True:
                try:
                    strip = left.pop()
                except IndexError:
                    return
                function(strip, strip + 1, *args)
                if tell is not None:
                    tell(1 - len(left) / strips)

        waiting = [] if self._pool is None else [self._pool.submit(take) for _ in range(min(self.threads, strips) - 1)]
        try:
            take(tell)
        finally:
            left.clear()  # where `tell` ended the work, nobody begins another strip
            for future in waiting:
                future.result()
