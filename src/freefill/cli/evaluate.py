"""freefill evaluate PROTOCOL DATA -o DIR, and freefill evaluate compare A B."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from freefill.errors import InputError

_style = click.option(
    "--format", "style", default="markdown", show_default=True, type=click.Choice(["markdown", "latex", "html", "json"])
)


@click.group("evaluate")
def command() -> None:
    """Measure engines, or another tool's results, by the protocols of the field.

    \b
    freefill evaluate protocols
    freefill evaluate run lama-thick-512 photos/ -o runs/thick --engine texture --engine telea
    freefill evaluate run own cases/ -o runs/theirs --engine texture --results LaMa=their_outputs/
    freefill evaluate show runs/thick --format latex
    freefill evaluate compare runs/a runs/b
    """


@command.command("protocols")
def protocols() -> None:
    """List protocols and measures."""
    from freefill.evaluation.measures import MEASURES
    from freefill.evaluation.protocol import PROTOCOLS

    for each in PROTOCOLS:
        click.echo(f"{each.name:18} v{each.version}  {each.what}")
    click.echo()
    for measure in MEASURES:
        needs = f"; needs {', '.join(measure.needs)}" if measure.needs else ""
        click.echo(f"{measure.name:20} {measure.arrow}  {measure.forgives}{needs}")


@command.command("run", short_help="Fill and measure the pictures of a data set.")
@click.argument("protocol")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    help="Engine to measure; also 'truth' and 'blurred'. Can be given more than once.  [default: auto]",
)
@click.option("--results", multiple=True, metavar="NAME=DIR", help="Outputs of another tool, scored like an engine.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    help="Measure to take, or 'all'. Can be given more than once.  [default: the quick ones]",
)
@click.option("--masks", type=click.Path(path_type=Path), help="Folder of mask files, if the protocol needs them.")
@click.option("--limit", type=click.IntRange(1), help="Use only the first N pictures, and the masks they get.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="How many processes to run.")
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    help="File with the hashes of all pictures and masks. Written if it is missing, compared otherwise.",
)
@click.option("--keep", is_flag=True, help="Keep the fills in the folder of the run.")
@_style
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def run(
    protocol: str,
    data: Path,
    output: Path,
    engines: tuple[str, ...],
    results: tuple[str, ...],
    measures: tuple[str, ...],
    masks: Path | None,
    limit: int | None,
    jobs: int,
    lock: Path | None,
    keep: bool,
    style: str,
    quiet: bool,
) -> None:
    """Fill and measure the pictures of DATA; going on where an earlier run stopped."""
    from freefill.cli.progress import counted
    from freefill.evaluation.protocol import find_protocol
    from freefill.evaluation.run import evaluate, mask_files
    from freefill.evaluation.work import EvaluationWork

    work = EvaluationWork(
        find_protocol(protocol),
        mask_files(masks),
        engines or (() if results else ("auto",)),  # another tool's results need no engine of ours beside them
        tuple(_named(each) for each in results),
        measures or None,
        output / "fills" if keep else None,
    )
    with counted("pictures", quiet) as on_case:
        summary = evaluate(data, work, output, jobs=jobs, limit=limit, lock=lock, on_case=on_case)
    for name, why in (summary["absent_engines"] | summary["absent"]).items():
        click.echo(f"freefill: {name} is left out: {why}", err=True)
    for line in summary["unread"]:
        click.echo(f"freefill: {line['case']}: {line['error']}", err=True)
    _print(summary, style)


@command.command("show", short_help="Print the tables of a finished run again.")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@_style
def show(folder: Path, style: str) -> None:
    """Print the tables of a finished run again, worked out from its cases.jsonl."""
    from freefill.evaluation.run import summary_of

    _print(summary_of(folder), style)


@command.command("compare", short_help="Compare two runs case by case.")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@_style
def compare(a: Path, b: Path, style: str) -> None:
    """Hold run B against run A, case by case: the same protocol, pictures and masks."""
    from freefill.evaluation.compare import compared

    _print(compared(a, b), style)


def _named(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise click.UsageError(f"--results '{text}': write NAME=DIR")
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder")
    return name, Path(folder)


def _print(summary: dict[str, Any], style: str) -> None:
    if style == "json":
        click.echo(json.dumps(summary, indent=1))
        return
    from freefill.evaluation.tables import tables_of

    tables = tables_of(summary)
    if style == "html":
        from freefill.evaluation.page import page_of

        click.echo(page_of(summary, tables))
        return
    for table in tables:
        text = table.latex() if style == "latex" else f"{table.title}\n\n{table.markdown()}"
        click.echo(f"{text}\n")
