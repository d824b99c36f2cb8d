"""Contextual attention: each part of the hole is made of the known parts that resemble it.

Yu et al., "Generative Image Inpainting with Contextual Attention", CVPR 2018, section 4.1; unchanged in DeepFillv2.
The public implementations compute it as a convolution whose kernels are all patches of the picture, and hold several
(L, L) matrices, L = pixels / 64. Here the same numbers come from less work, docs/deepfillv2.md derives it:

- A 3x3 patch product is the sum of 9 pixel products along a diagonal (key and query move together): one product of
  96 numbers for each pair instead of 864, then box sums.
- Overlapping 4x4 pastes at stride 2 are, for each of the 4 pixels of a 2x2 cell, one product with the background's
  pixels of that place, after the weights of 4 neighbours are added along the diagonal: 384 instead of 1536.
- Only the cells asked for are computed, in chunks, so that memory is bounded by a setting.

Names: a *query* is a place of the features on the 1/8 grid, a *key* a place of the background on it. A *plane* holds
one query's numbers for all keys, as a (rows, columns) picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from freefill.errors import InputError
from freefill.networks.gated_conv import Layout

SCALE = 10.0  # softmax scale
LEAST_NORM = 1e-4  # a lower clamp on the norm of a patch, not added to it
CHUNK_BYTES = 48 << 20  # of one array of planes: larger ones leave the cache, smaller ones repeat more of their rim


@dataclass(frozen=True)
class Attended:
    """What the attention gives: features, and where they came from if asked."""

    features: Tensor  # (B, C, H, W); zero in cells that were not asked for
    best_key: Tensor | None  # (B, H/2, W/2) int64: flat index of the key with the largest weight; -1 where not asked


class ContextualAttention(nn.Module):
    """The layer of the refinement stage; it has no weights."""

    def __init__(self, layout: Layout = "pt", fuse: bool = True) -> None:
        super().__init__()
        self.layout: Layout = layout
        self.fuse = fuse

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        """Attend everywhere; see `attend`."""
        return attend(features, mask, layout=self.layout, fuse=self.fuse).features


def attend(
    features: Tensor,
    mask: Tensor | None,
    *,
    background: Tensor | None = None,
    layout: Layout = "pt",
    fuse: bool = True,
    cells: Tensor | None = None,
    chunk_bytes: int = CHUNK_BYTES,
    want_best: bool = False,
) -> Attended:
    """Rebuild the features from patches of the background that resemble them.

    Parameters
    ----------
    features : (B, C, H, W), even sizes: what is compared and rebuilt
    mask : (B or 1, 1, 4 H', 4 W') with 1 = hole, of the background's picture; None = everything may be copied
    background : (B, C, H', W'), even sizes; None = the features themselves
    layout : how features and mask are shrunk: "pt" takes indices 0, 2, 4; "tf" TensorFlow's aligned corners
    fuse : add the scores of diagonal neighbours, so that matches which continue each other win
    cells : (H / 2, W / 2) bool: the 2x2 cells of the output that are wanted; None = all
    chunk_bytes : bound on one array of scores; some six of them live at a time
    want_best : also return the best key of each wanted cell

    Returns
    -------
    Attended
        Differentiable where gradients are on.
    """
    back = features if background is None else background
    if any(side % 2 for side in (*features.shape[2:], *back.shape[2:])):
        raise InputError(f"attention takes even sizes, not {tuple(features.shape)} and {tuple(back.shape)}")
    keys = _keys(back, mask, layout)
    queries = shrunk(features, layout)  # (B, C, h, w)
    batch, channels, h, w = queries.shape
    if cells is None:
        cells = torch.ones(h, w, dtype=torch.bool, device=features.device)
    out = features.new_zeros(batch, h, 2, w, 2, channels)  # cell (i, j) is [:, i, :, j]
    best = torch.full((batch, h * w), -1, device=features.device) if want_best else None
    # A zero vector at the end stands for every place outside the grid.
    vectors = F.pad(queries.flatten(2).transpose(1, 2), (0, 0, 0, 1))  # (B, h*w + 1, C)
    for chunk in _chunks(cells, planes=chunk_bytes // (4 * batch * keys.count)):
        sets = _sets(chunk, (h, w), fuse)
        weights = _weights(vectors[:, sets.product], keys, sets)  # (B, n final, kh, kw)
        if best is not None:
            best[:, chunk] = weights[:, sets.centre].flatten(2).argmax(2)
        i, j = chunk // w, chunk % w
        for a in (0, 1):
            for b in (0, 1):
                paste = _added(weights, sets.paste[a][b], a, b).flatten(2)  # (B, n, kh*kw)
                out[:, i, a, j, b] = paste @ keys.pixels[a][b] / 4  # (B, n, C); 4 pastes overlap
    features = out.view(batch, 2 * h, 2 * w, channels).permute(0, 3, 1, 2)
    return Attended(features, best if best is None else best.view(batch, h, w))


# --- shrinking ---------------------------------------------------------------------------------------------------


def picked(size: int, factor: int, layout: Layout) -> Tensor:
    """Return the indices that nearest-neighbour shrinking by `factor` keeps.

    "tf" is TensorFlow 1 with aligned corners, in float32 as the public port computes it: where the exact place ends in
    .5 the rounding may fall one lower (sizes 58, 94, 118, ... at factor 2).
    """
    if layout == "pt":
        return torch.arange(0, size, factor)
    return torch.floor(torch.linspace(0, size - 1, size // factor) + 0.5).long()


def shrunk(x: Tensor, layout: Layout, factor: int = 2) -> Tensor:
    """Shrink (B, C, H, W) by a whole factor, nearest neighbour."""
    rows = picked(x.shape[2], factor, layout).to(x.device)
    cols = picked(x.shape[3], factor, layout).to(x.device)
    return x[:, :, rows][:, :, :, cols]


def usable_keys(mask: Tensor, layout: Layout) -> Tensor:
    """Return (B, H/8, W/8) bool: the keys whose 3x3 surround has no hole.

    A hole thinner than 8 px can fall between the samples, and then serves as a source: as in the public code.
    """
    small = shrunk((mask > 0).float(), layout, 8)  # (B, 1, kh, kw)
    return F.max_pool2d(small, 3, stride=1, padding=1)[:, 0] == 0


# --- keys --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Keys:
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


def _keys(background: Tensor, mask: Tensor | None, layout: Layout) -> _Keys:
    small = shrunk(background, layout)  # (B, C, kh, kw)
    energy = _wide(small).square().sum(1, keepdim=True)  # (B, 1, kh, kw)
    norm = F.avg_pool2d(energy, 3, stride=1, padding=1, divisor_override=1).sqrt()
    pixels = [[background[:, :, a::2, b::2].flatten(2).transpose(1, 2) for b in (0, 1)] for a in (0, 1)]
    return _Keys(
        vectors=small.flatten(2),
        inverse_norm=1 / norm.clamp_min(LEAST_NORM),
        usable=None if mask is None else usable_keys(mask, layout)[:, None].to(small.dtype),
        pixels=pixels,
        size=(small.shape[2], small.shape[3]),
    )


# --- queries -----------------------------------------------------------------------------------------------------


def _chunks(cells: Tensor, planes: int) -> Iterator[Tensor]:
    """Yield flat indices of the wanted cells, in square tiles with at most about `planes` planes, rim included."""
    side = max(math.isqrt(max(planes, 0)) - 6, 1)  # the rim: 1 for the paste, 1 for the fusion, 1 for the patch, twice
    h, w = cells.shape
    for top in range(0, h, side):
        for left in range(0, w, side):
            found = cells[top : top + side, left : left + side].nonzero()  # (n, 2)
            if len(found):
                yield (found[:, 0] + top) * w + found[:, 1] + left


@dataclass(frozen=True)
class _Sets:
    """The queries that a chunk needs on its way, each set sorted, the place outside the grid (h*w) at its end.

    Each `..._from` is (3, n): where the places before, at and after each place lie in the set before it.
    """

    product: Tensor  # queries whose plain products are needed
    rows_from: Tensor  # 3x3 patch, along rows of the picture
    cols_from: Tensor
    raster_from: Tensor | None  # fusion along the raster, row by row; None = no fusion
    columns_from: Tensor | None  # fusion along the raster, column by column
    centre: Tensor  # (n cells,): the cells themselves in the final set
    paste: list[list[Tensor]]  # [a][b]: (4, n cells), the four queries whose patches cover pixel (a, b) of the cell


def _sets(chunk: Tensor, size: tuple[int, int], fuse: bool) -> _Sets:
    h, w = size
    outside = h * w

    def moved(at: Tensor, rows: int, cols: int) -> Tensor:
        i, j = at // w + rows, at % w + cols
        fits = (at < outside) & (i >= 0) & (i < h) & (j >= 0) & (j < w)
        return torch.where(fits, i * w + j, outside)

    def along_raster(at: Tensor, step: int) -> Tensor:
        there = at + step  # the end of a row meets the start of the next
        return torch.where((at < outside) & (there >= 0) & (there < outside), there, outside)

    def along_columns(at: Tensor, step: int) -> Tensor:
        there = at % w * h + at // w + step  # the foot of a column meets the head of the next
        fits = (at < outside) & (there >= 0) & (there < outside)
        return torch.where(fits, there % h * w + there // h, outside)

    def closed(*parts: Tensor) -> Tensor:
        return torch.cat([part.flatten() for part in parts] + [chunk.new_full((1,), outside)]).unique()

    def three(at: Tensor, step: Callable[[Tensor, int], Tensor]) -> Tensor:
        return torch.stack([step(at, -1), at, step(at, 1)])

    def place(wanted: Tensor, within: Tensor) -> Tensor:
        return torch.searchsorted(within, wanted)

    final = closed(*(moved(chunk, rows, cols) for rows in (-1, 0, 1) for cols in (-1, 0, 1)))
    paste = [
        [
            torch.stack([place(moved(chunk, i, j), final) for i in (0, 2 * a - 1) for j in (0, 2 * b - 1)])
            for b in (0, 1)
        ]
        for a in (0, 1)
    ]
    scores = final
    raster_from = columns_from = None
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
    return _Sets(
        product, place(rows, product), place(cols, half), raster_from, columns_from, place(chunk, final), paste
    )


# --- scores and weights ------------------------------------------------------------------------------------------


def _weights(vectors: Tensor, keys: _Keys, sets: _Sets) -> Tensor:
    """Return the softmax weights of the final queries, (B, n, kh, kw); zero outside the grid and for masked keys."""
    planes = _wide(vectors @ keys.vectors).unflatten(2, keys.size)  # (B, n product, kh, kw)
    planes = _add_rows(planes, sets.rows_from)
    planes = _add_cols(planes, sets.cols_from) * keys.inverse_norm  # the patch product over the key's norm
    if sets.raster_from is not None and sets.columns_from is not None:
        planes = _add_raster(planes, sets.raster_from)
        planes = _add_columns(planes, sets.columns_from)
    # A masked key gets the logit 0, not minus infinity: it stays in the denominator, and only then is left out.
    logits = planes * SCALE if keys.usable is None else planes * (keys.usable * SCALE)
    weights = torch.softmax(logits.flatten(2), dim=2).view_as(planes)
    weights = weights.clone() if keys.usable is None else weights * keys.usable
    weights[:, -1] = 0  # outside the grid
    return weights


def _wide(x: Tensor) -> Tensor:
    """Scores are added up in at least float32: with 16 bits the softmax would see steps."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _add_rows(planes: Tensor, places: Tensor) -> Tensor:
    """out[q, l] = sum over d = -1, 0, 1 of planes[q + d rows, l + d rows], nothing outside the pictures."""
    out = planes[:, places[1]]
    out[:, :, 1:] += planes[:, places[0], :-1]
    out[:, :, :-1] += planes[:, places[2], 1:]
    return out


def _add_cols(planes: Tensor, places: Tensor) -> Tensor:
    """The same along columns."""
    out = planes[:, places[1]]
    out[:, :, :, 1:] += planes[:, places[0], :, :-1]
    out[:, :, :, :-1] += planes[:, places[2], :, 1:]
    return out


def _add_raster(planes: Tensor, places: Tensor) -> Tensor:
    """The same along the raster of both pictures, where the end of a row meets the start of the next."""
    flat = planes.flatten(2)
    out = flat[:, places[1]]
    out[:, :, 1:] += flat[:, places[0], :-1]
    out[:, :, :-1] += flat[:, places[2], 1:]
    return out.view(*out.shape[:2], *planes.shape[2:])


def _add_columns(planes: Tensor, places: Tensor) -> Tensor:
    """The same along the raster of columns, where the foot of a column meets the head of the next."""
    before, after = planes[:, places[0]], planes[:, places[2]]
    out = planes[:, places[1]]
    out[:, :, 1:] += before[:, :, :-1]
    out[:, :, 0, 1:] += before[:, :, -1, :-1]
    out[:, :, :-1] += after[:, :, 1:]
    out[:, :, -1, :-1] += after[:, :, 0, 1:]
    return out


def _added(weights: Tensor, places: Tensor, a: int, b: int) -> Tensor:
    """Add the weights of the four patches that cover pixel (a, b) of each cell, each moved to the source pixel's key.

    Pixel row 2i comes from patch i and, one key further on, from patch i - 1; row 2i + 1 from i and from i + 1.
    """
    below = (slice(1, None), slice(None, -1)) if a == 0 else (slice(None, -1), slice(1, None))  # (to, from), rows
    aside = (slice(1, None), slice(None, -1)) if b == 0 else (slice(None, -1), slice(1, None))
    out = weights[:, places[0]]
    out[:, :, :, aside[0]] += weights[:, places[1], :, aside[1]]
    out[:, :, below[0]] += weights[:, places[2], below[1]]
    out[:, :, below[0], aside[0]] += weights[:, places[3], below[1], aside[1]]
    return out
