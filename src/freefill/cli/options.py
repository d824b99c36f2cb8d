"""Options that several commands share, and how their words become values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.completing import complete_engines, complete_masks, complete_weights
from freefill.errors import InputError

if TYPE_CHECKING:
    from freefill.values import Length

_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class LengthType(click.ParamType):
    """ "12", "12px" or "5%"."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Length:
        from freefill.values import Length

        if isinstance(value, Length):
            return value
        try:
            return Length.parse(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)


class MemoryType(click.ParamType):
    """ "2GB", "512MB" or a number of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip().upper()
        digits = text.rstrip("KMGB")
        try:
            return round(float(digits) * _UNITS[text[len(digits) :] or "B"])
        except (KeyError, ValueError):
            self.fail(f"'{value}' is not a size; write 2GB or 512MB", param, ctx)


class ShapeType(click.ParamType):
    """The numbers of a shape: "10,20,30,40"."""

    def __init__(self, kind: str) -> None:
        self.kind = self.name = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from freefill.request import Shape

        if isinstance(value, Shape):
            return value
        try:
            return Shape.parse(str(value), self.kind)
        except InputError as error:
            self.fail(str(error), param, ctx)


_ENGINE = (
    click.option(
        "--engine",
        "--model",
        "engine",
        default="auto",
        show_default=True,
        metavar="NAME",
        shell_complete=complete_engines,
        help="Which engine fills; all: freefill engines.",
    ),
    click.option(
        "--weights",
        metavar="NAME|FILE",
        shell_complete=complete_weights,
        help="Weights of a network; all: freefill weights list.",
    ),
    click.option("--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda", "mps"])),
    click.option("--precision", default="fp32", show_default=True, type=click.Choice(["fp32", "bf16", "fp16"])),
)

_SEED = (
    click.option(
        "--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Another seed, another fill."
    ),
)

_GROW = (
    click.option(
        "--grow",
        default="0",
        show_default=True,
        type=LengthType(),
        help="Grow the hole first: 8px, or 3% of the object's size; -8px shrinks it.",
    ),
    click.option(
        "--feather",
        default="0",
        show_default=True,
        type=LengthType(),
        help="Let the fill fade out inside the grown ring.",
    ),
    click.option(
        "--window",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "whole"]),
        help="'whole' fills the whole picture in one window at its own scale.",
    ),
)

_HOW = (
    click.option(
        "--texture",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "always", "never"]),
        help="Make fills sharp with the picture's own texture.",
    ),
    click.option(
        "--structure",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "layout", "network", "never"]),
        help="Join the lines that cross the hole before filling it: where that helps, everywhere, everywhere "
        "and with a small network that says what it expects, never.",
    ),
    click.option(
        "--max-memory",
        "max_memory_bytes",
        default="2GB",
        show_default=True,
        type=MemoryType(),
        help="What the engine may take on top of the picture.",
    ),
)

prior_option = click.option(
    "--prior",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "people", "none"]),
    help="When refining, ask the networks that know persons: where they are here (auto), in any case, never.",
)

invert_option = click.option("--invert", is_flag=True, help="Black is hole.")
mask_fit_option = click.option(
    "--mask-fit",
    default="error",
    show_default=True,
    type=click.Choice(["error", "scale"]),
    help="What to do with a mask of another size.",
)
max_mpx_option = click.option(
    "--max-megapixels",
    "max_mpx",
    default=200.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Refuse larger pictures.",
)
score_option = click.option(
    "--score",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="How sure what a word names must be; lower finds more, and more that is none.",
)

_MASK = (
    invert_option,
    mask_fit_option,
    click.option(
        "--mask-channel",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "grey", "transparent", "opaque"]),
        help="Where a mask file with alpha carries the mask.",
    ),
    click.option("--refine", is_flag=True, help="Repair the mask first: freefill mask refine --help."),
    prior_option,
    score_option,
)

_SHAPES = (
    click.option(
        "--box",
        "boxes",
        multiple=True,
        type=ShapeType("box"),
        metavar="X,Y,W,H",
        help="Remove this rectangle: px or percent, from the top left corner. May be given again.",
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
        help="Remove what these corners enclose.",
    ),
    click.option(
        "--line",
        "lines",
        multiple=True,
        type=ShapeType("line"),
        metavar="X1,Y1,X2,Y2,WIDTH",
        help="Remove along this line: wires, scratches.",
    ),
)

_MORE_MASKS = (
    click.option(
        "--and",
        "also",
        multiple=True,
        metavar="MASK|WORD",
        shell_complete=complete_masks,
        help="Remove this too. May be given again.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="MASK|WORD",
        shell_complete=complete_masks,
        help="But leave this. May be given again.",
    ),
)

_SOURCES = (
    click.option("--source", metavar="MASK", help="White may be copied from, nothing else."),
    click.option("--not-from", metavar="MASK", help="White may not be copied from."),
)

_READING = (max_mpx_option,)

_OUTPUT = (
    click.option("--format", "format_name", metavar="NAME", help="PNG, JPEG, ...; default: the output's ending."),
    click.option("--quality", type=click.IntRange(1, 100), help="JPEG, WebP; default: as the input was made."),
)

verbose_option = click.option("-v", "--verbose", is_flag=True, help="Say also why this engine was chosen.")

_TALK = (
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output."),
    click.option("-q", "--quiet", is_flag=True, help="Print no notes and no progress."),
)


def _all(*groups: tuple[Callable[..., Any], ...]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


shape_options = _all(_SHAPES)
more_mask_options = _all(_MORE_MASKS)
output_options = _all(_OUTPUT)
filling_options = _all(_ENGINE, _SEED, _HOW, _READING)
talk_options = _all(_TALK)


def shapes_of(params: Any) -> tuple[Any, ...]:
    """Take the values of `shape_options` out of a command's parameters (a dict), as one."""
    return tuple(each for name in ("boxes", "circles", "polygons", "lines") for each in params.pop(name))


def request_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add every wish as an option, and hand them to the command as one value: its parameter `request`."""

    @functools.wraps(command)
    def with_request(**params: Any) -> Any:
        from freefill.request import WISHES, Request

        shapes = shapes_of(params)
        # A command that saves stages is told where to, which is no wish of the fill itself.
        wishes = {name: params.pop(name) for name in WISHES if name in params and not name.startswith("save_")}
        return command(request=Request(**wishes, shapes=shapes), **params)

    return _all(_ENGINE, _SHAPES, _MORE_MASKS, _MASK, _SEED, _GROW, _HOW, _SOURCES, _READING)(with_request)
