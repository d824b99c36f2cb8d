"""freefill diagnose IMAGE MASK RESULT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.options import invert_option, mask_fit_option, max_mpx_option
from freefill.cli.outputs import check_apart
from freefill.cli.progress import working

if TYPE_CHECKING:
    from freefill.diagnosis.diagnose import Diagnosis
    from freefill.values import Picture


@click.command("diagnose")
@click.argument("image")
@click.argument("mask")
@click.argument("result")
@click.option("--map", "map_file", metavar="FILE", help="Write a picture that marks in red where something is wrong.")
@invert_option
@mask_fit_option
@max_mpx_option
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(
    image: str,
    mask: str,
    result: str,
    map_file: str | None,
    invert: bool,
    mask_fit: Any,
    max_mpx: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell what is wrong with RESULT, the filled IMAGE, and what to try next.

    The truth is not needed. IMAGE is the picture with the thing in it: what is left of the thing is looked for.

    \b
    freefill diagnose photo.jpg mask.png photo.filled.jpg
    freefill diagnose photo.jpg mask.png photo.filled.jpg --map where.png
    """
    check_apart((map_file,), (image, mask, result))
    with working("reading", quiet) as report:
        from freefill.images.read import read_picture
        from freefill.judging import diagnose

        picture, filled = read_picture(image, max_mpx=max_mpx), read_picture(result, max_mpx=max_mpx)
        report.stage("diagnosing")
        diagnosis = diagnose(picture, mask, filled, invert=invert, mask_fit=mask_fit, max_mpx=max_mpx)
        if map_file is not None:
            write_map(diagnosis, filled, map_file)
    click.echo(json.dumps(diagnosis.to_json(), indent=2) if as_json else str(diagnosis))


def write_map(diagnosis: Diagnosis, picture: Picture, path: str) -> None:
    """Write where something is wrong, as a picture."""
    import numpy as np

    from freefill.images.write import write_picture
    from freefill.judging import heat_map
    from freefill.values import Picture

    shown = Picture(np.rint(heat_map(diagnosis, picture) * 255).astype(np.uint8), source=path)
    write_picture(shown, path, format=None if Path(path).suffix else "PNG")
