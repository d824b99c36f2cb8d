"""A smooth fill in plain tensor operations: what a network can be given to start from, on any device and in ONNX.

Known pixels are averaged to smaller and smaller pictures until every cell has some; on the way back each hole starts
from the coarser fill and is relaxed towards the mean of its four neighbours (Laplace's equation). The same idea as
`synthesis/harmonic.py`, which is compiled for one picture on a processor and can neither be traced nor batched.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

LEVELS = 8  # halvings: enough for a hole 256 px thick; a thicker one is grey in its middle
SWEEPS = 4  # at each level; eight lower the fill's error by less than a hundredth


def smooth_fill(image: Tensor, mask: Tensor) -> Tensor:
    """Fill each hole smoothly from the pixels around it.

    Parameters
    ----------
    image : (B, C, H, W), finite everywhere; what lies in the hole has no influence
    mask : (B, 1, H, W), above 0 = hole

    Returns
    -------
    (B, C, H, W), equal to `image` outside the hole; 0 where nothing is known within reach
    """
    known = (mask <= 0).to(image.dtype)
    levels = [(image * known, known)]
    for _ in range(LEVELS):
        value, known = levels[-1]
        # Both means have the same divisor, so their quotient is the mean of the known pixels at the borders as well.
        share = F.avg_pool2d(known, 2, ceil_mode=True)
        value = F.avg_pool2d(value, 2, ceil_mode=True) / share.clamp(min=1 / 8)
        levels.append((value, (share > 0).to(image.dtype)))
    filled = levels[-1][0]
    for value, known in reversed(levels[:-1]):
        filled = F.interpolate(filled, size=value.shape[2:], mode="bilinear", align_corners=False)
        for sweep in range(SWEEPS + 1):
            if sweep:
                filled = _neighbours(filled)
            filled = value + filled * (1 - known)
    return filled


def _neighbours(x: Tensor) -> Tensor:
    """Return the mean of the four neighbours; beyond the border lies the border pixel itself."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, :-2] + padded[:, :, 1:-1, 2:]
    return (across + padded[:, :, :-2, 1:-1] + padded[:, :, 2:, 1:-1]) / 4
