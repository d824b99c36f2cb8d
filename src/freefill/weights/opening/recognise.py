"""Tell what network a state dict is of, from its keys and shapes; the tables are those of the networks themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freefill.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_WHERE = "see docs/weights.md"


@dataclass(frozen=True)
class Recognised:
    """What a state dict is.

    Attributes
    ----------
    network : a name of EngineSpec.weights' cards: "deepfillv2"
    layout : "pt" or "tf"
    width : channels of its first gated layer before the gate; the public weights have 48
    in_channels : 5, plus one for each guide channel
    """

    network: str
    layout: str
    width: int
    in_channels: int

    def __str__(self) -> str:
        guides = self.in_channels - 5
        extra = f", {guides} guide channel{'s' if guides > 1 else ''}" if guides > 0 else ""
        return f"{self.network}, layout '{self.layout}', width {self.width}{extra}"


def recognise(state: Mapping[str, Tensor], source: str = "these weights") -> Recognised:
    """Return what a state dict is.

    Parameters
    ----------
    state : name to tensor
    source : the file's name, for messages

    Raises
    ------
    WeightsError
        If it fits no known network; the message names the nearest, how many keys are missing, and the first.
    """
    from freefill.networks import deepfill

    options = deepfill.recognise(state)
    given = {key: tuple(value.shape) for key, value in state.items() if key != deepfill.IDENTITY_KEY}
    if options is None:
        raise WeightsError(f"{source}: {_nearest(given)}; {_WHERE}")
    wanted = deepfill.keys(options)
    found = Recognised("deepfillv2", options.layout, options.width, options.in_channels)
    missing = [key for key in wanted if key not in given]
    if missing:
        raise WeightsError(
            f"{source}: {len(given)} keys fit no known network; nearest is {found}: {_count(len(missing))} missing, "
            f"first '{missing[0]}'; {_WHERE}"
        )
    foreign = [key for key in given if key not in wanted]
    if foreign:
        raise WeightsError(
            f"{source}: nearest is {found}: {_count(len(foreign))} too many, first '{foreign[0]}'; {_WHERE}"
        )
    for key, shape in wanted.items():
        if given[key] != shape:
            raise WeightsError(
                f"{source}: nearest is {found}: '{key}' has shape {given[key]} instead of {shape}; {_WHERE}"
            )
    return found


def _nearest(given: Mapping[str, tuple[int, ...]]) -> str:
    """Name the known network that shares most keys."""
    from freefill.networks import deepfill
    from freefill.networks.deepfill import GeneratorOptions

    known = {
        f"deepfillv2, layout '{layout}'": deepfill.keys(GeneratorOptions(layout, 48, 5)) for layout in ("pt", "tf")
    }
    name, wanted = max(known.items(), key=lambda entry: len(entry[1].keys() & given.keys()))
    shared = wanted.keys() & given.keys()
    if not shared:
        first = f", first '{next(iter(given))}'" if given else ""
        return f"{len(given)} keys fit no known network{first}; known: {'; '.join(known)}"
    missing = [key for key in wanted if key not in given]
    return (
        f"{len(given)} keys fit no known network; nearest is {name}: {_count(len(missing))} missing, "
        f"first '{missing[0]}'"
    )


def _count(keys: int) -> str:
    return "1 key" if keys == 1 else f"{keys} keys"
