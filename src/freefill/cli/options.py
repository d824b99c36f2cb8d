"""Options that several commands share, and how their words become values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from freefill.cli.completing import complete_engines, complete_masks, complete_weights
from freefill.cli.headings import all_of, under
from freefill.cli.option_types import LengthType, MemoryType, ShapeType

_ENGINE = under(
    "Engine",
    click.option(
        "--engine",
        "--model",
        "engine",
        default="auto",
        show_default=True,
        metavar="NAME",
        shell_complete=complete_engines,
        help="Engine that fills the hole. See: freefill engines.",
    ),
    click.option(
        "--weights",
        metavar="NAME|FILE",
        shell_complete=complete_weights,
        help="Weights for a network. See: freefill weights list.",
    ),
    click.option(
        "--device",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        help="Where networks run.",
    ),
    click.option(
        "--precision",
        default="fp32",
        show_default=True,
        type=click.Choice(["fp32", "bf16", "fp16"]),
        help="Numbers that networks compute with. 16 bits are faster on most GPUs.",
    ),
)

_SEED = under(
    "The fill",
    click.option(
        "--seed",
        default=0,
        show_default=True,
        type=click.IntRange(0, 2**31 - 1),
        help="A different seed gives a different fill.",
    ),
)

_GROW = under(
    "The mask",
    click.option(
        "--grow",
        default="0",
        show_default=True,
        type=LengthType(),
        help="Grow the hole before filling: 8px, or 3% of the object's size. -8px shrinks it.",
    ),
    click.option(
        "--feather",
        default="0",
        show_default=True,
        type=LengthType(),
        help="Blend the fill into the picture over this width. Needs --grow.",
    ),
)

_WINDOW = under(
    "The fill",
    click.option(
        "--window",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "whole"]),
        help="'whole' works on the whole picture at once, not only around the hole.",
    ),
)

_HOW = under(
    "The fill",
    click.option(
        "--texture",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "always", "never"]),
        help="Sharpen fills with the picture's own texture.",
    ),
    click.option(
        "--structure",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "layout", "network", "never"]),
        help="Continue lines that cross the hole, such as a horizon: where it helps (auto), everywhere (layout), "
        "where it helps and with what small networks expect (network), or never.",
    ),
)

_MEMORY = under(
    "Engine",
    click.option(
        "--max-memory",
        "max_memory_bytes",
        default="2GB",
        show_default=True,
        type=MemoryType(),
        help="Memory that the engine may use on top of the picture.",
    ),
)

prior_option = click.option(
    "--prior",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "people", "none"]),
    help="Let refining ask the networks that know people: if they are installed (auto), always (people), or never.",
)

invert_option = click.option("--invert", is_flag=True, help="Remove what is black in the mask, not what is white.")
mask_fit_option = click.option(
    "--mask-fit",
    default="error",
    show_default=True,
    type=click.Choice(["error", "scale"]),
    help="What to do with a mask of another size: stop, or scale it.",
)
max_mpx_option = click.option(
    "--max-megapixels",
    "max_mpx",
    default=200.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Refuse pictures larger than this.",
)
# No default: each detector has its own.
score_option = click.option(
    "--score",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="How sure a detector must be. Lower finds more, with more false alarms.",
)

tries_option = click.option(
    "--tries",
    default=1,
    show_default=True,
    type=click.IntRange(1, 8),
    metavar="N",
    help="Fill in up to N different ways and keep the one that the diagnosis likes best.",
)

_MASK = under(
    "The mask",
    invert_option,
    mask_fit_option,
    click.option(
        "--mask-channel",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "grey", "transparent", "opaque"]),
        help="Which part of a mask file with transparency is the mask.",
    ),
    click.option("--refine", is_flag=True, help="Repair the mask first. See: freefill mask refine --help."),
    prior_option,
    score_option,
)

shape_options = under(
    "What goes",
    click.option(
        "--box",
        "boxes",
        multiple=True,
        type=ShapeType("box"),
        metavar="X,Y,W,H",
        help="Remove this rectangle, in px or percent from the top left corner. Shapes can be given more than once.",
    ),
    click.option(
        "--circle", "circles", multiple=True, type=ShapeType("circle"), metavar="X,Y,R", help="Remove this disc."
    ),
    click.option(
        "--polygon",
        "polygons",
        multiple=True,
        type=ShapeType("polygon"),
        metavar="X1,Y1,X2,Y2,...",
        help="Remove the area inside these corners.",
    ),
    click.option(
        "--line",
        "lines",
        multiple=True,
        type=ShapeType("line"),
        metavar="X1,Y1,X2,Y2,WIDTH",
        help="Remove this line: a wire, a scratch.",
    ),
)

more_mask_options = under(
    "What goes",
    click.option(
        "--and",
        "also",
        multiple=True,
        metavar="MASK|WORD",
        shell_complete=complete_masks,
        help="Remove this as well. Can be given more than once.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="MASK|WORD",
        shell_complete=complete_masks,
        help="Keep this. Can be given more than once.",
    ),
)

_SOURCES = under(
    "The fill",
    click.option("--source", metavar="MASK", help="Copy only from what is white in this mask."),
    click.option("--not-from", metavar="MASK", help="Never copy from what is white in this mask."),
    click.option(
        "--sketch",
        metavar="FILE",
        help="Lines that the fill follows, white on black. For --engine deepfillv2 with weights trained with a sketch.",
    ),
)

_READING = under("Files", max_mpx_option)

output_options = under(
    "Files",
    click.option(
        "--format",
        "format_name",
        metavar="NAME",
        help="File format, such as PNG or JPEG. Default: by the output's ending.",
    ),
    click.option(
        "--quality", type=click.IntRange(1, 100), help="Quality for JPEG and WebP. Default: that of the input."
    ),
)

verbose_option = click.option("-v", "--verbose", is_flag=True, help="Also say why this engine was chosen.")

talk_options = all_of(
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output."),
    click.option("-q", "--quiet", is_flag=True, help="Print no notes and no progress."),
)


def shapes_of(params: Any) -> tuple[Any, ...]:
    """Take the values of `shape_options`, where a command has them, out of its parameters (a dict), as one."""
    return tuple(each for name in ("boxes", "circles", "polygons", "lines") for each in params.pop(name, ()))


def _asking(*groups: Callable[..., Any]) -> Callable[[Any], Any]:
    """Add wishes as options, and hand them to the command as one value: its parameter `request`."""

    def decorate(command: Callable[..., Any]) -> Any:
        @functools.wraps(command)
        def with_request(**params: Any) -> Any:
            from freefill.request import WISHES, Request

            shapes = shapes_of(params)
            # A command that saves stages is told where to, which is no wish of the fill itself.
            wishes = {name: params.pop(name) for name in WISHES if name in params and not name.startswith("save_")}
            return command(request=Request(**wishes, shapes=shapes), **params)

        return all_of(*groups)(with_request)

    return decorate


filling_options = _asking(_ENGINE, _SEED, _HOW, _MEMORY, _READING)
request_options = _asking(
    shape_options, more_mask_options, _MASK, _GROW, _ENGINE, _MEMORY, _SEED, _WINDOW, _HOW, _SOURCES, _READING
)
