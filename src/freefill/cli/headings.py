"""Headings in a long --help: forty options in one list are read by nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

LONGEST = 30  # characters of an option beside which its help still stands; click's own limit
_HEADINGS: dict[click.Parameter, str] = {}


def all_of(*options: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds options, in the order of --help."""

    def decorate(command: Any) -> Any:
        # Decorators act from the last to the first.
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def under(heading: str, *options: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds options; a `HeadedCommand` lists them under the heading.

    A heading may be given several times: its options stand together. What is under none comes last.

    Parameters
    ----------
    heading : a word or two
    options : decorators, as `click.option` makes them, in the order of --help
    """

    def decorate(command: Any) -> Any:
        before = len(getattr(command, "__click_params__", ()))
        command = all_of(*options)(command)
        # An inner heading is the closer one: it stays.
        for param in command.__click_params__[before:]:
            _HEADINGS.setdefault(param, heading)
        return command

    return decorate


class HeadedCommand(click.Command):
    """A command whose --help lists its options under headings, in the order in which they first come up."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        others: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                rows = sections.setdefault(_HEADINGS[param], []) if param in _HEADINGS else others
                rows.append(record)
        sections["Other options"] = others
        # click lines up each section by itself; as wide as the widest of all, they line up with each other.
        width = min(max(len(name) for rows in sections.values() for name, _ in rows), LONGEST)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])
