"""The seam between the loop and what is trained.

A task brings networks, optimisers and one readable step; the loop brings views, speed, averaged weights, snapshots, the
log and everything else. To train something new, write one file with a class like `Task` and name it in `tasks.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer


@dataclass(frozen=True)
class Batch:
    """What one step sees.

    Attributes
    ----------
    image_pm1 : (B, 3, H, W) float32 in [-1, 1], the truth, nothing cut out
    mask : (B, 1, H, W) float32, 1 = hole; another one for each picture
    sketch : (B, 1, H, W) float32, 1 = on an edge, or None where the recipe wants none
    """

    image_pm1: Tensor
    mask: Tensor
    sketch: Tensor | None = None

    @property
    def masked_pm1(self) -> Tensor:
        """The picture with its hole at 0, mid grey."""
        return self.image_pm1 * (1 - self.mask)

    def completed(self, fill_pm1: Tensor) -> Tensor:
        """The composite: the fill in the hole, the picture around it."""
        return fill_pm1 * self.mask + self.image_pm1 * (1 - self.mask)


class Tools(Protocol):
    """What the loop lends to a step.

    Attributes
    ----------
    step : number of this step, from 0
    steps : how many the run is to have
    ready : name to network, wrapped for this machine (number format, compiled, many processes); takes and gives float32
    frozen : the same without the exchange between processes: for networks that another one learns from, as a generator
        from its discriminator
    """

    step: int
    steps: int

    @property
    def ready(self) -> Mapping[str, Callable[..., Any]]: ...

    @property
    def frozen(self) -> Mapping[str, Callable[..., Any]]: ...

    def update(self, name: str, loss: Tensor) -> Tensor:
        """Let the optimiser `name` go down the gradient of a loss; return the gradient's norm.

        Only that optimiser's weights get a gradient, clipped as the recipe says. A loss or gradient that is not finite
        stops the run before any weight has changed.
        """
        ...


class TrainingTask(Protocol):
    """What is trained.

    Attributes
    ----------
    networks : name to network, all that a snapshot has to hold
    optimizers : name to optimiser; the rates given here are the full ones, the loop scales them
    averaged : name of the network whose weights are averaged, scored, drawn and handed out
    score_by : which of the scores decides which snapshot is best; lower is better
    """

    networks: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    averaged: str
    score_by: str

    def step(self, batch: Batch, tools: Tools) -> dict[str, Tensor]:
        """Update the networks once; return what is to be logged, each a number without gradient."""
        ...

    def score(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Return figures of held-out views, each (B,); their means are logged. Called without gradients."""
        ...

    def samples(self, network: nn.Module, batch: Batch) -> list[Tensor]:
        """Return the columns of the sample grid, each (B, 3, H, W) in [-1, 1]. Called without gradients."""
        ...


def hole_mean(value: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over each picture's hole, (B, C, H, W) to (B,)."""
    return (value * mask).sum((1, 2, 3)) / (mask.sum((1, 2, 3)) * value.shape[1]).clamp(min=1)
