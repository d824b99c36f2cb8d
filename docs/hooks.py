"""What pages hold that nobody writes: the help of every command, and decisions that the index does not name yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.pages import Page

from freefill.cli.main import COMMANDS, cli

MARK = "<!-- help of every command -->"
WIDTH = 78  # of a line; wider ones would have to be scrolled


def on_page_markdown(markdown: str, page: Page, **others: Any) -> str:
    """Complete the page of the command line, and the index of decisions."""
    if page.file.src_uri == "decisions/index.md":
        return markdown + "".join(_unnamed(Path(page.file.abs_src_path or "").parent, markdown))
    return markdown.replace(MARK, "\n".join(_pages())) if MARK in markdown else markdown


def _unnamed(folder: Path, index: str) -> Iterator[str]:
    """Yield a list of the decisions that the index does not name."""
    missing = [page for page in sorted(folder.glob("0*.md")) if f"]({page.name})" not in index]
    if missing:
        yield "\n## Newest\n\n"
    for page in missing:
        yield f"- [{page.read_text('utf-8').splitlines()[0].lstrip('# ')}]({page.name})\n"


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
