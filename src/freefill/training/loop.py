"""The training loop: one straight function; everything it calls is a file of this room."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from freefill.training.health import Health
from freefill.training.journal import Show, Silent, TrainingLog
from freefill.training.machine import Machine
from freefill.training.options import RunOptions
from freefill.training.photos import Photo
from freefill.training.run_folder import RunFolder, Snapshot, write
from freefill.training.schedule import Schedule
from freefill.training.task import Batch, TrainingTask
from freefill.training.tools import StepTools, averaged
from freefill.training.views import HELD_OUT, Views, collated, on_device

SAMPLES = 8  # rows of a sample grid


@dataclass
class Run:
    """Where a run stands; what a snapshot holds is taken from here and put back here."""

    options: RunOptions
    task: TrainingTask
    machine: Machine
    schedule: Schedule
    way: str = "fp32"
    step: int = 0
    best: float | None = None
    average: AveragedModel | None = field(init=False)

    def __post_init__(self) -> None:
        for network in self.task.networks.values():
            network.to(self.machine.device)
        self.average = averaged(self.task.networks[self.task.averaged], self.options.rate.average)

    @property
    def scored(self) -> torch.nn.Module:
        """The network that is scored and drawn: the averaged one where there is one."""
        return self.task.networks[self.task.averaged] if self.average is None else self.average.module

    def snapshot(self) -> Snapshot:
        """Return what is needed to go on from here, bit for bit."""
        return Snapshot(
            self.step,
            self.schedule,
            {name: network.state_dict() for name, network in self.task.networks.items()},
            {name: optimizer.state_dict() for name, optimizer in self.task.optimizers.items()},
            None if self.average is None else self.average.state_dict(),
            self.best,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Put everything back."""
        self.step, self.schedule, self.best = snapshot.step, snapshot.schedule, snapshot.best
        for name, state in snapshot.networks.items():
            self.task.networks[name].load_state_dict(state)
        for name, state in snapshot.optimizers.items():
            self.task.optimizers[name].load_state_dict(state)
        if self.average is not None and snapshot.average is not None:
            self.average.load_state_dict(snapshot.average)


def train(
    run: Run,
    folder: RunFolder,
    trained_on: Sequence[Photo],
    held_out: Sequence[Photo],
    show: Show | None = None,
    *,
    hours: float | None = None,
) -> bool:
    """Train until the schedule's last step; the run folder holds all results.

    Parameters
    ----------
    run : new, or restored from a snapshot
    folder : made by `RunFolder.create`
    trained_on, held_out : photographs, from `photos.split`
    show : how to show progress
    hours : stop and save after so long

    Returns
    -------
    bool
        False where a signal (SIGINT, SIGTERM) or `hours` ended it before its last step; it was saved.

    Raises
    ------
    NotFinite
        If a loss or gradient is no number; nothing is saved then, and the last snapshot is good.
    InputError
        If photographs cannot be used, or a snapshot cannot be written.
    """
    options, task, machine, every = run.options, run.task, run.machine, run.options.every
    show = show if show is not None and machine.writes else Silent()
    journal = TrainingLog(folder, run.step, show) if machine.writes else None
    health = Health()
    tools = StepTools(task, run.way, machine, run.schedule, options.rate)
    began = time.monotonic()

    def say(sentences: Sequence[str]) -> None:
        for sentence in sentences:
            if journal is not None:
                journal.say(run.step, sentence)

    say(health.of_batch(options.batch, "discriminator" in task.networks))
    batches = steady(run, trained_on)
    figures = Means()
    with stopped_by_signals() as stopped:
        while run.step < run.schedule.steps:
            # the views of this step
            waited = time.perf_counter()
            batch, skipped, reason = next(batches)
            waited = time.perf_counter() - waited
            if skipped:
                figures.skipped += skipped
                say([f"left out: {reason}"])

            # one update; random numbers of a step depend on its number alone, so that nothing of them has to be saved
            started = time.perf_counter()
            # Of whole numbers `hash` is the same in every process, which it is not of text.
            torch.manual_seed(hash((options.seed, run.step, machine.rank)) & 0x7FFFFFFF)
            tools.begin(run.step)
            # Before the step: these are the last weights at the full rate.
            if run.step == run.schedule.decay_from and journal is not None:
                write(run.snapshot(), folder.before_decay_file)
            told = task.step(batch, tools)
            if run.average is not None:
                run.average.update_parameters(task.networks[task.averaged])
            run.step += 1
            figures.add(told, waited, time.perf_counter() - started)

            # what is told, scored and saved every so often
            ends = run.step == run.schedule.steps
            if run.step % every.log == 0 or ends:
                means = machine.mean(figures.taken())
                means["skipped"] *= machine.processes  # a count: what all of them left out
                if journal is not None:
                    journal.note(run.step, "train", {**means, "rate_share": run.schedule.share(run.step - 1)})
                    show.progress(run.step, run.schedule.steps, means)
                say(health.of_losses(means))
            if run.step % every.score == 0 or ends:
                scores, columns, mask = scored(run, held_out or trained_on)  # of few photographs none may be held out
                if journal is not None:
                    journal.note(run.step, "held_out", scores)
                    if run.step % every.samples == 0 or ends:
                        journal.samples(run.step, columns)
                    say(health.of_scores(scores, columns, mask))
                    show.progress(run.step, run.schedule.steps, scores)
                if run.best is None or scores[task.score_by] < run.best:
                    run.best = scores[task.score_by]
                    if journal is not None:
                        write(run.snapshot(), folder.best_file)
            late = hours is not None and time.monotonic() - began > hours * 3600
            stop = machine.any(bool(stopped) or late)  # every process asks at every step, since each waits for all
            if (run.step % every.snapshot == 0 or ends or stop) and journal is not None:
                folder.save(run.snapshot())
            if stop:
                break
    if journal is not None:
        journal.close()
    return run.step >= run.schedule.steps


class Means:
    """Means of what steps told, since they were last taken; tensors stay where they are until then."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._waited = self._worked = 0.0
        self._steps = 0
        self.skipped = 0

    def add(self, told: dict[str, Tensor], waited_s: float, worked_s: float) -> None:
        """Add one step."""
        for name, value in told.items():
            # A copy: a task may tell a parameter, which the next step changes in place.
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
            self._counts[name] = self._counts.get(name, 0) + 1
        self._waited += waited_s
        self._worked += worked_s
        self._steps += 1

    def taken(self) -> dict[str, Tensor]:
        """Return the means, a step's time, the share of it waited for views, and how many were skipped; begin anew."""
        means = {name: value / self._counts[name] for name, value in self._sums.items()}
        whole = self._waited + self._worked
        means["step_ms"] = torch.tensor(1000 * whole / max(self._steps, 1))
        means["waited_share"] = torch.tensor(self._waited / max(whole, 1e-9))
        means["skipped"] = torch.tensor(float(self.skipped))
        self._clear()
        return means


def steady(run: Run, photos: Sequence[Photo]) -> Iterator[tuple[Batch, int, str]]:
    """Give this process's part of each step's batch, from the run's step on; worker processes prepare them ahead."""
    options, machine = run.options, run.machine
    own = options.batch // machine.processes
    numbers = (
        range(step * options.batch + machine.rank * own, step * options.batch + (machine.rank + 1) * own)
        for step in range(run.step, run.schedule.steps)
    )
    loader = DataLoader(
        Views(options, photos),
        batch_sampler=numbers,  # type: ignore[arg-type]
        num_workers=options.workers,
        collate_fn=collated,
        pin_memory=machine.device.type == "cuda",
        multiprocessing_context="spawn" if options.workers else None,  # a fork would take our threads' locks along
        prefetch_factor=4 if options.workers else None,
    )
    for found in loader:
        yield on_device(found, machine.device), found["skipped"], found["first_skipped"]


@torch.no_grad()
def scored(run: Run, photos: Sequence[Photo]) -> tuple[dict[str, float], list[Tensor], Tensor]:
    """Score fixed views; return the means, and the sample grid of the first few with their mask."""
    options, network = run.options, run.scored
    views = Views(options, photos, HELD_OUT)
    training = network.training
    network.eval()
    found: dict[str, list[Tensor]] = {}
    columns: list[Tensor] = []
    mask = torch.zeros(0)
    size = max(min(options.batch, options.data.held_out_views), 1)
    for start in range(0, options.data.held_out_views, size):
        numbers = range(start, min(start + size, options.data.held_out_views))
        batch = on_device(collated([views[number] for number in numbers]), run.machine.device)
        for name, values in run.task.score(network, batch).items():
            found.setdefault(name, []).append(values.float().cpu())
        if not columns:
            columns = [column[:SAMPLES].cpu() for column in run.task.samples(network, batch)]
            mask = batch.mask[:SAMPLES].cpu()
    network.train(training)
    return {name: float(torch.cat(values).mean()) for name, values in found.items()}, columns, mask


@contextmanager
def stopped_by_signals() -> Iterator[list[int]]:
    """Give a list that a first SIGINT or SIGTERM is put into; a second one interrupts at once."""
    caught: list[int] = []
    before: dict[int, Callable[..., object] | int | None] = {}

    def catch(number: int, _: object) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.getsignal(number)
            signal.signal(number, catch)
    except ValueError:  # not the main thread: the caller has the signals
        pass
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
