"""What the shell offers when Tab is pressed: names of engines and weights, words for masks, and files."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def complete_engines(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the engines, each with what it is."""
    from freefill.engines.registry import ENGINES

    return _fitting(incomplete, [("auto", "chosen for each picture"), *((each.name, each.summary) for each in ENGINES)])


def complete_weights(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of weights, and files."""
    from freefill.weights.cards import catalogue

    return [*_fitting(incomplete, [(card.name, card.what_for) for card in catalogue.CARDS]), _files(incomplete)]


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of weights alone."""
    return complete_weights(ctx, param, incomplete)[:-1]  # without the files, which stand last


def complete_masks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the words for masks, and files."""
    from freefill.request import WORDS

    return [*_fitting(incomplete, [(word, "made from the picture") for word in WORDS]), _files(incomplete)]


def _fitting(incomplete: str, named: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    return [CompletionItem(name, help=told) for name, told in named if name.startswith(incomplete)]


def _files(incomplete: str) -> CompletionItem:
    return CompletionItem(incomplete, type="file")
