"""A discriminator that looks through a frozen network: features of EfficientNet-Lite0, randomly mixed, small heads.

Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021, sections 3 and 4.1, written from the paper. Differences:
each head judges every cell of its scale, and is told how much of a cell was filled, after Suvorov et al. (LaMa), WACV
2022, section 2.3: known cells of a filled picture are real ones. Pictures are not augmented.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

BLOCKS = 16
ENDS = (2, 4, 10, 15)  # last block of each scale: strides 4, 8, 16, 32
CHANNELS = (24, 40, 112, 320)
MIXED = 64  # channels of every scale after the random mixing
_HALVING = (1, 3, 5, 11)
_EPS = 1e-3  # of the batch norms, as in TensorFlow


class FrozenFeatures(nn.Module):
    """EfficientNet-Lite0 up to its last block, batch norms folded into the convolutions; no weight of it is trained.

    Parameters
    ----------
    state : the published tensors (`_conv_stem.weight`, `_blocks.0._depthwise_conv.weight`, ...)
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._fold(state, "_conv_stem", "_bn0", "stem")
        self.expands = []
        for number in range(BLOCKS):
            parts = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
            for conv, norm in parts:
                if f"_blocks.{number}.{conv}.weight" in state:
                    self._fold(state, f"_blocks.{number}.{conv}", f"_blocks.{number}.{norm}", f"b{number}{conv}")
            self.expands.append(f"_blocks.{number}._expand_conv.weight" in state)

    def _fold(self, state: Mapping[str, Tensor], conv: str, norm: str, name: str) -> None:
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + _EPS).sqrt()
        # Not persistent: a snapshot need not hold what everybody can fetch.
        self.register_buffer(f"{name}_w", state[f"{conv}.weight"] * gain[:, None, None, None], persistent=False)
        bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
        self.register_buffer(f"{name}_b", bias, persistent=False)

    def forward(self, image_pm1: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return features at strides 4, 8, 16 and 32 of (B, 3, H, W) in [-1, 1]."""
        x = F.relu6(self._conv("stem", image_pm1 * (127.5 / 128) + 0.5 / 128, 2))  # the network's own (v - 127) / 128
        found = []
        for number in range(BLOCKS):
            y = x
            if self.expands[number]:
                y = F.relu6(self._conv(f"b{number}_expand_conv", y))
            y = F.relu6(self._conv(f"b{number}_depthwise_conv", y, 2 if number in _HALVING else 1, y.shape[1]))
            y = self._conv(f"b{number}_project_conv", y)
            x = x + y if y.shape == x.shape else y
            if number in ENDS:
                found.append(x)
        return found[0], found[1], found[2], found[3]

    def _conv(self, name: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        """Convolve with TensorFlow's SAME padding: an odd rest goes to the bottom and the right."""
        weight, bias = self.get_buffer(f"{name}_w"), self.get_buffer(f"{name}_b")
        pads = []
        for side in (x.shape[3], x.shape[2]):
            total = max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), weight, bias, stride, groups=groups)


class ProjectedDiscriminator(nn.Module):
    """Frozen features, frozen random mixing within and across scales, and a trained head for each scale."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.features = FrozenFeatures(state)
        for scale, channels in enumerate(CHANNELS):
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
        found = self.features(image_pm1)
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


def feature_distance(features: FrozenFeatures, filled_pm1: Tensor, truth_pm1: Tensor) -> Tensor:
    """Mean squared difference of features over four scales (LaMa's high receptive field loss, equation 3)."""
    with torch.no_grad():
        wanted = features(truth_pm1)
    return torch.stack([F.mse_loss(a, b) for a, b in zip(features(filled_pm1), wanted, strict=True)]).mean()
