"""LPIPS, the learned perceptual distance, over AlexNet or VGG16.

R. Zhang et al.: The unreasonable effectiveness of deep features as a perceptual metric, CVPR 2018, version 0.1: the
trunks are torchvision's, trained on ImageNet; the heads weigh their channels after people's choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from freefill.errors import InputError
from freefill.metrics.pairs import same_images
from freefill.values import Image

if TYPE_CHECKING:
    from torch import Tensor

Trunk = Literal["alex", "vgg"]

# Of each level: the convolutions by their number in the file; before each level but the first comes a max-pool.
LEVELS: Mapping[Trunk, tuple[tuple[int, ...], ...]] = {
    "alex": ((0,), (3,), (6,), (8,), (10,)),
    "vgg": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
}
_POOLED: Mapping[Trunk, tuple[int, ...]] = {"alex": (1, 2), "vgg": (1, 2, 3, 4)}  # levels before which a pool stands
_POOL_PX: Mapping[Trunk, int] = {"alex": 3, "vgg": 2}
_FIRST: Mapping[Trunk, tuple[int, int]] = {"alex": (4, 2), "vgg": (1, 1)}  # stride and padding of the first layer
MIN_SIDE_PX = 32  # below, nothing is left for the last level
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # ImageNet's mean and deviation, for values in [-1, 1]


class Lpips:
    """The distance, with its weights loaded; may be called from several threads.

    Parameters
    ----------
    trunk : "alex" or "vgg"
    state : tensors of trunk and heads, opened by `weights.opening.features.open_lpips`
    """

    def __init__(self, trunk: Trunk, state: Mapping[str, Tensor]) -> None:
        self._trunk: Trunk = trunk
        self._state = state

    def __call__(self, a: Image, b: Image) -> float:
        """Return the distance of two images: 0 for equal ones; symmetric. It forgives small damage spread evenly.

        Parameters
        ----------
        a, b : (H, W, 3) float32, RGB in [0, 1]; no side under 32 px; nothing is resized or cut

        Raises
        ------
        InputError
            If the shapes disagree or a side is too short.
        """
        same_images("LPIPS", a, b)
        return weighted_distance(self._state, self.features(a), self.features(b))

    def features(self, image: Image) -> list[Tensor]:
        """Return five levels, each (1, c, h, w), scaled to length 1 along its channels.

        Raises
        ------
        InputError
            If a side is too short.
        """
        import torch
        from torch.nn import functional as F

        if min(image.shape[:2]) < MIN_SIDE_PX:
            size = f"{image.shape[1]}x{image.shape[0]}"
            raise InputError(f"LPIPS: an image of {size} is too small; the least side is {MIN_SIDE_PX} px")
        trunk, levels = self._trunk, []
        with torch.inference_mode():
            # To [-1, 1], as the networks of the paper take it.
            x = torch.from_numpy(np.ascontiguousarray(image, np.float32)).permute(2, 0, 1)[None] * 2 - 1
            shift, scale = (torch.tensor(part).view(1, 3, 1, 1) for part in (_SHIFT, _SCALE))
            x = (x - shift) / scale
            for number, level in enumerate(LEVELS[trunk]):
                if number in _POOLED[trunk]:
                    x = F.max_pool2d(x, _POOL_PX[trunk], 2)
                for k in level:
                    weight, bias = self._state[f"features.{k}.weight"], self._state[f"features.{k}.bias"]
                    stride, padding = _FIRST[trunk] if k == 0 else (1, weight.shape[-1] // 2)
                    x = F.relu(F.conv2d(x, weight, bias, stride, padding))
                levels.append(unit_length(x))
        return levels


def unit_length(x: Tensor) -> Tensor:
    """Scale (B, c, h, w) to length 1 along its channels; 1e-10 keeps a place without any response from 0 / 0."""
    return x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


def weighted_distance(state: Mapping[str, Tensor], a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    """Return, summed over levels, the weighted squares of differences, averaged over places.

    Parameters
    ----------
    state : with `lin0.model.1.weight` and so on, (1, c, 1, 1)
    a, b : levels of two images, (1, c, h, w) each
    """
    import torch

    with torch.inference_mode():
        distance = 0.0
        for level, (of_a, of_b) in enumerate(zip(a, b, strict=True)):
            head = state[f"lin{level}.model.1.weight"]
            distance += float((head * (of_a - of_b) ** 2).sum(dim=1).mean())
    return distance
