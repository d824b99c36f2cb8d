"""Promise 8: every page of figures names the commands that give them, and these exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from freefill.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "results").glob("*.md"))
SCRIPT = re.compile(r"\bbenchmarks/[\w-]+\.py")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
COMMAND = re.compile(r"`(?:[^`\n]*&& )?freefill ([a-z]+)")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_of_figures_names_a_command_that_exists(page: Path):
    text = page.read_text()
    scripts = set(SCRIPT.findall(text))
    made = {name for name in TARGET.findall(text) if f"`make {name}" in text}
    commands = set(COMMAND.findall(text))
    assert scripts or made or commands, f"{page.name} names no command"
    assert all((ROOT / script).is_file() for script in scripts), scripts
    assert made <= targets()
    assert commands <= {name for name, _, _ in COMMANDS}


def test_every_page_of_figures_is_found_from_the_overview():
    overview = (ROOT / "docs" / "results.md").read_text()
    assert [page.name for page in PAGES if f"results/{page.name}" not in overview] == []
