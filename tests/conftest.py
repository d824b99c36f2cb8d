"""What holds for all tests."""

import pytest


@pytest.fixture(autouse=True)
def _no_line_comes_of_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of progress come by the clock: what a command says must not depend on how long the machine took."""
    monkeypatch.setattr("freefill.cli.progress.LINE_EVERY_S", 1e6)
