"""freefill demo -o DIR."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from freefill.demo.scenes import Scene


@click.command("demo")
@click.option("-o", "--output", default="demo", show_default=True, metavar="DIR", help="Folder for pictures and page.")
@click.option(
    "--engine", default="auto", show_default=True, metavar="NAME", help="Which engine fills; all: freefill engines."
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Another seed, another fill."
)
@click.option("--only", "names", multiple=True, metavar="NAME", help="This scene only; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(output: str, engine: str, seed: int, names: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Fill photographs that come with freefill, and write one page that shows them before and after.

    Needs nothing but freefill itself: no download, no network, no extra.
    """
    from freefill.demo.show import chosen, show
    from freefill.values import Options

    scenes = chosen(names)

    def tell(scene: Scene) -> None:
        if not quiet:
            click.echo(f"freefill: {scene.name}: {scene.title}", err=True)

    page = show(Path(output), scenes, engine, Options(seed=seed), tell)
    if as_json:
        click.echo(json.dumps({"page": str(page.resolve()), "scenes": [scene.name for scene in scenes]}))
    else:
        click.echo(str(page.resolve()))
