"""DeepFillv2 the plain way, as the public PyTorch port computes it: the yardstick of benchmarks/deepfill.py.

Written from the description of that port, layout "pt": whole pictures, channels outermost, picture by picture in the
attention, whose kernels are all patches of the background. tests/networks/test_plain_deepfill.py checks that it gives
the port's numbers. Nothing of the package is used, so that it cannot profit from what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import Tensor

State = dict[str, Tensor]


@dataclass
class Seconds:
    """Wall time by part of one run."""

    parts: dict[str, float] = field(default_factory=dict)

    def timed(self, part: str, run: Callable[[], Tensor]) -> Tensor:
        start = perf_counter()
        out = run()
        self.parts[part] = self.parts.get(part, 0.0) + perf_counter() - start
        return out


def gated(state: State, name: str, x: Tensor, stride: int = 1, dilation: int = 1, relu: bool = False) -> Tensor:
    weight, bias = state[f"{name}.conv.weight"], state[f"{name}.conv.bias"]
    x = F.conv2d(x, weight, bias, stride, dilation * (weight.shape[-1] - 1) // 2, dilation)
    value, gate = x.chunk(2, 1)
    return (F.relu(value) if relu else F.elu(value)) * torch.sigmoid(gate)


def down(state: State, stem: str, x: Tensor) -> Tensor:
    x = gated(state, f"{stem}_block1.conv1_downsample", x, stride=2)
    x = gated(state, f"{stem}_block1.conv2", x)
    x = gated(state, f"{stem}_block2.conv1_downsample", x, stride=2)
    return gated(state, f"{stem}_block2.conv2", x)


def up(state: State, stage: str, x: Tensor) -> Tensor:
    for block in ("up_block1", "up_block2"):
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = gated(state, f"{stage}.{block}.conv1_upsample.conv", x)
        x = gated(state, f"{stage}.{block}.conv2", x)
    name = f"{stage}.conv_to_rgb.conv"
    return torch.tanh(F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=1))


def dilated(state: State, stem: str, x: Tensor) -> Tensor:
    x = gated(state, f"{stem}1", x)
    for number, dilation in ((2, 2), (3, 4), (4, 8), (5, 16)):
        x = gated(state, f"{stem}{number}", x, dilation=dilation)
    return x


def coarse_stage(state: State, x: Tensor) -> Tensor:
    x = gated(state, "stage1.conv1", x)
    x = down(state, "stage1.down", x)
    x = dilated(state, "stage1.conv_bn", x)
    x = gated(state, "stage1.conv_bn6", x)
    x = gated(state, "stage1.conv_bn7", x)
    return up(state, "stage1", x)


def attention(features: Tensor, mask: Tensor) -> Tensor:
    """Convolve with all 3x3 patches of the half-size background, fuse, softmax, paste its 4x4 patches back."""
    usable = F.max_pool2d(mask[:1, :, ::8, ::8], 3, stride=1, padding=1) == 0  # of the first sample, for all
    outputs = []
    for one in features.split(1):
        _, channels, height, width = one.shape
        h, w = height // 2, width // 2
        count = h * w
        pastes = F.unfold(one, 4, padding=1, stride=2)[0].T.reshape(count, channels, 4, 4)
        small = one[:, :, ::2, ::2]
        kernels = F.unfold(small, 3, padding=1)[0].T.reshape(count, channels, 3, 3)
        norms = kernels.square().sum((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-4)
        scores = F.conv2d(small, kernels / norms, padding=1)  # (1, keys, h, w)
        identity = torch.eye(3)[None, None]
        scores = F.conv2d(scores.view(1, 1, count, count), identity, padding=1)
        scores = scores.view(1, h, w, h, w).permute(0, 2, 1, 4, 3).reshape(1, 1, count, count)
        scores = F.conv2d(scores, identity, padding=1)
        scores = scores.view(1, w, h, w, h).permute(0, 2, 1, 4, 3).reshape(1, count, h, w)
        kept = usable.view(1, count, 1, 1).float()
        weights = torch.softmax(scores * kept * 10, dim=1) * kept
        outputs.append(F.conv_transpose2d(weights, pastes, stride=2, padding=1) / 4)
    return torch.cat(outputs)


def fill(state: State, image_pm1: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Seconds]:
    """Return both stages' pictures, (B, 3, H, W) in [-1, 1], and the time of each part.

    Parameters
    ----------
    state : weights in the layout "pt"
    image_pm1 : (B, 3, H, W) in [-1, 1], sides multiples of 8
    mask : (B, 1, H, W) float, 1 = hole
    """
    seconds = Seconds()
    masked = image_pm1 * (1 - mask)
    ones = torch.ones_like(masked[:, :1])
    coarse = seconds.timed("stage 1", lambda: coarse_stage(state, torch.cat([masked, ones, ones * mask], 1)))
    start = coarse * mask + masked

    def plain_branch() -> Tensor:
        return dilated(
            state, "stage2.conv_conv_bn", down(state, "stage2.conv_down", gated(state, "stage2.conv_conv1", start))
        )

    def compared() -> Tensor:
        x = down(state, "stage2.ca_down", gated(state, "stage2.ca_conv1", start))
        return gated(state, "stage2.ca_conv_bn1", x, relu=True)

    def decoded() -> Tensor:
        b = gated(state, "stage2.ca_conv_bn5", gated(state, "stage2.ca_conv_bn4", pasted))
        x = gated(state, "stage2.conv_bn6", torch.cat([a, b], 1))
        return up(state, "stage2", gated(state, "stage2.conv_bn7", x))

    a = seconds.timed("stage 2, branch A", plain_branch)
    features = seconds.timed("stage 2, branch B", compared)
    pasted = seconds.timed("attention", lambda: attention(features, mask))
    return coarse, seconds.timed("stage 2, decoder", decoded), seconds
