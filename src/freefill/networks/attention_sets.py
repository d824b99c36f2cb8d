"""Keys, queries and their neighbours: what the contextual attention works on.

A *query* is a place of the features on the 1/8 grid, a *key* a place of the background on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from freefill.networks.gated_conv import WeightLayout

Places = NDArray[np.int64]  # flat indices of queries; h * w stands for all outside the grid

LEAST_NORM = 1e-4  # a lower clamp on the norm of a patch, not added to it


# --- shrinking ---------------------------------------------------------------------------------------------------


def picked(size: int, factor: int) -> Tensor:
    """Return the indices that nearest-neighbour shrinking by `factor` keeps in the layout "tf".

    It is TensorFlow 1 with aligned corners, in float32 as the public port computes it: where the exact place ends in .5
    the rounding may fall one lower (sizes 58, 94, 118, ... at factor 2).
    """
    return torch.floor(torch.linspace(0, size - 1, size // factor) + 0.5).long()


def shrunk(x: Tensor, layout: WeightLayout, factor: int = 2) -> Tensor:
    """Shrink (B, C, H, W) by a whole factor, nearest neighbour; in the layout "pt" a view, of rows 0, factor, ..."""
    if layout == "pt":
        return x[:, :, ::factor, ::factor]
    rows = picked(x.shape[2], factor).to(x.device)
    cols = picked(x.shape[3], factor).to(x.device)
    return x[:, :, rows][:, :, :, cols]


def usable_keys(mask: Tensor, layout: WeightLayout) -> Tensor:
    """Return (B, H/8, W/8) bool: the keys whose 3x3 surround has no hole.

    A hole thinner than 8 px can fall between the samples, and then serves as a source: as in the public code.
    """
    small = shrunk((mask > 0).float(), layout, 8)  # (B, 1, kh, kw)
    return F.max_pool2d(small, 3, stride=1, padding=1)[:, 0] == 0


# --- keys --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    vectors: Tensor  # (B, C, kh*kw)
    inverse_norm: Tensor  # (B, 1, kh, kw), of the 3x3 patch
    usable: Tensor | None  # (B or 1, 1, kh, kw) 1 or 0; None = all
    pixels: list[
        list[Tensor]
    ]  # [a][b]: (B, kh*kw, C), the background's pixels at rows a, a+2, ... and columns b, b+2, ...
    size: tuple[int, int]

    @property
    def count(self) -> int:
        return self.size[0] * self.size[1]


def keys_of(background: Tensor, mask: Tensor | None, layout: WeightLayout) -> Keys:
    small = shrunk(background, layout)  # (B, C, kh, kw)
    energy = wide(small).square().sum(1, keepdim=True)  # (B, 1, kh, kw)
    norm = F.avg_pool2d(energy, 3, stride=1, padding=1, divisor_override=1).sqrt()  # divided by 1: a sum
    last = background.permute(0, 2, 3, 1)  # channels last, as they lie in memory on a processor
    return Keys(
        vectors=small.permute(0, 2, 3, 1).flatten(1, 2).transpose(1, 2),
        inverse_norm=1 / norm.clamp_min(LEAST_NORM),
        usable=None if mask is None else usable_keys(mask, layout)[:, None].to(small.dtype),
        pixels=[[last[:, a::2, b::2].flatten(1, 2) for b in (0, 1)] for a in (0, 1)],
        size=(small.shape[2], small.shape[3]),
    )


# --- queries -----------------------------------------------------------------------------------------------------


RIM = 3  # cells around a cell whose planes it needs: 1 for the paste, 1 for the fusion, 1 for the patch


def chunks(cells: Tensor, planes: int) -> Iterator[Tensor]:
    """Yield flat indices of the wanted cells, in parts with at most about `planes` planes, rim included.

    What has more is cut in the middle, across its longer side, again and again.
    """
    places = cells.nonzero()  # (n, 2)
    if not len(places):
        return
    with_rim = F.max_pool2d(cells[None, None].float(), 2 * RIM + 1, stride=1, padding=RIM)
    if len(places) == 1 or int(with_rim.sum()) <= planes:
        yield places[:, 0] * cells.shape[1] + places[:, 1]
        return
    first, last = places.amin(0), places.amax(0)
    axis = int((last - first).argmax())
    before = torch.arange(cells.shape[axis], device=cells.device) <= (first[axis] + last[axis]) // 2
    before = before[:, None] if axis == 0 else before[None]
    yield from chunks(cells & before, planes)
    yield from chunks(cells & ~before, planes)


@dataclass(frozen=True)
class Sets:
    """The queries that a chunk needs on its way, each set sorted, the place outside the grid (h*w) at its end.

    Each `..._from` is (3, n): where the places before, at and after each place lie in the set before it.
    """

    product: Tensor  # queries whose plain products are needed
    rows_from: Tensor  # 3x3 patch, along rows of the picture
    cols_from: Tensor
    raster_from: Tensor | None  # fusion along the raster, row by row; None = no fusion
    columns_from: Tensor  # fusion along the raster, column by column; without fusion only "at" is inside the grid
    centre: Tensor  # (n cells,): the cells themselves in the final set
    paste: list[list[Tensor]]  # [a][b]: (4, n cells), the four queries whose patches cover pixel (a, b) of the cell


def sets_of(chunk: Tensor, size: tuple[int, int], fuse: bool) -> Sets:
    h, w = size
    outside = h * w
    cells = chunk.cpu().numpy()  # many small steps: numpy takes a third of PyTorch's time

    def moved(at: Places, rows: int, cols: int) -> Places:
        i, j = at // w + rows, at % w + cols
        fits = (at < outside) & (i >= 0) & (i < h) & (j >= 0) & (j < w)
        return np.where(fits, i * w + j, outside)

    def along_raster(at: Places, step: int) -> Places:
        there = at + step  # the end of a row meets the start of the next
        return np.where((at < outside) & (there >= 0) & (there < outside), there, outside)

    def along_columns(at: Places, step: int) -> Places:
        there = at % w * h + at // w + step  # the foot of a column meets the head of the next
        fits = (at < outside) & (there >= 0) & (there < outside)
        return np.where(fits, there % h * w + there // h, outside)

    def closed(*parts: Places) -> Places:
        there = np.zeros(outside + 1, bool)
        there[outside] = True
        for part in parts:
            there[part] = True
        return np.flatnonzero(there)

    def three(at: Places, step: Callable[[Places, int], Places]) -> Places:
        return np.stack([step(at, -1), at, step(at, 1)])

    def place(wanted: Places, within: Places) -> Tensor:
        return torch.from_numpy(np.searchsorted(within, wanted)).to(chunk.device)

    final = closed(*(moved(cells, rows, cols) for rows in (-1, 0, 1) for cols in (-1, 0, 1)))
    paste = [
        [place(np.stack([moved(cells, i, j) for i in (0, 2 * a - 1) for j in (0, 2 * b - 1)]), final) for b in (0, 1)]
        for a in (0, 1)
    ]
    scores, raster_from = final, None
    nothing = np.full_like(final, outside)
    columns_from = place(np.stack([nothing, final, nothing]), final)
    if fuse:
        columns = three(final, along_columns)
        middle = closed(columns)
        raster = three(middle, along_raster)
        scores = closed(raster)
        columns_from, raster_from = place(columns, middle), place(raster, scores)
    cols = three(scores, lambda at, step: moved(at, 0, step))
    half = closed(cols)
    rows = three(half, lambda at, step: moved(at, step, 0))
    product = closed(rows)
    return Sets(
        torch.from_numpy(product).to(chunk.device),
        place(rows, product),
        place(cols, half),
        raster_from,
        columns_from,
        place(cells, final),
        paste,
    )


def wide(x: Tensor) -> Tensor:
    """Scores are added up in at least float32: with 16 bits the softmax would see steps."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
