"""Inception v3 in the form that FID is defined by, frozen: 2048 features of an image.

C. Szegedy et al.: Rethinking the Inception architecture, CVPR 2016; M. Heusel et al.: GANs trained by a two time-scale
update rule, NIPS 2017. The published values of FID come from TensorFlow's graph of 2015-12-05. It leaves the padding
out of its averages, takes the largest value and not the mean in the last block, and enlarges pictures without centring
the pixels. Names of the state dict are those of `pt_inception-2015-12-05`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE_PX = 299
WIDTH = 2048
_EPS = 1e-3  # of the batch norms, as in TensorFlow
_UNPADDED = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_4a_3x3")
_HALVING = (
    "Conv2d_1a_3x3",
    "Mixed_6a.branch3x3",
    "Mixed_6a.branch3x3dbl_3",
    "Mixed_7a.branch3x3_2",
    "Mixed_7a.branch7x7x3_4",
)
_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
# Branches of each kind of block, in the order in which they are joined; a tuple within a branch forks its end.
_A = (("branch1x1",), ("branch5x5_1", "branch5x5_2"), ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"))
_B = (("branch3x3",), ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"))
_C = (
    ("branch1x1",),
    ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
    ("branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"),
)
_D = (("branch3x3_1", "branch3x3_2"), ("branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"))
_E = (
    ("branch1x1",),
    ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")),
    ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")),
)
_BLOCKS = {
    "Mixed_5b": _A,
    "Mixed_5c": _A,
    "Mixed_5d": _A,
    "Mixed_6a": _B,
    "Mixed_6b": _C,
    "Mixed_6c": _C,
    "Mixed_6d": _C,
    "Mixed_6e": _C,
    "Mixed_7a": _D,
    "Mixed_7b": _E,
    "Mixed_7c": _E,
}
_REDUCING = ("Mixed_6a", "Mixed_7a")
_LARGEST = "Mixed_7c"  # its pool takes the largest value, where the others take the mean


def names() -> set[str]:
    """Return the tensors that the network reads."""
    parts = ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
    return {f"{layer}.{part}" for layer in layers() for part in parts}


def layers() -> Iterator[str]:
    """Yield the name of every convolution."""
    yield from _STEM
    for block, branches in _BLOCKS.items():
        for branch in branches:
            for part in branch:
                yield from (f"{block}.{name}" for name in ((part,) if isinstance(part, str) else part))
        if block not in _REDUCING:
            yield f"{block}.branch_pool"


class Inception(nn.Module):
    """The network up to its pooled features; batch norms are folded into the convolutions, and nothing is trained.

    Parameters
    ----------
    state : the published tensors, see `names`
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in layers():
            gain = state[f"{name}.bn.weight"] / (state[f"{name}.bn.running_var"] + _EPS).sqrt()
            bias = state[f"{name}.bn.bias"] - state[f"{name}.bn.running_mean"] * gain
            weight = state[f"{name}.conv.weight"] * gain[:, None, None, None]
            self.register_buffer(_plain(name) + "_w", weight, persistent=False)
            self.register_buffer(_plain(name) + "_b", bias, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, 2048) features of (B, 3, 299, 299), RGB in [0, 1]; see `from_image`."""
        x = image * (255 / 128) - 1  # the graph's own (v - 128) / 128 for v in 0 to 255
        for name in _STEM[:3]:
            x = self._conv(name, x)
        x = F.max_pool2d(x, 3, 2)
        for name in _STEM[3:]:
            x = self._conv(name, x)
        x = F.max_pool2d(x, 3, 2)  # (b, 192, 35, 35)
        for block, branches in _BLOCKS.items():
            parts = [self._branch(block, branch, x) for branch in branches]
            x = torch.cat([*parts, self._pool(block, x)], dim=1)
        return x.mean(dim=(2, 3))

    def _branch(self, block: str, branch: tuple, x: Tensor) -> Tensor:
        for part in branch:
            if isinstance(part, str):
                x = self._conv(f"{block}.{part}", x)
            else:
                x = torch.cat([self._conv(f"{block}.{name}", x) for name in part], dim=1)
        return x

    def _pool(self, block: str, x: Tensor) -> Tensor:
        if block in _REDUCING:
            return F.max_pool2d(x, 3, 2)
        largest = block == _LARGEST
        pooled = F.max_pool2d(x, 3, 1, 1) if largest else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return self._conv(f"{block}.branch_pool", pooled)

    def _conv(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.get_buffer(_plain(name) + "_w"), self.get_buffer(_plain(name) + "_b")
        halving = name in _HALVING
        height, width = (0, 0) if halving or name in _UNPADDED else (side // 2 for side in weight.shape[2:])
        return F.relu(F.conv2d(x, weight, bias, 2 if halving else 1, (height, width)))


def _plain(name: str) -> str:
    """A buffer's name must not hold a dot."""
    return name.replace(".", "_")


def from_image(image: Tensor) -> Tensor:
    """Return (B, 3, 299, 299) of (B, 3, H, W): the whole picture, squeezed, bilinear as TensorFlow 1 did it.

    Pixel k of the square is read at k * H / 299, and not at its centre; nothing is averaged where a picture shrinks.
    """
    for dim in (2, 3):
        side = image.shape[dim]
        at = torch.arange(SIDE_PX, dtype=torch.float32) * (side / SIDE_PX)
        low = at.floor().long()
        high = (low + 1).clamp(max=side - 1)
        share = (at - low).view(-1, 1) if dim == 2 else at - low
        image = image.index_select(dim, low) * (1 - share) + image.index_select(dim, high) * share
    return image
