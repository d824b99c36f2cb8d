"""What may be wished of one fill, as one frozen value: every door makes it and hands it down.

The command line, the batch and the library all name a wish as it is named here; what a wish means stands here and
nowhere else. A wish that is added here is asked of every door by tests/test_every_wish.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from math import isfinite
from typing import Any, Literal, get_args, get_type_hints

from freefill.errors import FreefillError, InputError, did_you_mean
from freefill.values import PEOPLE_WORDS, EngineSettings, Options

MaskLike = Any  # a path, a stream, bytes, a PIL image, an array, a tensor, a Mask, or one of WORDS

WORDS = ("alpha", "people", "salient", "text")
"""Masks that are made from the picture; a file of that name goes first."""

DEFAULT_MAX_MPX = 200.0
KINDS = {"box": "X,Y,W,H", "circle": "X,Y,R", "polygon": "X1,Y1,X2,Y2,X3,Y3,...", "line": "X1,Y1,X2,Y2,WIDTH"}


@dataclass(frozen=True)
class Shape:
    """A part of the hole that is drawn.

    Attributes
    ----------
    kind : one of KINDS, which says what the numbers mean; x to the right, y down, from the picture's top left corner
    numbers : px, or percent where `percent` is true: x and widths of the picture's width, y and heights of its height,
        radii and a line's width of its shorter side
    """

    kind: Literal["box", "circle", "polygon", "line"]
    numbers: tuple[float, ...]
    percent: tuple[bool, ...]

    @classmethod
    def parse(cls, text: str, kind: str | None = None) -> Shape:
        """Read "box:10,20,30,40", or "10,20,30,40" where the kind is known; each number may end in "%".

        Examples
        --------
        >>> Shape.parse("circle:50%,120,8")
        Shape(kind='circle', numbers=(50.0, 120.0, 8.0), percent=(True, False, False))
        """
        kind, _, listed = (kind, ":", text) if kind is not None else text.partition(":")
        if kind not in KINDS:
            raise InputError(f"shape '{text}' is not known;{did_you_mean(kind, KINDS)} write box:10,20,30,40")
        words = [word.strip() for word in listed.split(",")]
        try:
            numbers = tuple(float(word.removesuffix("%").removesuffix("px")) for word in words)
        except ValueError:
            numbers = ()
        fits = len(numbers) >= 6 and len(numbers) % 2 == 0 if kind == "polygon" else len(numbers) == _COUNT[kind]
        if not fits or not all(map(isfinite, numbers)):
            raise InputError(f"'{listed}' is no {kind}: write {KINDS[kind]}, in px or percent")
        if kind in ("box", "circle", "line") and min(numbers[_SIZES[kind] :]) <= 0:
            raise InputError(f"'{listed}': a {kind} without extent covers nothing: write {KINDS[kind]}")
        return cls(kind, numbers, tuple(word.endswith("%") for word in words))  # type: ignore[arg-type]


_COUNT = {kind: len(form.split(",")) for kind, form in KINDS.items()}
_SIZES = {"box": 2, "circle": 2, "line": 4}  # from this number on they are sizes and not places


@dataclass(frozen=True)
class MaskOptions:
    """How a mask is made of what the user gives.

    Attributes
    ----------
    invert : black is hole
    mask_fit : what to do with a mask of another size than the picture
    mask_channel : where a mask with alpha carries the mask: `freefill.masks.sources.mask_from_picture`
    refine : repair the mask, so that it covers the whole thing
    prior : what refining may ask: the networks that know persons where they are on this machine, in any case, never
    score : how sure what a word names must be, 0 to 1; lower finds more, and more that is none; None = the word's own
    shapes : drawn, and added to the mask; each a Shape or a text as "box:10,20,30,40"
    also : more masks (files, words), added
    without : masks of what stays; taken out at the end, before the hole is grown
    """

    invert: bool = False
    mask_fit: Literal["error", "scale"] = "error"
    mask_channel: Literal["auto", "grey", "transparent", "opaque"] = "auto"
    refine: bool = False
    prior: Literal["auto", "people", "none"] = "auto"
    score: float | None = None
    shapes: tuple[Shape, ...] = ()
    also: tuple[MaskLike, ...] = ()
    without: tuple[MaskLike, ...] = ()

    def __post_init__(self) -> None:
        check_choices(self)
        if self.score is not None and not (_is_number(self.score) and 0 < self.score < 1):
            raise InputError(f"score must be a number between 0 and 1, not {self.score!r}")
        for name in ("also", "without"):
            # Frozen: this is the only way to set a field.
            object.__setattr__(self, name, _several(getattr(self, name)))
        drawn = tuple(Shape.parse(each) if isinstance(each, str) else each for each in _several(self.shapes))
        for each in drawn:
            if not isinstance(each, Shape):
                raise InputError(f"shapes: {each!r} is not a shape; write 'box:10,20,30,40'")
        object.__setattr__(self, "shapes", drawn)


@dataclass(frozen=True)
class Request(EngineSettings, MaskOptions, Options):
    """Everything that may be wished of one fill beside the picture and its mask; flat, so that forms and JSON fit it.

    It is all three of its parts: whoever needs one takes the request where that part is meant.

    Attributes
    ----------
    engine : a name of `freefill engines`, or "auto": chosen for each picture by what its hole is
    source, not_from : masks of what may, and of what may not, be copied from
    sketch : lines for the hole, white on black, for a network that was trained with such; a mask's kinds, no word
    max_mpx : larger pictures are refused, megapixels
    """

    engine: str = "auto"
    source: MaskLike | None = None
    not_from: MaskLike | None = None
    sketch: MaskLike | None = None
    max_mpx: float = DEFAULT_MAX_MPX

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        MaskOptions.__post_init__(self)  # which looks at the choices of all wishes, for it reads those of `self`
        for name in ("engine", "device"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} must be a name, not {getattr(self, name)!r}; all: freefill engines")
        if isinstance(self.weights, os.PathLike):
            object.__setattr__(self, "weights", os.fspath(self.weights))
        if not isinstance(self.weights, str | None):
            raise InputError(f"weights must be a name or a file, not {self.weights!r}; all: freefill weights list")
        if not _is_number(self.max_mpx) or not self.max_mpx > 0:
            raise InputError(f"max_mpx must be a number of megapixels above 0, not {self.max_mpx!r}")

    def files(self) -> dict[str, str]:
        """Return the mask files that the request names, by wish: what is to be watched for changes."""
        named: dict[str, Any] = {"source": self.source, "not_from": self.not_from, "sketch": self.sketch}
        named |= {f"also {n}": each for n, each in enumerate(self.also)}
        named |= {f"without {n}": each for n, each in enumerate(self.without)}
        return {
            wish: os.fspath(each)
            for wish, each in named.items()
            if isinstance(each, str | os.PathLike) and not is_word(each)
        }


WISHES: tuple[str, ...] = tuple(each.name for each in fields(Request))


def is_word(mask: MaskLike) -> bool:
    """Tell whether a mask is a word, which means that no file of that name is there."""
    if not isinstance(mask, str) or os.path.exists(mask):  # noqa: PTH110 (False for any name)
        return False
    return mask in WORDS or PEOPLE_WORDS.fullmatch(mask) is not None


def check_choices(options: object) -> None:
    """Refuse what is none of a wish's choices; they are read from the annotations.

    Raises
    ------
    InputError
        With the nearest choice.
    """
    for name, hint in _hints_of(type(options)).items():
        choices, value = get_args(hint), getattr(options, name)
        if not (choices and all(isinstance(each, str) for each in choices)):
            if hint is bool and not isinstance(value, bool):
                raise InputError(f"{name} must be True or False, not {value!r}")
        elif value not in choices:
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            raise InputError(f"{name} {value!r} is not known;{near} all: {', '.join(choices)}")


@cache
def _hints_of(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields, by name."""
    # Kept: Python works them out of text each time, which took a twentieth of a quick fill.
    return get_type_hints(kind)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)  # True is an int in Python


def _several(value: Any) -> tuple[Any, ...]:
    """One mask or shape is as good as a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


# --- one message for all doors -----------------------------------------------------------------------------------

_NAMES = {"max_memory": "max_memory_bytes", "max_megapixels": "max_mpx", "and": "also", "set": "settings"}
FLAGS = frozenset(("invert", "refine", "save_stages", "save_attention"))
_SIDES = ("left", "right", "top", "bottom")  # of `freefill.extend`
_NAMED = frozenset(("engine", "weights", "device"))  # their values are no fixed choices
# An option as messages name it, with its value; web/wording.py reads it too.
OPTION = re.compile(r"(?<!\S)--([a-z][a-z-]+)(?: (\w[\w%.]*))?")


def in_python(message: str) -> str:
    """Say an error or a note to somebody who calls the library: options become arguments.

    Commands that are quoted whole (freefill weights fetch ...) stay as they are.

    Examples
    --------
    >>> in_python("m.png: mask is 3x4; pass --mask-fit scale, or --invert if black is hole")
    "m.png: mask is 3x4; pass mask_fit='scale', or invert=True if black is hole"
    """

    def argument(found: re.Match[str]) -> str:
        name = found[1].replace("-", "_")
        if name in FLAGS:
            return f"{name}=True" + (f" {found[2]}" if found[2] else "")
        name = _NAMES.get(name, name)
        if name not in (*WISHES, *_SIDES):
            return found[0]
        value = found[2]
        if value is None:
            return name
        if not is_value(name, value):
            return f"{name} {value}"
        return f"{name}={value}" if value.isdigit() else f"{name}={value!r}"

    return OPTION.sub(argument, message)


def is_value(wish: str, word: str) -> bool:
    """Tell whether the word behind an option is its value, and not just the next word of the sentence."""
    if word[0].isdigit():
        return True
    fits = wish in _NAMED or word in get_args(_hints_of(Request).get(wish))
    return fits and word not in ("or", "and", "with")


@contextmanager
def speaking_python() -> Iterator[None]:
    """Let errors name arguments where the command line has options."""
    try:
        yield
    except FreefillError as error:
        error.args = tuple(in_python(str(each)) for each in error.args)
        raise
