"""What a task says while it is at work: progress, heard by whoever waits for its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_hearers: list[Callable[[Any], None]] = []


@dataclass(frozen=True)
class Told:
    """Something that was said before the answer."""

    message: Any


def tell(message: Any) -> None:
    """Say something from within a task; nothing happens where nobody listens."""
    for hear in _hearers:
        hear(message)


def listen(hear: Callable[[Any], None]) -> None:
    """Have everything that tasks of this process say passed on."""
    _hearers.append(hear)
