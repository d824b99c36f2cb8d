"""Runs the attention's compiled loops over chunks of queries, for processors and without gradients.

`contextual_attention.attend` chooses between this and plain tensors; the results agree to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks import attention_kernels as kernels
from freefill.networks.attention_sets import Keys, Sets

FEW_NUMBERS = 1 << 16  # below this a second thread costs more than it saves


class CompiledChunks:
    """Computes one chunk of cells after the other, in two arrays of planes that are used again and again.

    Parameters
    ----------
    keys : of the background
    scale : softmax scale
    """

    def __init__(self, keys: Keys, scale: float) -> None:
        def margined(grid: Tensor) -> Tensor:
            return F.pad(grid.float(), (1, 1, 1, 1)).contiguous()

        self.pitch = keys.size[1] + 2
        self.vectors = margined(keys.vectors.unflatten(2, keys.size)).flatten(2)  # (B, C, length)
        self.pixels = [
            [F.pad(p.unflatten(1, keys.size), (0, 0, 1, 1, 1, 1)).flatten(1, 2) for p in row] for row in keys.pixels
        ]  # (B, length, C)
        batch, self.length = self.vectors.shape[0], self.vectors.shape[2]
        inside = margined(torch.ones(batch, 1, *keys.size)).flatten(1)  # (B, length)
        usable = inside if keys.usable is None else margined(keys.usable).flatten(1).expand(batch, -1).contiguous()
        self.inverse_norm = margined(keys.inverse_norm).flatten(1).numpy()
        self.inside, self.usable, self.scale = inside.numpy(), usable.numpy(), (usable * scale).numpy()
        self.buffers = [torch.zeros(0), torch.zeros(0)]
        self._counts = [0, 0]
        self.threads = torch.get_num_threads()

    def run(self, vectors: Tensor, sets: Sets, want_best: bool) -> tuple[list[list[Tensor]], Tensor | None]:
        """Return the cells' features [a][b] (B, n, C), four times too large, and their best keys (B, n) if wanted.

        Parameters
        ----------
        vectors : (B, n product, C) of the queries `sets.product`
        """
        batch = len(vectors)
        with ThreadPoolExecutor(self.threads) as pool:

            def step(kernel: Callable[..., None], source: int, places: Tensor, *rest: Any) -> None:
                """Compute planes from one buffer into the other."""
                count = batch * places.shape[1]
                args = (
                    self._planes(source, batch).numpy(),
                    places.numpy(),
                    self.pitch,
                    *rest,
                    self._planes(1 - source, batch, places.shape[1]).numpy(),
                )
                parts = 1 if count * self.length < FEW_NUMBERS else self.threads
                ends = np.linspace(0, count, parts + 1).astype(int)
                if parts == 1:
                    kernel(*args, 0, count)
                else:
                    list(pool.map(lambda part: kernel(*args, ends[part], ends[part + 1]), range(parts)))

            torch.matmul(vectors.float(), self.vectors, out=self._planes(0, batch, vectors.shape[1]))
            step(kernels.add_rows, 0, sets.rows_from)
            step(kernels.add_cols, 1, sets.cols_from, self.inverse_norm)
            if sets.raster_from is not None:
                step(kernels.add_raster, 0, sets.raster_from)
            scores = 0 if sets.raster_from is None else 1
            step(kernels.softmax, scores, sets.columns_from, self.scale, self.inside, self.usable)
            weights = 1 - scores
            self._planes(weights, batch)[:, -1] = 0
            best = self._unmargined(self._planes(weights, batch)[:, sets.centre].argmax(2)) if want_best else None
            cells: list[list[Tensor]] = [[], []]
            for a in (0, 1):
                for b in (0, 1):
                    step(kernels.add_pasted, weights, sets.paste[a][b], 2 * a - 1, 2 * b - 1)
                    source = self.pixels[a][b]
                    cells[a].append(self._planes(1 - weights, batch).to(source.dtype) @ source)
        return cells, best

    def _unmargined(self, key: Tensor) -> Tensor:
        """Turn indices with margin into plain ones; 0 where all weights are 0."""
        return ((key // self.pitch - 1) * (self.pitch - 2) + key % self.pitch - 1).clamp_min(0)

    def _planes(self, buffer: int, batch: int, count: int | None = None) -> Tensor:
        """Return a buffer as (B, count, length), made larger if need be; without `count` as it was last asked for.

        New memory is zero, and no loop ever writes to the margin above and below a plane: it stays zero.
        """
        if count is not None:
            need = batch * count * self.length
            if self.buffers[buffer].numel() < need:
                self.buffers[buffer] = torch.from_numpy(np.zeros(need, np.float32))
            self._counts[buffer] = count
        return self.buffers[buffer][: batch * self._counts[buffer] * self.length].view(batch, -1, self.length)
