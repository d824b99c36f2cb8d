"""What holds for all tests and doctests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _numpy_as_np(doctest_namespace: dict[str, Any]) -> None:
    """Doctests of src/ may use np without importing it."""
    doctest_namespace["np"] = np


@pytest.fixture(autouse=True)
def _only_what_a_command_says_itself(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a command says must not depend on how long the machine took, or on what it had compiled before."""
    if request.node.nodeid.startswith("tests/") and not request.node.nodeid.startswith("tests/cli/test_progress.py"):
        monkeypatch.setattr("freefill.cli.progress.LINE_EVERY_S", 1e6)
        monkeypatch.setattr("freefill.cli.progress.Report.compiling", lambda self: None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes never name a test: an archive holds the time it was made, and workers that collect the tests at
    different moments would disagree about their names."""
    return argname if isinstance(val, bytes) else None
