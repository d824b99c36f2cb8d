"""What the small networks for structure share: what they read, and the blocks of their U-Nets.

Strided convolutions, added skips, pixel shuffle, residual blocks without normalisation (Zhang et al., "Fixup
Initialization", ICLR 2019: the last convolution of a block starts at zero). OpenCV runs all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PLANES = 6  # red, green, blue of the smooth fill in -1..1, hole, row, column in -1..1


class Small(nn.Module):
    """What is told of each small network.

    Attributes
    ----------
    called : for messages
    """

    called: ClassVar[str]

    @classmethod
    def from_state(cls: type[SmallNetwork], state: Mapping[str, Tensor]) -> SmallNetwork:
        """Return a network of the size that a state dict has, with its weights, not to be trained.

        Raises
        ------
        KeyError, RuntimeError
            If the state dict is that of another network.
        """
        network = cls(*cls.sizes(state))
        network.load_state_dict(dict(state))
        return network.eval().requires_grad_(False)

    @classmethod
    def sizes(cls, state: Mapping[str, Tensor]) -> tuple[object, ...]:
        """Return what such a network was made with; `KeyError` if it is another."""
        raise NotImplementedError


SmallNetwork = TypeVar("SmallNetwork", bound=Small)


def outputs_of(state: Mapping[str, Tensor], *names: str) -> tuple[int, ...]:
    """Return how many channels some convolutions give."""
    return tuple(state[f"{name}.weight"].shape[0] for name in names)


def counts_of(state: Mapping[str, Tensor], *names: str) -> tuple[int, ...]:
    """Return how many blocks stand one after the other under some names."""
    return tuple(sum(f"{name}.{n}.first.weight" in state for n in range(99)) for name in names)


class Block(nn.Module):
    """x + conv(relu(conv(relu(x)))); the second convolution starts at zero, so that a new block changes nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        assert self.second.bias is not None
        nn.init.zeros_(self.second.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(F.relu(self.first(F.relu(features))))


def blocks_of(channels: int, number: int) -> nn.Sequential:
    """Return some blocks one after the other."""
    return nn.Sequential(*(Block(channels) for _ in range(number)))


def planes_of(smooth_pm1: Tensor, hole: Tensor) -> Tensor:
    """Put together what the network reads.

    Parameters
    ----------
    smooth_pm1 : (B, 3, H, W), the view with a smooth fill in its hole, -1 to 1
    hole : (B, 1, H, W), 1 = hole

    Returns
    -------
    (B, 6, H, W)
    """
    batch, _, height, width = hole.shape
    row = torch.linspace(-1, 1, height, device=hole.device)[:, None].expand(batch, 1, height, width)
    col = torch.linspace(-1, 1, width, device=hole.device).expand(batch, 1, height, width)
    return torch.cat([smooth_pm1, hole, row, col], 1)
