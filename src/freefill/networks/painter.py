"""A network that paints what belongs in a hole, small and soft, and says how sure it is.

It reads a smooth fill of a view in which the hole is some 10 to 40 px thick, and says what is to be added to it, and
the size of the error that it expects (the scale of a Laplace distribution; Kendall and Gal, "What Uncertainties Do We
Need in Bayesian Deep Learning for Computer Vision?", NeurIPS 2017, equation 5). A plain U-Net learned more in an hour
than gated convolutions did (docs/training-log.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from freefill.networks.small_unet import PLANES, Small, blocks_of, counts_of, outputs_of

MULTIPLE_PX = 8  # views have sides that divide by this
LEAST_LOG, MOST_LOG = -5.0, 1.0  # of the scale's logarithm: 0.007 to 2.7, about what values of -1..1 can err by


class Painter(Small):
    """A fill of a small view.

    Parameters
    ----------
    widths : channels of cells of 2, 4 and 8 px
    blocks : residual blocks at cells of 2 and 4 px (on the way down and again on the way up) and of 8 px
    """

    called = "painting network"

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 128), blocks: tuple[int, int, int] = (1, 2, 4)) -> None:
        super().__init__()
        fine, middle, deep = widths
        self.cells = nn.Conv2d(PLANES, fine, 2, 2)
        self.fine_down = blocks_of(fine, blocks[0])
        self.to_middle = nn.Conv2d(fine, middle, 4, 2, 1)
        self.middle_down = blocks_of(middle, blocks[1])
        self.to_deep = nn.Conv2d(middle, deep, 4, 2, 1)
        self.deep = blocks_of(deep, blocks[2])
        self.from_deep = nn.Conv2d(deep, 4 * middle, 1)
        self.middle_up = blocks_of(middle, blocks[1])
        self.from_middle = nn.Conv2d(middle, 4 * fine, 1)
        self.fine_up = blocks_of(fine, blocks[0])
        self.head = nn.Conv2d(fine, 4 * 4, 3, padding=1)  # for each of a cell's four pixels: three colours, one scale
        nn.init.zeros_(self.head.weight)  # so that a run begins at the smooth fill's error
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)  # pyright: ignore[reportArgumentType]

    @classmethod
    def sizes(cls, state: Mapping[str, Tensor]) -> tuple[object, ...]:
        counts = counts_of(state, "fine_up", "middle_up", "deep")
        return outputs_of(state, "cells", "to_middle", "to_deep"), counts

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is to be added, and how sure that is.

        Parameters
        ----------
        planes : (B, 6, H, W) float32, as `small_unet.planes_of` makes them; H and W divide by 8

        Returns
        -------
        added : (B, 3, H, W) float32, for the smooth fill in -1..1
        log_scale : (B, 1, H, W) float32, the logarithm of the absolute error that is expected, mean of three colours
        """
        fine = self.fine_down(self.cells(planes))  # (b, 32, h/2, w/2)
        middle = self.middle_down(self.to_middle(F.relu(fine)))  # (b, 64, h/4, w/4)
        deep = self.deep(self.to_deep(F.relu(middle)))  # (b, 128, h/8, w/8)
        middle = self.middle_up(middle + F.pixel_shuffle(self.from_deep(F.relu(deep)), 2))
        fine = self.fine_up(fine + F.pixel_shuffle(self.from_middle(F.relu(middle)), 2))
        out = F.pixel_shuffle(self.head(F.relu(fine)), 2).float()
        return out[:, :3], out[:, 3:].clamp(LEAST_LOG, MOST_LOG)
