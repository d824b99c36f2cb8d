"""DeepFillv2 in plain tensor operations, for formats that know no Python: the same numbers, any height and width.

What `contextual_attention.py` does in chunks of queries is written out here for all of them at once. It costs memory
with the square of the picture's area: some 0.5 GB at 512 px.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from freefill.networks.attention_sets import LEAST_NORM
from freefill.networks.contextual_attention import SCALE
from freefill.networks.deepfill import Generator
from freefill.networks.gated_conv import WeightLayout

MULTIPLE_PX = 8  # the attention's grid is an eighth of the picture


class Exportable(nn.Module):
    """Picture and mask in, composite out; what does not fill eights is mirrored at the right and at the bottom."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor, mask: Tensor, sketch: Tensor | None = None) -> Tensor:
        """Fill one picture.

        Parameters
        ----------
        image : (1, 3, H, W) in [0, 1], H and W at least 16
        mask : (1, 1, H, W), above 0 = hole
        sketch : (1, 1, H, W), 1 = a line, for a generator that was trained with one

        Returns
        -------
        (1, 3, H, W) in [0, 1]; `image` outside the hole
        """
        generator, hole = self.generator, (mask > 0).float()
        padded, padded_hole = _to_eights(image * 2 - 1), _to_eights(hole)  # (1, 3 or 1, h, w)
        masked = torch.where(padded_hole > 0, torch.zeros_like(padded), padded)
        first = generator.first_guess(masked, padded_hole)
        x = generator.coarse_input(masked, padded_hole, None if sketch is None else _to_eights(sketch), first)
        for layer in generator.layers(generator.table.coarse):
            x = layer(x)
        start = generator.pixels(x, first, padded_hole) * padded_hole + masked
        a = start
        for layer in generator.layers(generator.table.plain):
            a = layer(a)
        b = start
        for layer in generator.layers(generator.table.matched):
            b = layer(b)
        b = attended(b, padded_hole, generator.attention.layout, generator.attention.fuse)
        for layer in generator.layers(generator.table.pasted):
            b = layer(b)
        x = torch.cat([a, b], dim=1)
        for layer in generator.layers(generator.table.decoder):
            x = layer(x)
        filled = ((generator.pixels(x, start, padded_hole) + 1) / 2).clamp(0, 1)[
            :, :, : image.shape[2], : image.shape[3]
        ]
        return torch.where(hole > 0, filled, image)


def _to_eights(x: Tensor) -> Tensor:
    """Mirror what is missing to multiples of 8."""
    for dim in (2, 3):
        size = x.shape[dim]
        place = torch.arange((size + MULTIPLE_PX - 1) // MULTIPLE_PX * MULTIPLE_PX, device=x.device)
        x = x.index_select(dim, torch.where(place < size, place, 2 * (size - 1) - place))
    return x


def attended(features: Tensor, mask: Tensor, layout: WeightLayout, fuse: bool) -> Tensor:
    """`contextual_attention.attend`, of one picture and all its cells.

    Parameters
    ----------
    features : (1, C, H, W), even sides
    mask : (1, 1, 4 H, 4 W), 1 = hole

    Returns
    -------
    (1, C, H, W)
    """
    small = _shrunk(features, layout, 2)[0]  # (C, h, w)
    channels, h, w = small.shape[0], small.shape[1], small.shape[2]
    usable = (F.max_pool2d(_shrunk(mask, layout, 8), 3, stride=1, padding=1) == 0).float().flatten()  # (h*w,)
    energy = small.square().sum(0)[None, None]  # (1, 1, h, w)
    # Nine times the mean, not a sum by `divisor_override`: the exporter leaves that out without a word.
    norm = (9 * F.avg_pool2d(energy, 3, stride=1, padding=1)).sqrt().flatten()
    flat = small.flatten(1)  # (C, h*w)
    planes = (flat.transpose(0, 1) @ flat).view(h, w, h, w)  # [query, key]
    padded = F.pad(planes, (0, 0, 1, 1, 0, 0, 1, 1))
    planes = padded[:-2, :, :-2] + padded[1:-1, :, 1:-1] + padded[2:, :, 2:]
    padded = F.pad(planes, (1, 1, 0, 0, 1, 1))
    planes = padded[:, :-2, :, :-2] + padded[:, 1:-1, :, 1:-1] + padded[:, 2:, :, 2:]
    scores = planes.reshape(h * w, h * w) / norm.clamp(min=LEAST_NORM)
    if fuse:
        scores = _along_raster(scores)
        by_columns = scores.view(h, w, h, w).permute(1, 0, 3, 2).reshape(h * w, h * w)
        scores = _along_raster(by_columns).view(w, h, w, h).permute(1, 0, 3, 2).reshape(h * w, h * w)
    # A masked key gets the logit 0 and stays in the denominator, as in `contextual_attention`.
    weights = torch.softmax(scores * (usable * SCALE), dim=1) * usable
    pasted = (weights @ _patches(features, h, w)).view(h, w, channels, 4, 4).permute(2, 0, 3, 1, 4)  # (C, h, 4, w, 4)
    rows = F.pad(pasted[:, :, :2], (0, 0, 0, 0, 0, 0, 0, 1)) + F.pad(pasted[:, :, 2:], (0, 0, 0, 0, 0, 0, 1, 0))
    rows = rows.reshape(channels, 2 * h + 2, w, 4)[:, 1:-1]  # patch i covers rows 2i-1 to 2i+2
    cols = F.pad(rows[:, :, :, :2], (0, 0, 0, 1)) + F.pad(rows[:, :, :, 2:], (0, 0, 1, 0))
    return cols.reshape(channels, 2 * h, 2 * w + 2)[None, :, :, 1:-1] / 4  # 4 pastes overlap


def _shrunk(x: Tensor, layout: WeightLayout, factor: int) -> Tensor:
    """`attention_sets.shrunk`; "tf" in whole numbers, exact where the public port's float32 may fall one lower."""
    if layout == "pt":
        return x[:, :, ::factor, ::factor]
    for dim in (2, 3):
        size, left = x.shape[dim], x.shape[dim] // factor
        place = torch.arange(left, device=x.device)
        x = x.index_select(dim, (2 * place * (size - 1) + left - 1) // (2 * (left - 1)))
    return x


def _along_raster(scores: Tensor) -> Tensor:
    """Let neighbours along the raster support each other, (n, n) to (n, n)."""
    padded = F.pad(scores, (1, 1, 1, 1))
    return padded[:-2, :-2] + padded[1:-1, 1:-1] + padded[2:, 2:]


def _patches(features: Tensor, h: int, w: int) -> Tensor:
    """Return the 4x4 patches at stride 2, (h*w, C*16)."""
    padded = F.pad(features, (1, 1, 1, 1))[0]  # (C, 2h+2, 2w+2)
    parts = [padded[:, r : r + 2 * h : 2, c : c + 2 * w : 2] for r in range(4) for c in range(4)]
    return torch.stack(parts, dim=-1).permute(1, 2, 0, 3).reshape(h * w, -1)
