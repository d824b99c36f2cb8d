"""What a step works with: networks made fast, one way to update them, averaged weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from freefill.errors import EngineError
from freefill.training.machine import Machine
from freefill.training.options import RateOptions
from freefill.training.schedule import Schedule
from freefill.training.task import TrainingTask


class NotFinite(EngineError):
    """A loss or gradient was infinite or no number; no weight has changed since the step before."""


class StepTools:
    """`Tools` for one task; see there."""

    def __init__(self, task: TrainingTask, way: str, machine: Machine, schedule: Schedule, rate: RateOptions) -> None:
        self.task = task
        self.step = 0
        self.steps = schedule.steps
        self.schedule = schedule
        self.clip = rate.clip
        self.ready: dict[str, Callable[..., Any]] = {}
        self.frozen: dict[str, Callable[..., Any]] = {}
        for name, network in task.networks.items():
            self.ready[name], self.frozen[name] = _ready(network, way, machine)
        for optimizer in task.optimizers.values():
            for group in optimizer.param_groups:
                # A restored optimiser brings it along; its own "lr" is that of the step at which it was saved.
                group.setdefault("initial_lr", group["lr"])

    def begin(self, step: int) -> None:
        """Set the number and the rates of a step."""
        self.step = step
        for optimizer in self.task.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * self.schedule.share(step)

    def update(self, name: str, loss: Tensor) -> Tensor:
        """See `Tools`."""
        optimizer = self.task.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        own = [p for group in optimizer.param_groups for p in group["params"]]
        loss.backward(inputs=own)  # others that the loss went through, a discriminator say, get no gradient
        gradients = [p for p in own if p.grad is not None]
        norm = nn.utils.clip_grad_norm_(gradients, self.clip or float("inf"))  # without a bound it only measures
        if not torch.isfinite(norm + loss.detach()):
            raise NotFinite(
                f"step {self.step}: the loss of '{name}' is {loss.item():.3g}, its gradient {norm.item():.3g}; the "
                "last snapshot is good: go on from it with a lower rate, or with rate.clip set"
            )
        optimizer.step()
        return norm


def _ready(network: nn.Module, way: str, machine: Machine) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Wrap a network for this machine, with and without the exchange of its gradients; float32 goes in and out."""
    words = way.split("+")
    network.to(machine.device)
    if "channels_last" in words:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    alone: Callable[..., Any] = torch.compile(network) if "compile" in words else network
    together = alone
    if machine.processes > 1:
        with warnings.catch_warnings():
            # Newer versions have another word for it; buffers are the same everywhere, for they follow from weights.
            warnings.simplefilter("ignore", FutureWarning)
            together = DistributedDataParallel(alone, broadcast_buffers=False)  # type: ignore[arg-type]
    half, last = "bf16" in words, "channels_last" in words

    def wrapped(called: Callable[..., Any]) -> Callable[..., Any]:
        def call(*inputs: Tensor | None) -> Any:
            if last:
                inputs = tuple(x if x is None else x.contiguous(memory_format=torch.channels_last) for x in inputs)
            with torch.autocast(machine.device.type, torch.bfloat16) if half else nullcontext():
                out = called(*inputs)
            return tuple(each.float() for each in out) if isinstance(out, tuple) else out.float()

        return call

    return wrapped(together), wrapped(alone)


def averaged(network: nn.Module, keep: float) -> AveragedModel | None:
    """Return the network's running mean: of the old weights `keep` stays at each step, less at the start of a run."""
    if not keep:
        return None

    def mean(old: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        share = min(keep, (1 + float(count)) / (10 + float(count)))  # so that random first weights are soon forgotten
        return old.lerp(new, 1 - share)

    return AveragedModel(network, avg_fn=mean, use_buffers=True).eval()
