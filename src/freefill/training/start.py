"""Begin a run, or go on with one: options and photographs in, a finished run folder out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from freefill.errors import InputError
from freefill.files import replacing
from freefill.training import photos as photos_of
from freefill.training import run_folder, speed, tasks
from freefill.training.journal import Show, Silent
from freefill.training.loop import Run, train
from freefill.training.machine import joined
from freefill.training.options import RunOptions
from freefill.training.photos import Photo
from freefill.training.run_folder import RunFolder
from freefill.training.schedule import Schedule
from freefill.training.task import Batch
from freefill.training.views import TRAINED_ON, Views, collated, on_device


@dataclass(frozen=True)
class Planned:
    """What a run would do, for `--dry-run`.

    Attributes
    ----------
    options : of the run
    trained_on, held_out : how many photographs
    parameters : name of a network to how many numbers it has
    passes : how often each photograph is seen
    """

    options: RunOptions
    trained_on: int
    held_out: int
    parameters: dict[str, int]
    passes: float


def plan(options: RunOptions, paths: Sequence[Path]) -> Planned:
    """Check everything that can be checked without training: options, photographs, a first view, the networks.

    Raises
    ------
    InputError
        If something cannot work; one line.
    """
    speed.check(options.speed)
    trained_on, held_out = photos_of.split(photos_of.find(paths), options.data.held_out_share)
    Views(options, trained_on, TRAINED_ON)[0]
    task = tasks.load(options)
    parameters = {name: sum(p.numel() for p in network.parameters()) for name, network in task.networks.items()}
    passes = options.steps * options.batch / max(len(trained_on), 1)
    return Planned(options, len(trained_on), len(held_out), parameters, passes)


def begin(
    options: RunOptions,
    paths: Sequence[Path],
    out: Path,
    show: Show | None = None,
    *,
    device: str = "auto",
    hours: float | None = None,
) -> bool:
    """Begin a run in a new folder; returns and raises as `loop.train` does."""
    found = photos_of.find(paths)
    speed.check(options.speed)
    with joined(device) as machine:
        folder = RunFolder(out)
        torch.manual_seed(options.seed)  # the same first weights in every process
        run = Run(options, tasks.load(options), machine, Schedule.of(options))
        Views(options, found)[0]  # what cannot work is said before a folder is made
        if machine.writes:
            folder.create(options, paths, found)
        return _train(run, folder, found, show, hours)


def resume(
    path: Path,
    show: Show | None = None,
    *,
    paths: Sequence[Path] = (),
    start: Path | None = None,
    steps: int | None = None,
    decay_steps: int | None = None,
    device: str = "auto",
    hours: float | None = None,
) -> bool:
    """Go on with a run.

    Parameters
    ----------
    path : its folder
    show : how to show progress
    paths : where the photographs lie now; empty = where they lay at the start
    start : snapshot to go on from; None = the newest
    steps : new last step; the rate then stays constant up to it
    decay_steps : let the rate fall to nothing over so many steps from here, and end there
    device, hours : as for `begin`

    Returns
    -------
    As `loop.train`.

    Raises
    ------
    InputError
        If there is no run or snapshot, of another version or damaged; and as `loop.train`.
    """
    folder = RunFolder(path)
    said = folder.described()
    options = folder.options()
    found = photos_of.find(list(paths) or [Path(each) for each in said["data"]])
    show = show or Silent()
    if photos_of.fingerprint(found) != said["fingerprint"]:
        show.say(f"the photographs are not those of the start ({len(found)} now, {said['photos']} then)")
    with joined(device) as machine:
        snapshot = None
        if start is not None or folder.snapshot_files():
            snapshot = run_folder.read(start) if start is not None else folder.newest()
        try:
            task = tasks.load(options, None if snapshot is None else snapshot.networks)
            run = Run(options, task, machine, Schedule.of(options))
            if snapshot is not None:
                run.restore(snapshot)
        except (KeyError, RuntimeError, ValueError):
            raise InputError(f"{start or path}: the snapshot is one of another network than this run trains") from None
        run.schedule = run.schedule.going_on(run.step, steps, decay_steps)
        if run.step >= run.schedule.steps:
            raise InputError(
                f"{path}: is finished ({run.step} steps); pass --steps for a longer run, --decay to let the rate fall"
            )
        return _train(run, folder, found, show, hours)


def _train(run: Run, folder: RunFolder, found: list[Photo], show: Show | None, hours: float | None) -> bool:
    options, machine = run.options, run.machine
    show = show if show is not None and machine.writes else Silent()
    if options.batch % machine.processes:
        raise InputError(f"a batch of {options.batch} cannot be shared equally by {machine.processes} processes")
    trained_on, held_out = photos_of.split(found, options.data.held_out_share)
    if not trained_on:
        raise InputError(f"all {len(found)} photographs are held out; give more, or a smaller data.held_out_share")
    if not held_out:
        show.say(f"none of {len(found)} photographs is held out by its name: scores are of those that are trained on")
    run.way = _way(run, folder, trained_on, show)
    return train(run, folder, trained_on, held_out, show, hours=hours)


def _way(run: Run, folder: RunFolder, trained_on: list[Photo], show: Show) -> str:
    """Return how this run computes: what was chosen before, or what five steps of each way say now."""
    kept = folder.path / "speed.json"
    if run.options.speed != "auto":
        return run.options.speed
    if run.step and kept.exists():  # another way would round otherwise
        return json.loads(kept.read_text("utf-8"))["way"]
    way, took = speed.choose(run.task, run.options, run.machine, _first_batch(run, trained_on), show.say)
    if run.machine.writes:
        with replacing(kept) as file:
            file.write((json.dumps({"way": way, "step_ms": took}) + "\n").encode())
    show.say(f"computing as {way}: {took[way]:.0f} ms a step, {took['fp32']:.0f} as plain fp32")
    return way


def _first_batch(run: Run, trained_on: list[Photo]) -> Batch:
    own = run.options.batch // run.machine.processes
    views = Views(run.options, trained_on)
    return on_device(collated([views[number] for number in range(own)]), run.machine.device)
