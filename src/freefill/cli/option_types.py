"""Words of the command line that are lengths, sizes of memory and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from freefill.errors import InputError

if TYPE_CHECKING:
    from freefill.values import Length

# By 1024, as memory is counted.
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
