"""How loops are compiled: by numba on their first call, and kept on disk where a folder can be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numba.core import event


def kept(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator: `numba.njit` with these options, kept on disk, or in memory only where that cannot be.

    numba looks for a folder when it decorates and not when it compiles: with a package that is read only and no home
    folder an import would fail.

    Examples
    --------
    >>> @kept(nogil=True)
    ... def twice(number):
    ...     return 2 * number
    >>> twice(3)
    6
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # "no locator available": neither the package's folder nor the user's cache can be written
            return numba.njit(**options)(function)

    return decorate


@kept(nogil=True)
def least(values):
    """Return the least of numbers none of which is below 0, (n,) float32; 0 or more of them.

    As whole numbers their bits are in the same order, and of those the least is looked for in wide registers.

    Examples
    --------
    >>> float(least(np.array([2.5, 0.5, 1.0], np.float32)))
    0.5
    """
    bits = values.view(np.int32)
    lowest = np.int32(0x7F800000)  # infinity
    for n in range(bits.shape[0]):
        lowest = min(lowest, bits[n])
    return np.int32(lowest).view(np.float32)


@contextmanager
def announced(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` once, just before the first loop is compiled within the block; what is kept on disk is not told."""
    told = threading.Event()

    class Announcer(event.Listener):
        def on_start(self, event: event.Event) -> None:
            if not told.is_set():
                told.set()
                tell()

        def on_end(self, event: event.Event) -> None:
            """Only the beginning matters."""

    with event.install_listener("numba:compile", Announcer()):
        yield
