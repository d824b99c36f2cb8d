"""The one door to every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from freefill.values import Crop, EngineSettings, EngineSpec, Fill

if TYPE_CHECKING:
    from torch import Tensor


class Engine(Protocol):
    """Fills the hole of a crop. Made once with `EngineSettings`, used often, from several threads.

    Other people's conventions (BGR, 255 = hole, [-1, 1], SAME padding) end inside it: what it gets and gives is RGB in
    [0, 1] with True = hole. It never writes to the crop. It raises EngineError, with a way out, where it cannot fill.

    Attributes
    ----------
    weights_sha256 : of the file of weights that it uses; None where it uses none
    """

    weights_sha256: str | None

    def __init__(self, settings: EngineSettings) -> None: ...

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole; known pixels of the answer are not read."""
        ...


@runtime_checkable
class TakesTensors(Protocol):
    """An engine that also fills a batch of tensors at once: a network."""

    def fill_batch(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill (B, 3, H, W) float in [0, 1] where (B, 1, H, W) is not zero."""
        ...


@runtime_checkable
class TrainedAt(Protocol):
    """An engine whose weights may say how large the pictures were that they were trained on.

    Attributes
    ----------
    trained_px : side of those pictures, or None where the weights do not say
    """

    trained_px: int | None


class Ready(NamedTuple):
    """An engine that is loaded, with what it is."""

    spec: EngineSpec
    engine: Engine
