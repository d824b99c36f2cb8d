"""The options that mask commands share, and what they are handed down as."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from freefill.cli.headings import all_of, under
from freefill.cli.option_types import LengthType
from freefill.cli.options import max_mpx_option

images_argument = click.argument("images", nargs=-1, required=True)
masks_argument = click.argument("masks", nargs=-1, required=True)
score_option = click.option(
    "--score",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How sure the detector must be. Lower finds more, with more false alarms.",
)


def output_option(command: Any) -> Any:
    """Add -o."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE|DIR",
        help="Default: NAME.mask.png beside each input. Several inputs need a folder; '-' is standard output.",
    )(command)


# What every source of masks can do to its masks.
_MENDING = under(
    "The mask",
    click.option("--refine", is_flag=True, help="Repair the mask. See: freefill mask refine --help."),
    click.option(
        "--grow",
        default="0",
        show_default=True,
        type=LengthType(),
        help="Grow the mask afterwards: 8px, or 3% of the object's size.",
    ),
)
_WRITING = under(
    "Files",
    click.option(
        "--bits", default="1", show_default=True, type=click.Choice(["1", "8"]), help="Bits per pixel of the PNG."
    ),
    max_mpx_option,
)


@dataclass(frozen=True)
class Writing:
    """How masks are written and told of, as every mask command takes it.

    Attributes
    ----------
    bits : of a pixel of the PNG, "1" or "8"
    max_mpx : larger pictures are refused, megapixels
    as_json, quiet : what is printed
    """

    bits: str
    max_mpx: float
    as_json: bool
    quiet: bool


def _gathered(command: Callable[..., int]) -> Callable[..., int]:
    """Hand the options of writing to a command as one value."""

    @functools.wraps(command)
    def taking(*, bits: str, max_mpx: float, as_json: bool, quiet: bool, **others: Any) -> int:
        return command(writing=Writing(bits, max_mpx, as_json, quiet), **others)

    return taking


write_options = all_of(
    _WRITING,
    click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each mask."),
    click.option("-q", "--quiet", is_flag=True, help="Print no notes and no progress."),
    _gathered,
)
finish_options = all_of(_MENDING, write_options)
