"""Which of the engines that were asked for can run on this machine; one that cannot does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence

from freefill.errors import EngineError, FreefillError, UnknownEngineError, WeightsError
from freefill.inpainter import Inpainter

YARDSTICKS = ("truth", "blurred")
"""Not engines: the truth itself (the floor of every measure), and the truth slightly blurred."""


def ready_engines(names: Sequence[str]) -> tuple[dict[str, str | None], dict[str, str]]:
    """Open each engine once.

    Parameters
    ----------
    names : of engines, "auto" and YARDSTICKS among them

    Returns
    -------
    ready : name to the hash of its weights, None where it has none; in the order asked for
    absent : name to one line on what it lacks

    Raises
    ------
    UnknownEngineError
        If a name is no engine's: that is a slip, and nothing that this machine lacks.
    WeightsError, EngineError
        If engines were asked for and none is ready; the first one's own error.
    """
    ready: dict[str, str | None] = {}
    absent: dict[str, FreefillError] = {}
    for name in dict.fromkeys(names):
        if name in YARDSTICKS or name == "auto":  # "auto" takes an engine only when it sees a picture
            ready[name] = None
            continue
        try:
            ready[name] = Inpainter(name).weights_sha256
        except UnknownEngineError:
            raise
        except (WeightsError, EngineError) as error:
            absent[name] = error
    if absent and not ready:
        raise next(iter(absent.values()))
    return ready, {name: str(error) for name, error in absent.items()}
