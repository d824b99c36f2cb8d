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

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from freefill.errors import InputError
from freefill.networks.attention_sets import Keys, Sets, chunks, keys_of, sets_of, shrunk, wide
from freefill.networks.gated_conv import WeightLayout

SCALE = 10.0  # softmax scale
CHUNK_BYTES = 192 << 20  # bound on one array of planes
# Larger arrays leave the cache; but a chunk of few planes is mostly rim: of 92 planes only 9 are cells that were asked
# for. So a chunk takes this much, or this many planes where that is more, within the bound.
CACHE_BYTES, FEW_PLANES = 24 << 20, 1200


@dataclass(frozen=True)
class Attended:
    """What the attention gives: features, and where they came from."""

    features: Tensor  # (B, C, H, W); zero in cells that were not asked for
    best_key: Tensor | None  # (B, H/2, W/2) int64: flat index of the key with the largest weight; -1 where not asked


class ContextualAttention(nn.Module):
    """The layer of the refinement stage; it has no weights."""

    def __init__(self, layout: WeightLayout = "pt", fuse: bool = True) -> None:
        super().__init__()
        self.layout: WeightLayout = layout
        self.fuse = fuse

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        """Attend everywhere; see `attend`."""
        return attend(features, mask, layout=self.layout, fuse=self.fuse).features


def attend(
    features: Tensor,
    mask: Tensor | None,
    *,
    background: Tensor | None = None,
    layout: WeightLayout = "pt",
    fuse: bool = True,
    cells: Tensor | None = None,
    chunk_bytes: int = CHUNK_BYTES,
    want_best: bool = False,
    runner: Callable[[Keys], AttentionRunner] | None = None,
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
    chunk_bytes : bound on one array of scores; some four of them live at a time
    want_best : also return the best key of each wanted cell
    runner : makes what computes a chunk, for given keys; None = tensors, on any device, with gradients

    Returns
    -------
    Attended
        Differentiable where gradients are on, if `runner` is None.
    """
    back = features if background is None else background
    if any(side % 2 for side in (*features.shape[2:], *back.shape[2:])):
        raise InputError(f"attention takes even sizes, not {tuple(features.shape)} and {tuple(back.shape)}")
    keys, vectors = _prepared(features, background, mask, layout)
    run = partial(_by_tensors, keys) if runner is None else runner(keys)
    batch, channels, h, w = len(features), features.shape[1], features.shape[2] // 2, features.shape[3] // 2
    if cells is None:
        cells = torch.ones(h, w, dtype=torch.bool, device=features.device)
    out = features.new_zeros(batch, h, 2, w, 2, channels)  # cell (i, j) is [:, i, :, j]
    best = torch.full((batch, h * w), -1, device=features.device) if want_best else None
    plane_bytes = 4 * batch * keys.count  # float32
    planes = min(chunk_bytes // plane_bytes, max(CACHE_BYTES // plane_bytes, FEW_PLANES))
    for chunk in chunks(cells, planes):
        pixels, best_of_chunk = run(vectors, sets_of(chunk, (h, w), fuse), want_best)
        if best is not None and best_of_chunk is not None:
            best[:, chunk] = best_of_chunk
        _place(out, chunk, pixels)
    features = out.view(batch, 2 * h, 2 * w, channels).permute(0, 3, 1, 2)
    return Attended(features, None if best is None else best.view(batch, h, w))


def _prepared(
    features: Tensor, background: Tensor | None, mask: Tensor | None, layout: WeightLayout
) -> tuple[Keys, Tensor]:
    """Return the keys, and the queries' vectors, (B, h * w + 1, C)."""
    keys = keys_of(features if background is None else background, mask, layout)
    queries = keys.vectors if background is None else shrunk(features, layout).flatten(2)  # (B, C, h*w)
    # A zero vector at the end stands for every place outside the grid.
    return keys, F.pad(queries.transpose(1, 2), (0, 0, 0, 1))


def _place(out: Tensor, chunk: Tensor, pixels: list[list[Tensor]]) -> None:
    """Write the pixels of a chunk's cells."""
    i, j = chunk // out.shape[3], chunk % out.shape[3]
    for a in (0, 1):
        for b in (0, 1):
            out[:, i, a, j, b] = pixels[a][b] / 4  # (B, n, C); 4 pastes overlap


class AttentionRunner(Protocol):
    """Computes one chunk from the vectors of all queries.

    It returns the pixels [a][b] of its cells, (B, n, C), times 4, and if wanted their best keys, (B, n).
    """

    def __call__(self, vectors: Tensor, sets: Sets, want_best: bool) -> tuple[list[list[Tensor]], Tensor | None]: ...


def _by_tensors(keys: Keys, vectors: Tensor, sets: Sets, want_best: bool) -> tuple[list[list[Tensor]], Tensor | None]:
    vectors = vectors[:, sets.product]
    weights = _weights(vectors, keys, sets)  # (B, n final, kh, kw)
    best = weights[:, sets.centre].flatten(2).argmax(2) if want_best else None
    weights = weights.to(vectors.dtype)
    pixels = [[_added(weights, sets.paste[a][b], a, b).flatten(2) @ keys.pixels[a][b] for b in (0, 1)] for a in (0, 1)]
    return pixels, best


# --- scores and weights ------------------------------------------------------------------------------------------


def _weights(vectors: Tensor, keys: Keys, sets: Sets) -> Tensor:
    """Return the softmax weights of the final queries, (B, n, kh, kw); zero outside the grid and for masked keys."""
    planes = wide(vectors @ keys.vectors).unflatten(2, keys.size)  # (B, n product, kh, kw)
    planes = _add_rows(planes, sets.rows_from)
    planes = _add_cols(planes, sets.cols_from) * keys.inverse_norm  # the patch product over the key's norm
    if sets.raster_from is not None:
        planes = _add_raster(planes, sets.raster_from)
        planes = _add_columns(planes, sets.columns_from)
    # A masked key gets the logit 0, not minus infinity: it stays in the denominator, and only then is left out.
    logits = planes * SCALE if keys.usable is None else planes * (keys.usable * SCALE)
    weights = torch.softmax(logits.flatten(2), dim=2).view_as(planes)
    # The copy is for the gradient: softmax keeps what it gave, and the next line writes to it.
    weights = weights.clone() if keys.usable is None else weights * keys.usable
    weights[:, -1] = 0  # outside the grid
    return weights


def _add_rows(planes: Tensor, places: Tensor) -> Tensor:
    """out[q, l] = sum over d = -1, 0, 1 of planes[q + d rows, l + d rows], nothing outside the pictures."""
    out = planes[:, places[1]]  # an index that is a tensor copies: `planes` stays as it is
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
