"""Options that several commands share, and how their words become values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from freefill.errors import InputError
from freefill.values import Length, Options

_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class LengthType(click.ParamType):
    """ "12", "12px" or "5%"."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Length:
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


_ENGINE = (
    click.option("--engine", "--model", "engine", default="auto", show_default=True, metavar="NAME",
                 help="Which engine fills; all: freefill engines."),
    click.option("--weights", metavar="NAME|FILE", help="Weights of a network; all: freefill weights list."),
    click.option("--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda", "mps"])),
    click.option("--precision", default="fp32", show_default=True, type=click.Choice(["fp32", "bf16", "fp16"])),
)  # fmt: skip

_FILL = (
    click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1),
                 help="Another seed, another fill."),
    click.option("--grow", default="0", show_default=True, type=LengthType(),
                 help="Grow the hole first: 8px, or 3% of the object's size."),
    click.option("--feather", default="0", show_default=True, type=LengthType(),
                 help="Let the fill fade out inside the grown ring."),
    click.option("--window", default="auto", show_default=True, type=click.Choice(["auto", "whole"]),
                 help="'whole' fills the whole picture in one window at its own scale."),
    click.option("--texture", default="auto", show_default=True, type=click.Choice(["auto", "always", "never"]),
                 help="Make fills sharp with the picture's own texture."),
    click.option("--structure", default="auto", show_default=True, type=click.Choice(["auto", "layout", "never"]),
                 help="Join the lines that cross the hole before filling it: where that helps, everywhere, never."),
    click.option("--max-memory", "max_memory_bytes", default="2GB", show_default=True, type=MemoryType(),
                 help="What the engine may take on top of the picture."),
)  # fmt: skip

prior_option = click.option(
    "--prior", default="auto", show_default=True, type=click.Choice(["auto", "people", "none"]),
    help="When refining, ask the networks that know persons: where they are here (auto), in any case, never.",
)  # fmt: skip

_MASK = (
    click.option("--invert", is_flag=True, help="Black is hole."),
    click.option("--mask-fit", default="error", show_default=True, type=click.Choice(["error", "scale"]),
                 help="What to do with a mask of another size."),
    click.option("--mask-channel", default="auto", show_default=True,
                 type=click.Choice(["auto", "grey", "transparent", "opaque"]),
                 help="Where a mask file with alpha carries the mask."),
    click.option("--refine", is_flag=True, help="Repair the mask first: freefill mask refine --help."),
    prior_option,
)  # fmt: skip

_OUTPUT = (
    click.option("--format", "format_name", metavar="NAME", help="PNG, JPEG, ...; default: the output's ending."),
    click.option("--quality", type=click.IntRange(1, 100), help="JPEG, WebP; default: as the input was made."),
    click.option("--max-megapixels", "max_mpx", default=200.0, show_default=True,
                 type=click.FloatRange(min=0, min_open=True),
                 help="Refuse larger pictures."),
)  # fmt: skip

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


engine_options = _all(_ENGINE)
fill_options = _all(_FILL)
mask_options = _all(_MASK)
output_options = _all(_OUTPUT)
talk_options = _all(_TALK)


def options_from(
    seed: int, grow: Length, feather: Length, window: str, texture: str, structure: str, max_memory_bytes: int
) -> Options:
    """Return the values of `fill_options` as one value."""
    return Options(seed, grow, feather, window, max_memory_bytes, texture, structure)  # type: ignore[arg-type]
