"""How many threads: the one answer, for whoever shares out work."""

from __future__ import annotations

import os

# What bounds NumPy, numba and torch, read when they are imported. OpenCV has a call of its own.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def cores() -> int:
    """Return how many cores this process may use: those it may run on, or fewer where OMP_NUM_THREADS says so."""
    # A container or taskset gives fewer than there are.
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = _asked("OMP_NUM_THREADS")
    return here if asked is None else min(here, asked)


def bounded(threads: int) -> dict[str, str]:
    """Return the environment of a process that may use so many threads; a smaller number that the user set stays."""
    return {name: str(min(threads, _asked(name) or threads)) for name in VARIABLES}


def _asked(name: str) -> int | None:
    """Return what the user set; None where that is no positive number."""
    asked = os.environ.get(name, "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else None
