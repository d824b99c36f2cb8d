"""How far a fetch is, for whoever shows it."""

from __future__ import annotations

from typing import Protocol


class FetchProgress(Protocol):
    """Shows how far a fetch is."""

    def start(self, total: int | None) -> None: ...
    def update(self, n: int) -> None: ...
    def close(self) -> None: ...
    def say(self, text: str) -> None: ...
