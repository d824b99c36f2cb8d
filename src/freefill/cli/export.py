"""freefill export WEIGHTS -o model.onnx."""

from __future__ import annotations

import json
from pathlib import Path

import click

from freefill.cli.progress import reporting


@click.command("export")
@click.argument("weights")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The .onnx file to write."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(weights: str, output: Path, as_json: bool) -> None:
    """Write WEIGHTS (a name, or a file) as ONNX, with the network around them.

    The file takes pictures of any height and width: image (1, 3, H, W) with values in 0..1, mask (1, 1, H, W) with 1 =
    remove; it gives the composite, (1, 3, H, W) in 0..1. Memory grows with the square of the picture's area. A painter
    or a pointer (freefill train painter_starter, structure_starter) is written as --structure network runs it.
    """
    from freefill.weights.exporting import export_onnx

    with reporting("exporting", as_json):
        done = export_onnx(weights, output)
    if as_json:
        told = {"path": str(done.path), "what": done.what, "inputs": done.inputs, "bytes": done.bytes}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"freefill: {done.what}; inputs: {', '.join(done.inputs)}; {done.bytes / 1e6:.1f} MB", err=True)
    click.echo(str(done.path))
