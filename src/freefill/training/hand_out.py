"""From a run to weights that an engine uses, with a card that says what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from freefill.errors import InputError
from freefill.training import run_folder
from freefill.training.options import RunOptions
from freefill.training.run_folder import RunFolder, Snapshot
from freefill.weights.importing import Imported, import_trained


def import_run(path: Path, name: str | None = None, *, half: bool = False) -> Imported:
    """Take the best weights of a run into the store.

    Parameters
    ----------
    path : the run's folder
    name : for the weights; None = the folder's name, or of a small network that by which `--structure network` asks it
    half : keep 16 bits of each number

    Raises
    ------
    InputError
        If no run lies there, or it has no snapshot yet.
    WeightsError
        If its network is none that an engine uses.
    """
    folder = RunFolder(path)
    said = folder.described()
    snapshot = best(folder)
    state = {key: value.float() for key, value in averaged(snapshot).items()}
    return import_trained(state, name, path.resolve().name, about(folder, said, snapshot), half=half)


def best(folder: RunFolder) -> Snapshot:
    """Return the snapshot with the best held-out score, or the newest where none was scored yet."""
    return run_folder.read(folder.best_file) if folder.best_file.exists() else folder.newest()


def averaged(snapshot: Snapshot) -> dict[str, Tensor]:
    """Return the averaged weights, or the only network's where none were kept.

    Raises
    ------
    InputError
        If it cannot be told which network is meant.
    """
    if snapshot.average is not None:
        # PyTorch's averaging puts a word before each name, and counts in one more.
        return {key.removeprefix("module."): value for key, value in snapshot.average.items() if key != "n_averaged"}
    name = "generator" if "generator" in snapshot.networks else next(iter(snapshot.networks))
    if name != "generator" and len(snapshot.networks) > 1:
        raise InputError(f"the run has several networks ({', '.join(snapshot.networks)}) and no averaged one")
    return snapshot.networks[name]


def about(folder: RunFolder, said: dict[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """Return what a card says of a run: recipe, amount, photographs, and the scores of the very snapshot."""
    options: RunOptions = folder.options()
    scores: dict[str, Any] = {}
    if folder.log_file.exists():
        for line in folder.log_file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["kind"] == "held_out" and record["step"] == snapshot.step:
                scores = {key: value for key, value in record.items() if key not in ("step", "kind", "time")}
    return {
        "recipe": options.recipe,
        "settings": dict(options.settings),
        "steps": snapshot.step,
        "views": snapshot.step * options.batch,
        "side_px": options.data.side_px,
        "photographs": said["photos"],
        "data": [Path(each).name for each in said["data"]],
        "held_out_share": options.data.held_out_share,
        "held_out_scores": scores,
        "freefill": said["freefill"],
    }
