"""What the small networks read of a batch: its pictures with their holes filled smoothly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from freefill.networks.small_unet import planes_of
from freefill.synthesis.harmonic import harmonic_fill
from freefill.training.task import Batch


def planes(batch: Batch) -> Tensor:
    """Fill the holes smoothly and put together what the network reads, (B, 6, H, W)."""
    filled = [
        harmonic_fill(image.permute(1, 2, 0).numpy(), mask[0].numpy() > 0)
        for image, mask in zip(batch.image_pm1.cpu(), batch.mask.cpu(), strict=True)
    ]
    smooth = torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2).to(batch.image_pm1.device)
    return planes_of(smooth, batch.mask)
