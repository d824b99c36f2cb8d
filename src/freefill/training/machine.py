"""One process or many, processor or GPU: what torchrun said, and the little that processes tell each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor

from freefill.errors import InputError


@dataclass(frozen=True)
class Machine:
    """This process's place.

    Attributes
    ----------
    device : what it computes on
    rank : its number among the processes; 0 writes the run folder
    processes : how many there are
    """

    device: torch.device
    rank: int = 0
    processes: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process logs and saves."""
        return self.rank == 0

    def mean(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the mean of each value over all processes."""
        if not values:
            return {}
        together = torch.stack([value.float().to(self.device) for value in values.values()])
        if self.processes > 1:
            torch.distributed.all_reduce(together)
        return dict(zip(values, (together / self.processes).tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Return whether any process says yes, so that all stop at the same step."""
        if self.processes == 1:
            return flag
        told = torch.tensor(float(flag), device=self.device)
        torch.distributed.all_reduce(told)
        return bool(told.item())


@contextmanager
def joined(device: str = "auto") -> Iterator[Machine]:
    """Give this process's place; under torchrun, join the others first.

    Parameters
    ----------
    device : "auto", "cpu" or "cuda"

    Raises
    ------
    InputError
        If the device is not there.
    """
    has_cuda = torch.cuda.is_available()
    if device not in ("auto", "cpu", "cuda") or (device == "cuda" and not has_cuda):
        raise InputError(f"device '{device}' is not there; here: auto, cpu{', cuda' if has_cuda else ''}")
    processes, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))  # set by torchrun
    local = int(os.environ.get("LOCAL_RANK", "0"))
    on_gpu = has_cuda and device != "cpu"
    place = torch.device("cuda", local) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(place)
    if processes == 1:
        yield Machine(place)
        return
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Machine(place, rank, processes)
    finally:
        torch.distributed.destroy_process_group()
