"""freefill mask draw: a mask from shapes, files and words, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freefill.cli.mask.files import MadeMask, MaskJob, plan_jobs, read, run_jobs
from freefill.cli.mask.make import Numbers
from freefill.cli.mask.options import Writing, output_option, write_options
from freefill.cli.option_types import LengthType
from freefill.cli.options import more_mask_options, shape_options, shapes_of
from freefill.cli.outputs import check_apart

if TYPE_CHECKING:
    from freefill.values import Length


@click.command("draw")
@click.argument("images", nargs=-1)
@output_option
@shape_options
@more_mask_options
@click.option("--size", type=Numbers(2, "a size"), metavar="WxH", help="Size of the mask, if no IMAGES are given.")
@click.option(
    "--grow",
    default="0",
    show_default=True,
    type=LengthType(),
    help="Grow the mask afterwards: 8px, or 3% of the object's size. -8px shrinks it.",
)
@write_options
def draw(
    images: tuple[str, ...],
    output: str | None,
    also: tuple[str, ...],
    without: tuple[str, ...],
    size: tuple[int, int] | None,
    grow: Length,
    writing: Writing,
    **drawn: object,
) -> int:
    """Draw a mask by coordinates. It is as large as IMAGES, or as --size says.

    \b
    freefill mask draw photo.jpg --box 80%,92%,20%,8% -o stamp.png
    freefill mask draw photo.jpg --circle 120,80,15 --and people --without keep.png
    freefill mask draw --size 640x480 --line 0,0,640,480,6 -o scratch.png
    """
    import numpy as np

    from freefill.detectors.refining import finished
    from freefill.inputs import mask_for
    from freefill.request import MaskOptions
    from freefill.values import Picture

    if bool(images) == (size is not None):
        raise click.UsageError("give IMAGES, or --size WxH")
    options = MaskOptions(shapes=shapes_of(drawn), also=also, without=without)
    if not options.shapes and not options.also:
        raise click.UsageError("what is to be masked? give --box, --circle, --polygon, --line or --and MASK")
    if size is not None and output is None:
        raise click.UsageError("name the output with -o")
    jobs = plan_jobs(images, output) if size is None else [MaskJob("drawn", str(output))]
    check_apart((job.output for job in jobs), (*also, *without))

    def make(job: MaskJob) -> MadeMask:
        if size is None:
            picture = read(job.source, writing.max_mpx)
        else:
            picture = Picture(np.zeros((size[1], size[0], 1), np.uint8), source="drawn")
        mask = mask_for(None, picture, options, writing.max_mpx)
        return MadeMask(finished(mask, None, refining=False, growing=grow), {})

    return run_jobs(jobs, make, writing)
