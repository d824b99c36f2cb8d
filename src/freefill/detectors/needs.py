"""What detectors need: the extra that runs networks, and weights; what lacks is told with the line that gets it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from freefill.errors import WeightsError
from freefill.weights.cards.catalogue import JOBS
from freefill.weights.locate import state


def needed(word: str) -> tuple[str, ...]:
    """Return the names of the weights that a word needs."""
    if "people" in word:
        from freefill.detectors.people import WEIGHTS
    elif word == "salient":
        from freefill.detectors.salient import WEIGHTS
    else:
        from freefill.detectors.text import WEIGHTS
    return WEIGHTS


def require(names: tuple[str, ...], what: str) -> None:
    """Stop where the extra or weights are missing, naming all of it at once, with one line to run.

    Raises
    ------
    WeightsError
        With the command that gets them.
    """
    missing = [name for name in names if state(name) == "not here"]
    lacks = lacking(missing)
    if lacks:
        raise WeightsError(f"{what}: {lacks}")


def lacking(missing: Sequence[str]) -> str:
    """Say what must be got before networks can be asked, and by which command; empty where that is nothing.

    Parameters
    ----------
    missing : names of weights that are not on this machine
    """
    needs, commands = [], []
    if not can_run():
        needs.append("the extra 'detect'")
        commands.append("pip install 'freefill[detect]'")
    if missing:
        needs.append("weights that are not on this machine")
        commands.append(f"freefill weights fetch {' '.join(_jobs(missing))}")
    return f"needs {' and '.join(needs)}; run: {' && '.join(commands)}" if needs else ""


def can_run() -> bool:
    """Tell whether what runs networks is installed."""
    return importlib.util.find_spec("onnxruntime") is not None


def _jobs(missing: Sequence[str]) -> list[str]:
    """Return the shortest names that fetch them all: the one of a job where several belong to it."""
    for job, names in JOBS.items():
        if len(missing) > 1 and set(missing) <= set(names):
            return [job]
    return list(missing)
