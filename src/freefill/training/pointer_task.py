"""Training the network that points: a mixture over known cells, for some cells of each hole.

See `freefill.networks.pointer` for the network and its loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from freefill.networks.pointer import (
    MULTIPLE_PX,
    TEMPERATURE,
    Pointer,
    differences_of,
    hole_and_known_cells,
    log_shares,
    mixture_loss,
    windows_of,
)
from freefill.training.options import RunOptions, made
from freefill.training.planes import begun, check_views, planes
from freefill.training.task import Batch, Tools


@dataclass(frozen=True)
class PointerSettings:
    """The settings of this task.

    Attributes
    ----------
    widths, blocks, learned : of the network
    rate, betas, decay : of AdamW
    table_rate : of the table of offsets, over `rate`: each of its numbers is seen by few cells
    cells : of each view's hole that are asked in a step; drawn anew each time
    temperature : of what counts as right, mean squared difference of values in -1..1
    """

    widths: tuple[int, int, int, int] = (32, 64, 128, 192)
    blocks: tuple[int, int, int] = (2, 2, 3)
    learned: int = 48
    rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    decay: float = 0.01
    table_rate: float = 10.0
    cells: int = 64
    temperature: float = TEMPERATURE


class PointerTask:
    """The network alone; see `Task` for the attributes."""

    averaged = "pointer"
    score_by = "loss"

    def __init__(self, options: RunOptions, kept: Mapping[str, Mapping[str, Tensor]] | None = None) -> None:
        self.settings = settings = made(PointerSettings, options.settings, "settings")
        check_views(options, MULTIPLE_PX)
        sizes = settings.widths, settings.blocks, settings.learned
        self.pointer = begun(Pointer, sizes, options.start, (kept or {}).get("pointer"))
        self.networks: dict[str, nn.Module] = {"pointer": self.pointer}
        named = dict(self.pointer.named_parameters())
        table = named.pop("offsets")
        groups = [
            {"params": [p for p in named.values() if p.ndim > 1], "weight_decay": settings.decay},
            {"params": [p for p in named.values() if p.ndim == 1], "weight_decay": 0.0},
            {"params": [table], "weight_decay": 0.0, "lr": settings.rate * settings.table_rate},
        ]
        self.optimizers: dict[str, Optimizer] = {"pointer": torch.optim.AdamW(groups, settings.rate, settings.betas)}

    def step(self, batch: Batch, tools: Tools) -> dict[str, Tensor]:
        """Ask some cells of each hole, and go down the mixture's loss."""
        asking, known, asked = _cells(batch.mask, self.settings.cells)
        read = planes(batch)
        queries, keys = tools.ready["pointer"](read)
        shares = log_shares(queries.float(), keys.float(), self.pointer.offsets, known, asked)
        sharper = TEMPERATURE / self.settings.temperature  # `mixture_loss` divides by TEMPERATURE
        differences = differences_of(windows_of(batch.image_pm1), asked) * sharper
        counted = asking.gather(1, asked).float()
        mixture = _mean(mixture_loss(shares, differences), counted)
        norm = tools.update("pointer", mixture)
        # Near 1 from early on means a softmax too sure to learn from (training log).
        surest = shares.detach().amax(-1).mean()
        return {"mixture": mixture.detach(), "surest": surest, "norm": norm}

    def score(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Loss of the mixture; squared error of the likeliest window, and of that nearest to the smooth fill."""
        assert isinstance(network, Pointer)
        asking, known, every = _cells(batch.mask, None)
        read = planes(batch)
        queries, keys = network(read)
        shares = log_shares(queries, keys, network.offsets, known, every)
        windows = windows_of(batch.image_pm1)
        differences = differences_of(windows, every)
        # The smooth fill's windows stand behind the true ones, so their numbers go on.
        smooth = differences_of(torch.cat([windows, windows_of(read[:, :3])], 2), every + every.shape[1])
        nearest = smooth[..., : every.shape[1]].masked_fill(~known[:, None], torch.inf).argmin(-1)
        found = {"likeliest": shares.argmax(-1), "nearest_to_smooth": nearest}
        errors = {name: differences.gather(2, pick[..., None])[..., 0] for name, pick in found.items()}
        values = {"loss": mixture_loss(shares, differences), **errors}
        counted = asking.float()
        return {name: (each * counted).sum(1) / counted.sum(1).clamp(min=1) for name, each in values.items()}

    def samples(self, network: nn.Module, batch: Batch) -> list[Tensor]:
        """The masked picture, the smooth fill, the likeliest windows' middles, the truth."""
        assert isinstance(network, Pointer)
        asking, known, every = _cells(batch.mask, None)
        read = planes(batch)
        queries, keys = network(read)
        picked = log_shares(queries, keys, network.offsets, known, every).argmax(-1)
        side = batch.mask.shape[-1] // 4
        cells = torch.nn.functional.unfold(batch.image_pm1, 4, stride=4)
        there = cells.gather(2, torch.where(asking, picked, every)[:, None].expand_as(cells))
        pointed = torch.nn.functional.fold(there, (side * 4, side * 4), 4, stride=4)
        return [batch.masked_pm1, read[:, :3], batch.completed(pointed), batch.image_pm1]


def _cells(mask: Tensor, number: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return which cells ask, which are known, and the numbers of the cells to look at, those that ask first."""
    asking, known = hole_and_known_cells(mask)
    # Where nothing is known there is nothing to point at.
    asking = asking & known.any(1, keepdim=True)
    if number is None:
        return asking, known, torch.arange(asking.shape[1], device=mask.device).expand(len(mask), -1)
    order = torch.rand(asking.shape, device=mask.device) * asking  # those that do not ask are 0, and come last
    return asking, known, order.topk(min(number, asking.shape[1]), 1)[1]


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    return (values * counted).sum() / counted.sum().clamp(min=1)
