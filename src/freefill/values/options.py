"""How one fill is made: lengths, seed, windows, memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from freefill.errors import InputError
from freefill.values.plan import Structure

FARTHEST_PX = 1e9  # wider than any picture; what is far larger becomes no whole number that NumPy can hold
PEOPLE_WORDS = re.compile(r"(?P<small>small )?people(?: but (?P<kept>the main one|[1-9]\d{0,2}))?")
"""How persons are named where a mask is a word: "people", "people but the main one", "people but 2", "small people"."""


@dataclass(frozen=True)
class Length:
    """A length in px, or in percent of the size of the object it is for ("12", "12px", "5%"); below 0 it shrinks."""

    value: float = 0.0
    unit: Literal["px", "%"] = "px"

    def __post_init__(self) -> None:
        # NaN passes every comparison further down.
        if not np.isfinite(self.value):
            raise InputError(f"a length must be a finite number, not {self.value}{self.unit}")

    @classmethod
    def parse(cls, text: str) -> Length:
        """Read "12", "12px" or "5%"."""
        body, unit = (text[:-1], "%") if text.endswith("%") else (text.removesuffix("px"), "px")
        try:
            return cls(float(body), unit)  # type: ignore[arg-type]
        except ValueError:
            raise InputError(f"'{text}' is not a length; write 12, 12px or 5%") from None

    @classmethod
    def of(cls, value: Length | float | str) -> Length:
        """Take a length, a text, or a number of px."""
        if isinstance(value, Length):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):  # to Python True is a number
            raise InputError(f"{value!r} is not a length; write 12, '12px' or '5%'")
        return cls(float(value))

    def in_px(self, object_px: float) -> float:
        """Return the length in px for an object of that size (root of its area), px."""
        px = self.value if self.unit == "px" else self.value / 100 * object_px
        return float(np.clip(px, -FARTHEST_PX, FARTHEST_PX))


@dataclass(frozen=True)
class Options:
    """How one fill is made.

    Attributes
    ----------
    seed : another seed gives another fill, the same seed the same
    grow : the hole is grown by this much before it is filled, below 0 it shrinks; a text as "3%" or a number of px
        will do
    feather : the fill fades over this much of the grown ring
    window : "whole" = one window, the whole picture at its own scale
    max_memory_bytes : what the engine may take on top of the picture
    texture : make fills sharp by patch synthesis: where they were made small, always, never
    structure : ask what crosses the hole before it is filled: where that helps, everywhere, everywhere with the
        network of the package, never
    """

    seed: int = 0
    grow: Length = Length()
    feather: Length = Length()
    window: Literal["auto", "whole"] = "auto"
    max_memory_bytes: int = 2 << 30
    texture: Literal["auto", "always", "never"] = "auto"
    structure: Structure = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "grow", Length.of(self.grow))
        object.__setattr__(self, "feather", Length.of(self.feather))
        if self.feather.value < 0:
            raise InputError(f"feather must not be negative: {self.feather.value:g}{self.feather.unit}")
        if not isinstance(self.seed, int | np.integer) or not 0 <= self.seed < 2**31:
            raise InputError(f"seed must be a whole number from 0 to 2147483647, not {self.seed!r}")
        if not isinstance(self.max_memory_bytes, int | np.integer) or self.max_memory_bytes < 64 << 20:
            raise InputError(f"--max-memory must be at least 64MB (67108864 bytes), not {self.max_memory_bytes!r}")
