"""Headings of a long --help: every option stands under one, once, and in line with the others."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from freefill.cli.headings import HeadedCommand, under
from freefill.cli.main import cli

READ_AT_A_GLANCE = 14  # options


def commands(group: click.Command = cli, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        yield name, group
        return
    context = click.Context(group)
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        assert found is not None
        yield from commands(found, f"{name} {each}".strip())


def options(command: click.Command) -> list[click.Parameter]:
    return [param for param in command.params if isinstance(param, click.Option)]


def help_of(command: click.Command) -> str:
    context = click.Context(command, info_name="x", terminal_width=80, help_option_names=["-h", "--help"])
    return command.get_help(context)


def sections(text: str) -> dict[str, list[str]]:
    """Return what stands under each heading: the first word of each option."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(" ") and line.endswith(":"):
            found[line[:-1]] = []
        elif line.startswith("  -"):
            found[next(reversed(found))].append(line.split()[0].rstrip(","))
    return found


LONG = [(name, command) for name, command in commands() if len(options(command)) > READ_AT_A_GLANCE]


def test_the_long_helps_are_those_that_one_expects():
    assert {name for name, _ in LONG} == {"inpaint", "extend", "batch", "mask people", "mask refine"}


@pytest.mark.parametrize(("name", "command"), LONG, ids=[name for name, _ in LONG])
def test_a_long_help_lists_every_option_once_and_no_section_is_long(name: str, command: click.Command):
    found = sections(help_of(command))
    listed = [option for rows in found.values() for option in rows]
    assert sorted(listed) == sorted([*(param.opts[0] for param in options(command)), "-h"])
    assert max(map(len, found.values())) <= READ_AT_A_GLANCE
    assert found["Other options"][-1] == "-h"
    assert set(found["Other options"]) <= {"--json", "-q", "-v", "-h"}


@pytest.mark.parametrize(("name", "command"), LONG, ids=[name for name, _ in LONG])
def test_the_help_of_every_option_begins_in_the_same_column(name: str, command: click.Command):
    rows = [line for line in help_of(command).splitlines() if line.startswith("  -") and "  " in line.strip()]
    assert len({line.index(line.strip().partition("  ")[2].strip()[:12]) for line in rows}) == 1


def test_options_under_one_heading_stand_together_in_the_order_of_the_command():
    @click.command("x", cls=HeadedCommand)
    @under("Colours", click.option("--red"), click.option("--green"))
    @click.option("--loose")
    @under("Shapes", click.option("--round"))
    @under("Colours", click.option("--blue"))
    def command() -> None:
        """Paint."""

    assert sections(help_of(command)) == {
        "Colours": ["--red", "--green", "--blue"],
        "Shapes": ["--round"],
        "Other options": ["--loose", "-h"],
    }


def test_the_inner_heading_is_the_one_that_counts():
    inner = under("Inner", click.option("--a"))

    @click.command("x", cls=HeadedCommand)
    @under("Outer", inner, click.option("--b"))
    def command() -> None:
        """Paint."""

    assert sections(help_of(command)) == {"Inner": ["--a"], "Outer": ["--b"], "Other options": ["-h"]}


def test_an_argument_is_no_option():
    @click.command("x", cls=HeadedCommand)
    @click.argument("picture")
    @under("Colours", click.option("--red"))
    def command() -> None:
        """Paint."""

    assert sections(help_of(command)) == {"Colours": ["--red"], "Other options": ["-h"]}
