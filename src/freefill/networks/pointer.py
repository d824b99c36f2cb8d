"""A network that points: for each cell of a hole, where among the known cells lies what belongs there.

A cell is 4 x 4 px. The network reads a smooth fill of the view and gives every cell a query and a key; their products
and a table of offsets, as a softmax over the wholly known cells, are a distribution over sources. Trained as a mixture
several answers may be right and none is averaged.

Queries and keys are learned outright. A match of the expected colours beside them, whose sharpness was learned too, was
tried and stood still after an hour, whatever it was bounded by (docs/training-log.md).

The body is a U-Net of the parts in `small_unet.py`; the pointing is that of pointer networks (Vinyals et al., NeurIPS
2015, equation 3).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from freefill.networks.small_unet import PLANES, Small, blocks_of, counts_of, outputs_of

CELL_PX = 4
WINDOW_PX = 8  # the window that is compared: the cell and two pixels around it
MULTIPLE_PX = 16  # views have sides that divide by this
REACH = 31  # offsets beyond this many cells share the table's last entry
TEMPERATURE = 0.02  # of what counts as right, mean squared difference


class Pointer(Small):
    """Queries and keys of all cells of a view.

    Parameters
    ----------
    widths : channels of the stem (2 px) and of cells of 4, 8 and 16 px
    blocks : residual blocks at cells of 4 and 8 px (on the way down and again on the way up) and of 16 px
    learned : numbers of a query, and of a key
    """

    called = "pointing network"

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (32, 64, 128, 192),
        blocks: tuple[int, int, int] = (2, 2, 3),
        learned: int = 48,
    ) -> None:
        super().__init__()
        stem, fine, middle, deep = widths
        self.learned = learned
        self.stem = nn.Conv2d(PLANES, stem, 4, 2, 1)
        # Two by two: at a stride of 2 the gradient of a 4 x 4 convolution took 8 to 20 times as long in bf16 as in fp32
        # (docs/training-log.md).
        self.cells = nn.Conv2d(stem, fine, 2, 2)
        self.fine_down = blocks_of(fine, blocks[0])
        self.to_middle = nn.Conv2d(fine, middle, 2, 2)
        self.middle_down = blocks_of(middle, blocks[1])
        self.to_deep = nn.Conv2d(middle, deep, 2, 2)
        self.deep = blocks_of(deep, blocks[2])
        self.from_deep = nn.Conv2d(deep, 4 * middle, 1)
        self.middle_up = blocks_of(middle, blocks[1])
        self.from_middle = nn.Conv2d(middle, 4 * fine, 1)
        self.fine_up = blocks_of(fine, blocks[0])
        self.heads = nn.Conv2d(fine, 2 * learned, 1)
        self.offsets = nn.Parameter(torch.zeros(2 * REACH + 1, 2 * REACH + 1))

    @classmethod
    def sizes(cls, state: Mapping[str, Tensor]) -> tuple[object, ...]:
        counts = counts_of(state, "fine_up", "middle_up", "deep")
        return outputs_of(state, "stem", "cells", "to_middle", "to_deep"), counts, state["heads.weight"].shape[0] // 2

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return queries and keys.

        Parameters
        ----------
        planes : (B, 6, H, W) float32, as `planes_of` makes them; H and W divide by 16

        Returns
        -------
        queries, keys : (B, D, H/4, W/4) float32; the product of a query and a key, plus the table at their offset, is
            the logarithm of how well the key's cell serves at the query's
        """
        fine = self.fine_down(self.cells(F.relu(self.stem(planes))))  # (b, 64, h/4, w/4)
        middle = self.middle_down(self.to_middle(fine))  # (b, 128, h/8, w/8)
        deep = self.deep(self.to_deep(middle))  # (b, 192, h/16, w/16)
        middle = self.middle_up(middle + F.pixel_shuffle(self.from_deep(deep), 2))
        fine = self.fine_up(fine + F.pixel_shuffle(self.from_middle(middle), 2))
        ask, answer = self.heads(F.relu(fine)).float().split(self.learned, 1)
        return ask * self.learned**-0.5, answer  # as in attention: products of long vectors grow with their length


def hole_and_known_cells(hole: Tensor) -> tuple[Tensor, Tensor]:
    """Return which cells hold a hole pixel, and which hold none, a pixel of margin included; both (B, cells) bool."""
    asking = F.max_pool2d(hole, CELL_PX).flatten(1) > 0
    known = F.max_pool2d(hole, CELL_PX + 2, CELL_PX, 1).flatten(1) == 0
    return asking, known


def windows_of(truth_pm1: Tensor) -> Tensor:
    """Return the window of each cell, (B, 192, cells)."""
    margin = (WINDOW_PX - CELL_PX) // 2
    padded = F.pad(truth_pm1, (margin, margin, margin, margin), mode="replicate")
    return F.unfold(padded, WINDOW_PX, stride=CELL_PX)


def log_shares(queries: Tensor, keys: Tensor, offsets: Tensor, known: Tensor, cells: Tensor) -> Tensor:
    """Return the logarithm of the distribution over sources for some cells.

    Parameters
    ----------
    queries, keys : (B, D, h, w)
    offsets : the network's table
    known : (B, h*w) bool, the sources; where a view has none the result means nothing
    cells : (B, K) int64, numbers of the cells that ask, row by row

    Returns
    -------
    (B, K, h*w); about -10,000 at cells that are no source
    """
    asking = queries.flatten(2).gather(2, cells[:, None].expand(-1, queries.shape[1], -1))  # (b, d, k)
    place = offset_places(queries.shape[2], queries.shape[3]).to(cells.device)
    table = offsets.flatten()[place]  # (n, n)
    logits = asking.transpose(1, 2) @ keys.flatten(2) + F.embedding(cells, table)  # (b, k, n)
    # Finite: without any source it is still a number.
    return F.log_softmax(logits.masked_fill(~known[:, None], -1e4), -1)


@functools.cache
def offset_places(height: int, width: int) -> Tensor:
    """Return where in the flat table the offset from each cell to each other stands, (h*w, h*w) int64."""
    rows, cols = torch.arange(height * width) // width, torch.arange(height * width) % width
    down = (rows[:, None] - rows).clamp(-REACH, REACH) + REACH
    right = (cols[:, None] - cols).clamp(-REACH, REACH) + REACH
    return down * (2 * REACH + 1) + right


def differences_of(windows: Tensor, cells: Tensor) -> Tensor:
    """Return the mean squared difference of some cells' windows to all, (B, K, cells)."""
    asking = windows.gather(2, cells[:, None].expand(-1, windows.shape[1], -1))
    squares = windows.square().sum(1)
    own = asking.square().sum(1)
    return (own[..., None] + squares[:, None] - 2 * asking.transpose(1, 2) @ windows).clamp_min(0) / windows.shape[1]


def mixture_loss(shares: Tensor, differences: Tensor) -> Tensor:
    """Minus the logarithm of the share of what would have been right, (B, K).

    Right is graded: exp(-difference / 0.02). A mixture of experts (Jacobs et al., 1991, equation 1.3) whose experts are
    the known windows.

    Parameters
    ----------
    shares : (B, K, cells), from `log_shares`
    differences : (B, K, cells), from `differences_of` of the true picture
    """
    return -torch.logsumexp(shares - differences / TEMPERATURE, -1)
