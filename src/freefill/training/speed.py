"""Which way of computing is fastest here: timed, never guessed.

16 bits are three times as fast on a processor that has instructions for them and twelve times as slow on one that has
not; compiling pays in a long run alone.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import torch

from freefill.errors import InputError
from freefill.training.machine import Machine
from freefill.training.options import RunOptions
from freefill.training.schedule import Schedule
from freefill.training.task import Batch, TrainingTask
from freefill.training.tools import NotFinite, StepTools

WORDS = ("fp32", "bf16", "channels_last", "compile")
EAGER = ("fp32", "fp32+channels_last", "bf16", "bf16+channels_last")
TIMED_STEPS = 5  # the median of five is not moved by one disturbed step
COMPILING_S = 120.0  # what compiling may cost: tried where the run takes ten times as long without


def check(way: str) -> str:
    """Return a way of computing if it is one.

    Raises
    ------
    InputError
        If it has other words.
    """
    wrong = [word for word in way.split("+") if word not in WORDS]
    if wrong and way != "auto":
        raise InputError(f"option speed: '{wrong[0]}' is none of {', '.join(WORDS)}; join them by +, or say auto")
    return way


def choose(
    task: TrainingTask, options: RunOptions, machine: Machine, batch: Batch, say: Callable[[str], None]
) -> tuple[str, dict[str, float]]:
    """Time each way over five steps and return the fastest, with the milliseconds of a step of all.

    The task is as before afterwards.
    """
    before = {name: copy.deepcopy(network.state_dict()) for name, network in task.networks.items()}
    optimizers = {name: copy.deepcopy(optimizer.state_dict()) for name, optimizer in task.optimizers.items()}
    took: dict[str, float] = {}

    def timed(way: str) -> None:
        tools = StepTools(task, way, machine, Schedule.of(options), options.rate)
        say(f"timing five steps as {way}")
        try:
            took[way] = _step_ms(task, tools, batch, machine)
        except NotFinite:
            took[way] = float("inf")  # what overflows is no way to train
        took[way] = machine.mean({way: torch.tensor(took[way])})[way]  # so that all processes choose alike
        for name, network in task.networks.items():
            network.load_state_dict(before[name])
            # The next way must not find this one's order in memory.
            network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for name, optimizer in task.optimizers.items():
            optimizer.load_state_dict(copy.deepcopy(optimizers[name]))

    for way in EAGER:
        timed(way)
    best = min(took, key=lambda way: took[way])
    if took[best] / 1000 * options.steps > 10 * COMPILING_S:
        try:
            timed(best + "+compile")
        except RuntimeError as error:  # no compiler on this machine, or one that cannot do it
            took.pop(best + "+compile", None)
            say(f"compiling does not work here, so it is left out ({str(error).strip().splitlines()[0][:100]})")
    return min(took, key=lambda way: took[way]), took


def _step_ms(task: TrainingTask, tools: StepTools, batch: Batch, machine: Machine) -> float:
    """Return the median of five steps after two that warm up."""
    times = []
    for _ in range(2 + TIMED_STEPS):  # the first steps plan and take memory
        start = time.perf_counter()
        tools.begin(tools.steps - 1)  # with everything that begins late, such as a discriminator
        task.step(batch, tools)
        if machine.device.type == "cuda":  # CUDA answers before it has computed
            torch.cuda.synchronize()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times[2:])[TIMED_STEPS // 2]
