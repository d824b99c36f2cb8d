"""Tell what network a state dict is of, from its keys: a table of the networks that we know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from freefill.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_WHERE = "see docs/weights.md"


@dataclass(frozen=True)
class KnownNetwork:
    """A network, and what tells its files from those of all others.

    Attributes
    ----------
    name : for messages, and on cards
    first : of a generator, the weight of its first layer, (outputs, inputs, height, width); a key of no other network
    layout : of a generator: how its sides are padded and what its layers are called
    use : what it is for, where no engine fills with it
    role : the name under which `--structure network` asks such a network; empty = it is none of those
    """

    name: str
    first: str
    layout: Literal["pt", "tf"] | None = None
    use: str = ""
    role: str = ""

    def __str__(self) -> str:
        return f"{self.name}, layout '{self.layout}'" if self.layout else self.name


NETWORKS = (
    KnownNetwork("deepfillv2", "stage1.conv1.conv.weight", "pt"),
    KnownNetwork("deepfillv2", "conv1.conv.weight", "tf"),
    KnownNetwork("the discriminator of deepfillv2", "conv1.conv_sn.weight", use="trains a generator and fills nothing"),
    KnownNetwork("efficientnet-lite0", "_conv_stem.weight", use="measures fills: freefill weights fetch measures"),
    KnownNetwork("stlpips-alex", "net.slice1.0.weight", use="measures fills: freefill weights fetch measures"),
    KnownNetwork("the painting network", "head.weight", use="--structure network asks", role="painter"),
    KnownNetwork("the pointing network", "offsets", use="--structure network asks", role="structure"),
)
GENERATORS = tuple(row for row in NETWORKS if row.layout is not None)


@dataclass(frozen=True)
class Recognised:
    """What a state dict is.

    Attributes
    ----------
    network : a name of EngineSpec.weights' cards: "deepfillv2"
    layout : "pt" or "tf"
    width : channels of its first gated layer before the gate; the public weights have 48
    in_channels : 5, plus one for each guide channel, plus 3 where it starts from a smooth fill
    """

    network: str
    layout: str
    width: int
    in_channels: int

    def __str__(self) -> str:
        from freefill.networks.deepfill import guides_of

        guides, prefilled = guides_of(self.in_channels)
        extra = f", {guides} guide channel{'s' if guides > 1 else ''}" if guides > 0 else ""
        extra += ", starts from a smooth fill" if prefilled else ""
        return f"{self.network}, layout '{self.layout}', width {self.width}{extra}"


def known(keys: Collection[str]) -> KnownNetwork | None:
    """Return the network that has these keys, or None where we know none."""
    return next((row for row in NETWORKS if row.first in keys), None)


def recognise(state: Mapping[str, Tensor], source: str = "these weights") -> Recognised:
    """Return what a state dict is.

    Parameters
    ----------
    state : name to tensor
    source : the file's name, for messages

    Raises
    ------
    WeightsError
        If no engine fills with it; the message names the nearest network, how many keys are missing, and the first.
    """
    from freefill.networks import deepfill_weights

    given = {key: tuple(value.shape) for key, value in state.items() if key != deepfill_weights.IDENTITY_KEY}
    row = known(given)
    if row is not None and row.layout is None:
        raise WeightsError(f"{source}: is {row}, which {row.use}; {_WHERE}")
    options = deepfill_weights.recognise(state)
    if row is None or options is None:
        raise WeightsError(f"{source}: {_nearest(given)}; {_WHERE}")
    found = Recognised(row.name, options.layout, options.width, options.in_channels)
    _check(given, found, source)
    return found


def _shapes(layout: str, width: int = 48, in_channels: int = 5) -> dict[str, tuple[int, ...]]:
    """Return {key: shape} of a whole generator."""
    from freefill.networks.deepfill_weights import GeneratorOptions, keys

    return keys(GeneratorOptions(layout, width, in_channels))  # type: ignore[arg-type]


def _check(given: Mapping[str, tuple[int, ...]], found: Recognised, source: str) -> None:
    """Refuse what has the first layers of a generator, and not all others."""
    wanted = _shapes(found.layout, found.width, found.in_channels)
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


def _nearest(given: Mapping[str, tuple[int, ...]]) -> str:
    """Name the generator that shares most keys."""
    row, wanted = max(
        ((row, _shapes(str(row.layout))) for row in GENERATORS), key=lambda pair: len(pair[1].keys() & given.keys())
    )
    if not wanted.keys() & given.keys():
        first = f", first '{next(iter(given))}'" if given else ""
        return f"{len(given)} keys fit no known network{first}; known: {'; '.join(map(str, GENERATORS))}"
    missing = [key for key in wanted if key not in given]
    if not missing:
        return f"nearest is {row}, but its first layers have other shapes ('{row.first}': {given[row.first]})"
    return (
        f"{len(given)} keys fit no known network; nearest is {row}: {_count(len(missing))} missing, "
        f"first '{missing[0]}'"
    )


def _count(keys: int) -> str:
    return "1 key" if keys == 1 else f"{keys} keys"
