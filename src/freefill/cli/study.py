"""freefill study COCO_DIR -o DIR."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("study")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the page and its numbers."
)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=("auto",),
    show_default=True,
    help="Engine to use. Can be given more than once.",
)
@click.option(
    "--annotations",
    type=click.Path(path_type=Path),
    help="COCO annotations. Default: instances*.json in the folder or below it.",
)
@click.option(
    "--predicted",
    type=click.Path(path_type=Path),
    help="Folder of predicted masks, named like the pictures.  [default: our own networks]",
)
@click.option("--limit", type=click.IntRange(1), help="Use only the first N pictures.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="How many processes to run.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    folder: Path,
    output: Path,
    engines: tuple[str, ...],
    annotations: Path | None,
    predicted: Path | None,
    limit: int | None,
    jobs: int,
    quiet: bool,
) -> None:
    """Fill every picture with people by annotated, predicted and refined masks, judge the results, write one page.

    \b
    freefill study coco/ -o study/ --engine texture --engine telea --jobs 2
    """
    from freefill.cli.progress import counted
    from freefill.study.run import study

    with counted("pictures", quiet) as on_picture:
        page = study(
            folder,
            output,
            engines=engines,
            annotations=annotations,
            predicted=predicted,
            limit=limit,
            jobs=jobs,
            on_picture=on_picture,
        )
    click.echo(page)
