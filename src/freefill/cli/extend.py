"""freefill extend IMAGE --left 300 -o OUT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freefill.cli.headings import HeadedCommand, under
from freefill.cli.option_types import LengthType
from freefill.cli.options import filling_options, output_options, talk_options, verbose_option
from freefill.cli.outputs import check_apart, check_target, stream_of, target_of, tell_filled, write
from freefill.cli.progress import working

if TYPE_CHECKING:
    from freefill.request import Request
    from freefill.values import Length

SIDES = ("left", "right", "top", "bottom")


@click.command("extend", cls=HeadedCommand)
@click.argument("image")
@under(
    "Files",
    click.option(
        "-o", "--output", metavar="FILE", help="Default: NAME.extended.EXT beside the picture; '-' = standard output."
    ),
)
@under(
    "The new area",
    click.option(
        "--left", type=LengthType(), metavar="LENGTH", help="Add this much on the left: 300px, or 10% of the width."
    ),
    click.option("--right", type=LengthType(), metavar="LENGTH", help="Add this much on the right."),
    click.option(
        "--top", type=LengthType(), metavar="LENGTH", help="Add this much at the top: 200px, or 10% of the height."
    ),
    click.option("--bottom", type=LengthType(), metavar="LENGTH", help="Add this much at the bottom."),
    click.option(
        "--all",
        "everywhere",
        type=LengthType(),
        metavar="LENGTH",
        help="Add this much on every side that is not named.",
    ),
)
@filling_options
@output_options
@talk_options
@verbose_option
def command(
    image: str,
    output: str | None,
    left: Length | None,
    right: Length | None,
    top: Length | None,
    bottom: Length | None,
    everywhere: Length | None,
    request: Request,
    format_name: str | None,
    quality: int | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Make IMAGE larger and fill the new area (outpainting). The picture itself stays as it is.

    \b
    freefill extend photo.jpg --left 300 --top 10% -o wide.jpg
    freefill extend photo.jpg --all 5%
    """
    with working("reading", quiet) as report:
        from freefill.extending import Margins, fill_margins
        from freefill.images.read import read_picture
        from freefill.inpainter import Inpainter
        from freefill.values import Length

        asked = (left, right, top, bottom)
        # Compared with None: `--left 0` is an answer, which --all does not change.
        margins = Margins(*(each if each is not None else everywhere or Length() for each in asked))
        picture = read_picture(stream_of(image), max_mpx=request.max_mpx)
        target = target_of(picture, image, output, "extended")
        check_apart((target,), (image,))
        check_target(picture, target, format_name)
        result = fill_margins(picture, margins, request, Inpainter.of(request), request.max_mpx, report.fill)
        report.stage("writing")
        written = write(result, target, format_name, quality)
    tell_filled(result, target, written, None, as_json=as_json, quiet=quiet, verbose=verbose)
