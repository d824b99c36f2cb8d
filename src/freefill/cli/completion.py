"""freefill completion SHELL."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, options, engines, weights and words when Tab is pressed.

    \b
    freefill completion bash >> ~/.bashrc
    freefill completion zsh >> ~/.zshrc
    freefill completion fish > ~/.config/fish/completions/freefill.fish
    """
    from click.shell_completion import get_completion_class

    from freefill.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "freefill", "_FREEFILL_COMPLETE").source())  # the name that click looks for
