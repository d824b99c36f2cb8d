"""A counter of news that threads watch for a moment before they go to sleep, without Python's lock.

To wake a sleeping thread takes some 50 us, as long as many a part of a layer. Plain Python cannot watch: it would take
Python's lock again and again from those who have something to do.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportCallIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from freefill.compiling import kept

TURNS = 300_000  # how long a thread watches: some 0.1 ms
PAUSE_TURNS = 60_000  # how long who posts new work holds Python's lock yet, until its own part begins: some 0.02 ms


class Pulse:
    """Counts news."""

    def __init__(self) -> None:
        self._count = np.zeros(1, np.int64)

    @property
    def count(self) -> int:
        """News so far."""
        return int(self._count[0])

    def beat(self) -> None:
        """There is news."""
        _beat(self._count)

    def watch(self, seen: int, *, beat: bool, pause: bool) -> bool:
        """Wait a moment for the count to be another than was seen; return whether it is.

        beat : tell news first, but only now that Python's lock is free for those who have waited for it
        pause : leave Python's lock for a moment to who told the news
        """
        return bool(_watch(self._count, seen, beat, TURNS, PAUSE_TURNS if pause else 0))


@intrinsic
def _read(typing_context: Any, array: Any) -> Any:
    """Read the first number from memory each time, not once for all."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = make_array(signature.args[0])(context, builder, given[0]).data
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array), code


@intrinsic
def _add_one(typing_context: Any, array: Any) -> Any:
    """Add one to the first number, whatever other threads do."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = make_array(signature.args[0])(context, builder, given[0]).data
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "acq_rel")

    return types.int64(array), code


@kept()
def _beat(count):
    _add_one(count)


@kept(nogil=True)
def _watch(count, seen, beat, turns, pause_turns):
    if beat:
        _add_one(count)
        seen += 1
    for _ in range(turns):
        if _read(count) != seen:
            for _ in range(pause_turns):
                _read(count)
            return True
    return False
