"""freefill demo -o DIR."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from freefill.cli.completing import complete_engines
from freefill.cli.progress import working

if TYPE_CHECKING:
    from freefill.demo.scenes import Scene


@click.command("demo")
@click.option(
    "-o", "--output", default="demo", show_default=True, metavar="DIR", help="Folder for the pictures and the page."
)
@click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="NAME",
    shell_complete=complete_engines,
    help="Engine that fills the hole. See: freefill engines.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="A different seed gives a different fill.",
)
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this scene. Can be given more than once.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(output: str, engine: str, seed: int, names: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Fill photographs that come with freefill, and write one page that shows them before and after.

    Needs nothing but freefill itself: no download, no network, no extra.
    """
    from freefill.demo.show import chosen, show
    from freefill.engines.structure import warm as warm_layout
    from freefill.synthesis.warm import warm
    from freefill.values import Options

    scenes = chosen(names)
    with working("preparing", quiet) as report:

        def tell(scene: Scene) -> None:
            report.line(f"freefill: {scene.name}: {scene.title}")
            report.stage(f"filling {scene.name}")

        if engine in ("auto", "texture"):  # compiled before, so that no scene's time has it
            warm()
            warm_layout()
        page = show(Path(output), scenes, engine, Options(seed=seed), tell, report.fill)
    if as_json:
        click.echo(json.dumps({"page": str(page.resolve()), "scenes": [scene.name for scene in scenes]}))
    else:
        click.echo(str(page.resolve()))
