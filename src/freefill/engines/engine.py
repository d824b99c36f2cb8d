"""The one door to every engine."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from freefill.values import Crop, EngineSettings, EngineSpec, Fill


class Engine(Protocol):
    """Fills the hole of a crop. Made once with `EngineSettings`, used often, from several threads.

    Other people's conventions (BGR, 255 = hole, [-1, 1], SAME padding) end inside it: what it gets and gives is RGB in
    [0, 1] with True = hole. It never writes to the crop. It raises EngineError, with a way out, where it cannot fill.
    An engine with weights has an attribute `weights_sha256`.
    """

    def __init__(self, settings: EngineSettings) -> None: ...

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole; known pixels of the answer are not read."""
        ...


class Ready(NamedTuple):
    """An engine that is loaded, with what it is."""

    spec: EngineSpec
    engine: Engine
