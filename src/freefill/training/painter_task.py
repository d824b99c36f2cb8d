"""Training the network that paints: L1 in the hole, and the error that it expects.

See `freefill.networks.painter` for the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from freefill.networks import projected_discriminator
from freefill.networks.painter import MULTIPLE_PX, Painter
from freefill.training.options import RunOptions, made
from freefill.training.planes import begun, check_views, planes
from freefill.training.task import Batch, Tools, hole_mean
from freefill.weights.opening.features import open_efficientnet


@dataclass(frozen=True)
class PainterSettings:
    """The settings of this task.

    Attributes
    ----------
    widths, blocks : of the network
    rate, betas, decay : of AdamW
    scale_weight : of the expected error's likelihood; the colours learn nothing from it
    feature_weight : of the distance in EfficientNet-Lite0's features, which have to be fetched: freefill weights fetch
        efficientnet-lite0
    """

    widths: tuple[int, int, int] = (32, 64, 128)
    blocks: tuple[int, int, int] = (1, 2, 4)
    rate: float = 8e-4
    betas: tuple[float, float] = (0.9, 0.99)
    decay: float = 1e-3
    scale_weight: float = 0.1
    feature_weight: float = 0.0


class PainterTask:
    """The network alone; see `Task` for the attributes."""

    averaged = "painter"
    score_by = "l1"

    def __init__(self, options: RunOptions, kept: Mapping[str, Mapping[str, Tensor]] | None = None) -> None:
        self.settings = settings = made(PainterSettings, options.settings, "settings")
        check_views(options, MULTIPLE_PX)
        self.painter = begun(Painter, (settings.widths, settings.blocks), options.start, (kept or {}).get("painter"))
        self.networks: dict[str, nn.Module] = {"painter": self.painter}
        weights = [p for p in self.painter.parameters() if p.ndim > 1]
        biases = [p for p in self.painter.parameters() if p.ndim == 1]
        # Biases do not decay, as is usual: towards 0 is no better for them.
        groups = [{"params": weights, "weight_decay": settings.decay}, {"params": biases, "weight_decay": 0.0}]
        self.optimizers: dict[str, Optimizer] = {"painter": torch.optim.AdamW(groups, settings.rate, settings.betas)}
        self.features = open_efficientnet() if settings.feature_weight else None

    def step(self, batch: Batch, tools: Tools) -> dict[str, Tensor]:
        """Paint, and go down the error in the holes."""
        read = planes(batch)
        added, log_scale = tools.ready["painter"](read)
        filled = read[:, :3] + added * batch.mask
        error = (filled - batch.image_pm1).abs()
        l1 = hole_mean(error, batch.mask).mean()
        # Of a Laplace distribution, minus its logarithm; the error is held, so that colours are not steered to where
        # the network is sure already.
        expected = error.detach().mean(1, keepdim=True)
        likelihood = hole_mean(expected * (-log_scale).exp() + log_scale, batch.mask).mean()
        loss = l1 + self.settings.scale_weight * likelihood
        parts = {"l1": l1.detach(), "likelihood": likelihood.detach()}
        if self.features is not None:
            features = self.features.to(filled.device)
            parts["features"] = projected_discriminator.feature_distance(features, filled, batch.image_pm1)
            loss = loss + self.settings.feature_weight * parts["features"]
            parts["features"] = parts["features"].detach()
        return {**parts, "norm": tools.update("painter", loss)}

    def score(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """L1 in the hole, in [-1, 1], also after averaging 2 x 2, and the smooth fill's; how well errors are ranked."""
        read = planes(batch)
        added, log_scale = network(read)
        filled = batch.completed((read[:, :3] + added).clamp(-1, 1))
        half = nn.functional.avg_pool2d
        error = (half(filled, 2) - half(batch.image_pm1, 2)).abs()
        return {
            "l1": hole_mean((filled - batch.image_pm1).abs(), batch.mask),
            "prefill_l1": hole_mean((read[:, :3] - batch.image_pm1).abs(), batch.mask),
            "l1_halved": hole_mean(error, (half(batch.mask, 2) >= 0.5).float()),
            "rank_correlation": _ranks_agree(log_scale, (filled - batch.image_pm1).abs(), batch.mask),
        }

    def samples(self, network: nn.Module, batch: Batch) -> list[Tensor]:
        """The masked picture, the smooth fill, how sure it is (light = not), the fill, the truth."""
        read = planes(batch)
        added, log_scale = network(read)
        unsure = (log_scale.exp() * batch.mask * 4 - 1).clamp(-1, 1).expand(-1, 3, -1, -1)
        painted = batch.completed((read[:, :3] + added).clamp(-1, 1))
        return [batch.masked_pm1, read[:, :3], unsure, painted, batch.image_pm1]


def _ranks_agree(log_scale: Tensor, error: Tensor, mask: Tensor) -> Tensor:
    """Return Spearman's correlation of expected and true error over each hole, (B,)."""
    found = []
    for expected, true, hole in zip(log_scale[:, 0], error.mean(1), mask[:, 0] > 0, strict=True):
        ranks = [each[hole].argsort().argsort().float() for each in (expected, true)]  # the order of the order: ranks
        one, other = (rank - rank.mean() for rank in ranks)
        found.append((one * other).sum() / (one.norm() * other.norm()).clamp(min=1e-6))
    return torch.stack(found)
