"""Runs the attention's compiled loops over chunks of queries, for processors and without gradients.

`contextual_attention.attend` chooses between this and plain tensors; the results agree to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks.attention_sets import Keys, Sets
from freefill.networks.on_processor import attention_kernels as kernels
from freefill.networks.on_processor.workers import Workers

FEW_NUMBERS = 1 << 16  # below this a second thread costs more than it saves


class CompiledChunks:
    """Computes one chunk of cells after the other, in two arrays of planes that are used again and again.

    Parameters
    ----------
    keys : of the background
    scale : softmax scale
    workers : share out the planes of a chunk
    """

    def __init__(self, keys: Keys, scale: float, workers: Workers) -> None:
        self.workers = workers
        self.pitch = keys.size[1] + 2  # a margin of one key on both sides
        self.vectors = Tensor()
        self.pixels = [[Tensor(), Tensor()], [Tensor(), Tensor()]]

        def margined(rows: Tensor) -> Tensor:
            """(B, kh * kw, C) -> (B, length, C)"""
            return F.pad(rows.unflatten(1, keys.size), (0, 0, 1, 1, 1, 1)).flatten(1, 2)

        def take(place: tuple[int, int] | None) -> None:
            if place is None:
                self.vectors = margined(keys.vectors.transpose(1, 2).float()).transpose(1, 2)  # (B, C, length)
            else:
                # (B, length, C), whose memory is (B, C, length): so `_product` needs no copy.
                rows = margined(keys.pixels[place[0]][place[1]])
                self.pixels[place[0]][place[1]] = rows.transpose(1, 2).contiguous().transpose(1, 2)

        workers.each(take, [None, (0, 0), (0, 1), (1, 0), (1, 1)])
        batch, self.length = self.vectors.shape[0], self.vectors.shape[2]

        def grid(numbers: Tensor) -> Tensor:
            """(B or 1, 1, kh, kw) -> (B, length)"""
            return F.pad(numbers.float(), (1, 1, 1, 1)).flatten(1).expand(batch, -1).contiguous()

        inside = grid(torch.ones(batch, 1, *keys.size))
        usable = inside if keys.usable is None else grid(keys.usable)
        self.inverse_norm = grid(keys.inverse_norm).numpy()
        self.inside, self.usable, self.scale = inside.numpy(), usable.numpy(), (usable * scale).numpy()
        self.buffers = [torch.zeros(0), torch.zeros(0)]

    def __call__(self, vectors: Tensor, sets: Sets, want_best: bool) -> tuple[list[list[Tensor]], Tensor | None]:
        """Return the cells' features [a][b] (B, n, C), four times too large, and their best keys (B, n) if wanted.

        Parameters
        ----------
        vectors : (B, h * w + 1, C), of all queries
        """
        batch = len(vectors)

        def step(kernel: Callable[..., None], source: Tensor, into: int, places: Tensor, *rest: Any) -> Tensor:
            """Compute planes from `source` and return them; they lie in one of the two buffers."""
            out = self._planes(into, batch, places.shape[1])
            args = (source.numpy(), places.numpy(), self.pitch, *rest, out.numpy())
            self._share(batch * places.shape[1], partial(kernel, *args))
            return out

        product = self._planes(1, batch, len(sets.product))

        def multiply(first: int, last: int) -> None:
            product[:, first:last] = _product(vectors[:, sets.product[first:last]].float(), self.vectors)

        self._share(len(sets.product), multiply)
        half = step(kernels.add_rows, product, 0, sets.rows_from)
        scores = step(kernels.add_cols, half, 1, sets.cols_from, self.inverse_norm)
        fused = scores if sets.raster_from is None else step(kernels.add_raster, scores, 0, sets.raster_from)
        free = 0 if fused is scores else 1  # the buffer in which the scores do not lie
        weights = step(kernels.softmax, fused, free, sets.columns_from, self.scale, self.inside, self.usable)
        weights[:, -1] = 0
        best = self._unmargined(weights[:, sets.centre].argmax(2)) if want_best else None
        count, (channels, dtype) = len(sets.centre), (self.pixels[0][0].shape[2], self.pixels[0][0].dtype)
        cells = [[torch.empty(batch, count, channels, dtype=dtype) for _ in (0, 1)] for _ in (0, 1)]
        pasted = self._planes(1 - free, batch, count)  # the scores are done with: the paste takes their buffer

        def paste(first: int, last: int) -> None:
            for a in (0, 1):
                for b in (0, 1):
                    args = (weights.numpy(), sets.paste[a][b].numpy(), self.pitch, 2 * a - 1, 2 * b - 1, pasted.numpy())
                    for number in range(batch):
                        kernels.add_pasted(*args, number * count + first, number * count + last)
                    cells[a][b][:, first:last] = _product(pasted[:, first:last].to(dtype), self.pixels[a][b])

        self._share(count, paste)
        return cells, best

    def _share(self, count: int, work: Callable[[int, int], None]) -> None:
        """Let the workers do planes 0 to `count`, each as many as the others."""
        parts = self.workers.count if count * self.length >= FEW_NUMBERS else 1
        ends = [count * part // parts for part in range(parts + 1)]
        self.workers.each(lambda part: work(ends[part], ends[part + 1]), range(parts))

    def _unmargined(self, key: Tensor) -> Tensor:
        """Turn indices with margin into plain ones; 0 where all weights are 0."""
        return ((key // self.pitch - 1) * (self.pitch - 2) + key % self.pitch - 1).clamp_min(0)

    def _planes(self, buffer: int, batch: int, count: int) -> Tensor:
        """Return a buffer as (B, count, length), made larger if need be.

        New memory is zero, and no loop ever writes to the margin above and below a plane: it stays zero.
        """
        need = batch * count * self.length
        if self.buffers[buffer].numel() < need:
            self.buffers[buffer] = torch.from_numpy(np.zeros(need, np.float32))
        return self.buffers[buffer][:need].view(batch, count, self.length)


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Return left (B, n, k) @ right (B, k, m).

    As a convolution of 1x1 it takes half the time in float32: PyTorch's matrix product on processors is MKL's, which
    leaves AVX-512 unused on some makes, its convolution is oneDNN's; on one thread only if it is dilated, which means
    nothing here. In bfloat16 both are oneDNN's.
    """
    if left.dtype != torch.float32:
        return left @ right
    n, k, m = left.shape[1], left.shape[2], right.shape[2]
    out = [
        F.conv2d(
            one.reshape(1, n, 1, k).permute(0, 3, 1, 2),  # (1, k, n, 1), channels last
            other.T.reshape(m, 1, 1, k).permute(0, 3, 1, 2),  # (m, k, 1, 1)
            dilation=2,
        )
        for one, other in zip(left, right, strict=True)
    ]
    return (out[0] if len(out) == 1 else torch.cat(out)).permute(0, 2, 3, 1).view(-1, n, m)
