"""A discriminator that looks through a frozen network: features of EfficientNet-Lite0, randomly mixed, small heads.

Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021, sections 3 and 4.1, written from the paper. Differences:
each head judges every cell of its scale, and is told how much of a cell was filled, after Suvorov et al. (LaMa), WACV
2022, section 2.3: known cells of a filled picture are real ones. Pictures are not augmented.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from freefill.networks.efficientnet_lite0 import CHANNELS, EfficientNetLite0

MIXED = 64  # channels of every scale after the random mixing


class ProjectedDiscriminator(nn.Module):
    """Frozen features, frozen random mixing within and across scales, and a trained head for each scale."""

    def __init__(self, features: EfficientNetLite0) -> None:
        super().__init__()
        self.features = features
        for scale, channels in enumerate(CHANNELS):
            # By the root of what is added up: mixed features keep the spread that they had.
            self.register_buffer(f"across{scale}", torch.randn(MIXED, channels, 1, 1) / channels**0.5)
            self.register_buffer(f"within{scale}", torch.randn(MIXED, MIXED, 3, 3) / (9 * MIXED) ** 0.5)
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(MIXED, MIXED, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(MIXED, 1, 1)),
            )
            for _ in CHANNELS
        )

    def forward(self, image_pm1: Tensor) -> tuple[Tensor, ...]:
        """Score every cell of four scales: (B, 1, H / s, W / s) for s = 4, 8, 16, 32; large = taken for real."""
        found = self.features.scales(image_pm1)
        scores, coarser = [], None
        for scale in reversed(range(len(CHANNELS))):
            x = F.conv2d(found[scale], self.get_buffer(f"across{scale}"))
            if coarser is not None:
                x = x + F.interpolate(coarser, x.shape[2:], mode="bilinear", align_corners=False)
            coarser = F.conv2d(x, self.get_buffer(f"within{scale}"), padding=1)
            scores.append(self.heads[scale](coarser))
        return tuple(reversed(scores))


def share_of(mask: Tensor, scores: Tensor) -> Tensor:
    """Return how much of each cell is hole, (B, 1, H, W) with 1 = hole to the scores' size."""
    return F.adaptive_avg_pool2d(mask, (scores.shape[2], scores.shape[3]))


def judged(real: tuple[Tensor, ...], fake: tuple[Tensor, ...], mask: Tensor) -> Tensor:
    """Hinge loss of the discriminator; what is known in a filled picture counts as real, cell by cell."""
    total = real[0].new_zeros(())
    for of_real, of_fake in zip(real, fake, strict=True):
        share = share_of(mask, of_fake)
        wrong = share * F.relu(1 + of_fake) + (1 - share) * F.relu(1 - of_fake)
        total = total + 0.5 * F.relu(1 - of_real).mean() + 0.5 * wrong.mean()
    return total / len(real)


def convinced(fake: tuple[Tensor, ...], mask: Tensor) -> Tensor:
    """Return the generator's loss: minus the mean score of what was filled, over cells and scales."""
    return -torch.stack([(share_of(mask, scores) * scores).mean() for scores in fake]).mean()


def feature_distance(features: EfficientNetLite0, filled_pm1: Tensor, truth_pm1: Tensor) -> Tensor:
    """Mean squared difference of features over four scales (LaMa's high receptive field loss, equation 3)."""
    with torch.no_grad():  # the truth is not to be moved
        wanted = features.scales(truth_pm1)
    return torch.stack([F.mse_loss(a, b) for a, b in zip(features.scales(filled_pm1), wanted, strict=True)]).mean()
