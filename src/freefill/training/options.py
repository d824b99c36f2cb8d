"""All options of a training run: read from a recipe, saved in the run folder, frozen."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from freefill.errors import InputError, did_you_mean

Fit = Literal["crop", "resize", "zoom"]
Made = TypeVar("Made")


@dataclass(frozen=True)
class DataOptions:
    """What is cut out of the photographs.

    Attributes
    ----------
    side_px : height and width of a view
    fit : "crop": a random square at the photograph's own resolution, the paper's for Places2 (a photograph whose short
        side is smaller is enlarged to it); "resize": the whole photograph, its aspect ignored, the paper's for
        CelebA-HQ; "zoom": a random square of `area` of the photograph's largest square, scaled to the view
    area : smallest and largest share for "zoom"
    flip : mirror half of the views
    colour : change brightness and contrast of a view by up to this share
    small : what happens to photographs that "crop" would have to enlarge by more than a quarter: "enlarge" them as the
        paper does, "skip" them, or "refuse" the run
    held_out_share : share of the photographs, by the hash of their names, that is scored and never trained on
    held_out_views : how many fixed views the score is taken over
    """

    side_px: int = 256
    fit: Fit = "crop"
    area: tuple[float, float] = (0.3, 1.0)
    flip: bool = True
    colour: float = 0.0
    small: Literal["enlarge", "skip", "refuse"] = "enlarge"
    held_out_share: float = 0.02
    held_out_views: int = 64


@dataclass(frozen=True)
class RateOptions:
    """How fast is learned.

    Attributes
    ----------
    warmup_steps : the rate rises from 0 over these steps
    decay_steps : of the run's steps the last ones, over which the rate falls to 0 in a straight line; 0 = constant
    clip : largest norm of a network's gradient; 0 = not clipped
    average : of the averaged weights, what is kept at each step (exponential moving average); 0 = none is kept
    """

    warmup_steps: int = 0
    decay_steps: int = 0
    clip: float = 0.0
    average: float = 0.999


@dataclass(frozen=True)
class EveryOptions:
    """What is done every so many steps: log, score held-out pictures, draw a sample grid, save a snapshot."""

    log: int = 100
    score: int = 5000
    samples: int = 5000
    snapshot: int = 5000


@dataclass(frozen=True)
class RunOptions:
    """A run.

    Attributes
    ----------
    recipe : its name
    task : what is trained; `freefill.training.tasks` lists them
    steps : updates of the network
    batch : views in one step, over all processes
    seed : of views, masks and first weights
    masks : kind to how often it is drawn; kinds as `freefill.training.holes` lists them
    mask_scale : of lengths in masks, which are meant for 256 px (LaMa's: 512 px); 0 = by the view's side
    largest_hole : share of a view; larger masks are drawn again
    sketch : give the network an edge map inside the hole (user-guided filling, section 3.5 of the paper)
    speed : "auto" times five steps of each way and takes the fastest; else "fp32" or "bf16", then "channels_last"
        and "compile", joined by "+"
    start : file of weights that the network starts from, for fine-tuning; "" = from random numbers
    workers : processes that prepare views beside the training; 0 = none
    data, rate, every : see there
    settings : of the task, checked by the task itself
    """

    recipe: str = ""
    task: str = "deepfill"
    steps: int = 100_000
    batch: int = 16
    seed: int = 0
    masks: Mapping[str, float] = field(default_factory=lambda: {"deepfill": 1.0})
    mask_scale: float = 0.0
    largest_hole: float = 0.75
    sketch: bool = False
    speed: str = "auto"
    start: str = ""
    workers: int = 2
    data: DataOptions = field(default_factory=DataOptions)
    rate: RateOptions = field(default_factory=RateOptions)
    every: EveryOptions = field(default_factory=EveryOptions)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse values that cannot work.

        Raises
        ------
        InputError
            With the option, its value and what it may be.
        """
        data = self.data
        for name, value in (("steps", self.steps), ("batch", self.batch), ("data.held_out_views", data.held_out_views)):
            if value < 1:
                raise InputError(f"option {name} is {value}; it must be at least 1")
        if data.side_px < 16 or data.side_px % 8:
            raise InputError(
                f"option data.side_px is {data.side_px}; views need sides of 16 px or more, in multiples of 8"
            )
        if not 0 < data.held_out_share < 1:
            raise InputError(f"option data.held_out_share is {data.held_out_share}; it lies between 0 and 1")
        if not 0 < data.area[0] <= data.area[1] <= 1:
            raise InputError(f"option data.area is {list(data.area)}; give two shares, the smaller first, at most 1")
        if not 0 < self.largest_hole <= 1:
            raise InputError(f"option largest_hole is {self.largest_hole}; it lies between 0 and 1")
        if not self.masks or min(self.masks.values()) < 0 or sum(self.masks.values()) <= 0:
            raise InputError("option masks is empty; name kinds of masks and how often each is drawn")
        if not 0 <= self.rate.average < 1:
            raise InputError(f"option rate.average is {self.rate.average}; it lies between 0 and 1")


def from_toml(text: str, name: str) -> RunOptions:
    """Return the options of a recipe's text; `name` is for messages, and the run's recipe where it names none.

    Raises
    ------
    InputError
        If it is no TOML, or an option is unknown or of the wrong kind.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"recipe {name}: cannot be read: {error}") from None
    options = made(RunOptions, {"recipe": name, **given}, f"recipe {name}")
    options.check()
    return options


def made(kind: type[Made], given: Mapping[str, Any], where: str, path: str = "") -> Made:
    """Make a dataclass of options from plain values, as TOML and JSON give them.

    Raises
    ------
    InputError
        If an option is unknown (the message names the nearest) or of the wrong kind.
    """
    kinds = typing.get_type_hints(kind)
    unknown = next((key for key in given if key not in kinds), None)
    if unknown is not None:
        raise InputError(
            f"{where}: there is no option '{path}{unknown}';{did_you_mean(unknown, kinds)} all: {', '.join(kinds)}"
        )
    return kind(**{key: _value(kinds[key], value, where, path + key) for key, value in given.items()})


def _value(kind: Any, value: Any, where: str, path: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: option '{path}' is a group of options, not {value!r}")
        return made(kind, value, where, path + ".")
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        if value not in parts:
            raise InputError(f"{where}: option '{path}' is one of {', '.join(map(str, parts))}, not {value!r}")
        return value
    if origin is tuple and isinstance(value, list | tuple) and (len(value) == len(parts) or parts[1:] == (...,)):
        return tuple(_value(parts[0], each, where, path) for each in value)
    # TOML tells 1 from 1.0; who writes a recipe does not.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted: Any = origin or kind
    if not isinstance(value, wanted) or (kind is int and isinstance(value, bool)):  # True is an int in Python
        raise InputError(f"{where}: option '{path}' is {value!r}, which is no {getattr(kind, '__name__', kind)}")
    return value


def changed(options: RunOptions, words: tuple[str, ...]) -> RunOptions:
    """Return the options with `key=value` words applied; keys as in the recipe (`data.side_px`), values as in TOML.

    Raises
    ------
    InputError
        If a word has no "=", or what it gives does not fit.
    """
    given = plain(options)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"--set {word}: give KEY=VALUE, for example data.side_px=128")
        group = given
        *path, last = key.strip().split(".")
        for name in path:
            group = group.setdefault(name, {})
            if not isinstance(group, dict):
                raise InputError(f"--set {word}: '{name}' is no group of options")
        try:
            group[last] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            group[last] = value  # a bare word, as in speed=bf16
    new = made(RunOptions, given, "--set")
    new.check()
    return new


def plain(options: RunOptions) -> dict[str, Any]:
    """Return the options as dictionaries, lists and numbers, for JSON."""
    return dataclasses.asdict(options)
