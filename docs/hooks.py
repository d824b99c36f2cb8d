"""The page of the command line: the help of every command, as the program prints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from freefill.cli.main import COMMANDS, cli

MARK = "<!-- help of every command -->"
WIDTH = 78  # of a line; wider ones would have to be scrolled


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help where a page asks for it."""
    return markdown.replace(MARK, "\n".join(_pages())) if MARK in markdown else markdown


def _pages() -> Iterator[str]:
    """Yield each command with its subcommands, in the order of `freefill --help`."""
    yield from _page(cli, "freefill", None, 2)


def _page(command: click.Command, name: str, parent: click.Context | None, depth: int) -> Iterator[str]:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"{'#' * depth} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        names = [first for first, _, _ in COMMANDS] if parent is None else command.list_commands(context)
        for each in names:
            found = command.get_command(context, each)
            assert found is not None
            yield from _page(found, each, context, depth + 1 if parent is not None else 2)
