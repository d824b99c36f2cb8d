"""The list of tasks. Classes are named as text and loaded on first use."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from freefill.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

    from freefill.training.options import RunOptions
    from freefill.training.task import TrainingTask

TASKS = {
    "deepfill": "freefill.training.deepfill_task:DeepFillTask",
    "painter": "freefill.training.painter_task:PainterTask",
    "pointer": "freefill.training.pointer_task:PointerTask",
}


def load(options: RunOptions, kept: Mapping[str, Mapping[str, Tensor]] | None = None) -> TrainingTask:
    """Make the task of a run; its class takes the options, and what a snapshot kept.

    Parameters
    ----------
    options : of the run
    kept : state dicts of the snapshot that the run goes on from, by network; `options.start` is not opened then

    Raises
    ------
    InputError
        If the task or one of its settings is unknown.
    """
    if options.task not in TASKS:
        raise InputError(
            f"task '{options.task}' is not known;{did_you_mean(options.task, TASKS)} all: {', '.join(TASKS)}"
        )
    module, name = TASKS[options.task].split(":")
    return getattr(importlib.import_module(module), name)(options, kept)
