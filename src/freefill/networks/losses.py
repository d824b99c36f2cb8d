"""The losses DeepFillv2 is trained with.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, section 3.3 and equation 4.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Half the mean of relu(1 - real), half the mean of relu(1 + fake)."""
    return 0.5 * F.relu(1 - real).mean() + 0.5 * F.relu(1 + fake).mean()  # halves as in the authors' code (neuralgym)


def hinge_generator(fake: Tensor) -> Tensor:
    """Minus the mean score of the filled pictures."""
    return -fake.mean()  # no hinge: it would stop the gradient of what is judged well already


def squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Least squares (Mao et al., 2017): real scores are to be 1, the others 0; half each."""
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def squares_generator(fake: Tensor) -> Tensor:
    """Least squares: the scores of filled pictures are to be 1."""
    return (fake - 1).square().mean()


def reconstruction(truth_pm1: Tensor, stage_pm1: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference over the whole picture, known pixels included, of one stage's raw output.

    `weight`, (B, 1, H, W), lets some pixels count more; the paper's are all alike.
    """
    difference = (truth_pm1 - stage_pm1).abs()
    return difference.mean() if weight is None else (difference * weight).mean()
