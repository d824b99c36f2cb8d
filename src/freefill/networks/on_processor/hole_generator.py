"""The generator, computing only what a hole needs.

The same numbers as `Generator.forward` gives in the hole, to rounding. What is not needed is never computed: each
layer works on rectangles that were worked out backwards from the hole (`regions.py`). Known pixels reach the hole from
far away only through the attention's encoder, so that alone is computed everywhere.

More makes it fast, and none of it changes a result beyond rounding:

- Channels lie innermost in memory ("channels last").
- An upsampled 3x3 convolution is a 2x2 convolution at the lower resolution, with other weights for each of the four
  pixels of a cell: 4 products instead of 9.
- Rectangles are worked through in strips that stay in the processor's cache between convolution and gate.
- On a processor activation, sigmoid and product are one compiled pass (`gate_kernels.py`) instead of three, and each
  strip is computed by one thread from convolution to gate (`workers.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from freefill.networks.attention_sets import usable_keys
from freefill.networks.contextual_attention import CHUNK_BYTES, SCALE, attend
from freefill.networks.deepfill import Generator
from freefill.networks.gated_conv import LayerRow
from freefill.networks.on_processor import regions
from freefill.networks.on_processor.attention_compiled import CompiledChunks
from freefill.networks.on_processor.convolution import ReadyLayer, convolve, margin_px
from freefill.networks.on_processor.feature_map import Map, Room
from freefill.networks.on_processor.regions import Step, Wanted
from freefill.networks.on_processor.workers import Workers
from freefill.values import Box

STRIP_BYTES = 4 << 20  # of the two halves of a convolution's output, float32
LEAST_BYTES = 1 << 20  # of each of two strips for a worker, instead of one: smaller ones are mostly rim
LEAST_ROWS = 4  # of a strip: convolutions of fewer rows are slow
# What the coarse stage rounds away, everything after it makes larger, and the more so the deeper in a hole: it stays in
# float32 where the rest works with 16 bits, in holes thinner than this only up to its last stride
# (docs/decisions/0021-16-bits.md).
THIN_PX, EXACT_IN_THIN = 64, 5


@dataclass(frozen=True)
class Filled:
    """What was computed; pictures are in [-1, 1] and hold the known picture outside the hole."""

    refined: Tensor  # (B, 3, H, W) float32
    coarse: Tensor  # (B, 3, H, W) float32
    best_key: Tensor | None  # (B, H/8, W/8): see `contextual_attention.Attended`


class HoleGenerator:
    """A generator made ready for filling; holds no state between calls, so threads may share it.

    Parameters
    ----------
    generator : its weights are copied
    dtype : of most convolutions: float32, or bfloat16 / float16 where the device is fast with it. Scores and softmax of
        the attention stay in float32.
    """

    def __init__(self, generator: Generator, dtype: torch.dtype = torch.float32) -> None:
        self.generator = generator
        self.dtype = dtype
        table, layers = generator.table, {layer.row: layer for layer in generator.layers(generator.table.rows)}
        exact = set(table.coarse)
        self.ready = {
            row: ReadyLayer.of(layer, torch.float32 if row in exact else dtype) for row, layer in layers.items()
        }
        rounded = table.coarse[EXACT_IN_THIN:] if dtype != torch.float32 else ()
        self.ready_thin = {**self.ready, **{row: ReadyLayer.of(layers[row], dtype) for row in rounded}}
        on_processor = next(generator.parameters()).device.type == "cpu"
        self.workers = Workers() if on_processor else Workers(1)
        # The loops count in float32: a generator of float64, which tests use as the judge, keeps its tensors.
        compiled = on_processor and next(generator.parameters()).dtype != torch.float64
        self.runner = partial(CompiledChunks, scale=SCALE, workers=self.workers) if compiled else None

    @torch.inference_mode()
    def fill(
        self,
        image_pm1: Tensor,
        mask: Tensor,
        guide: Tensor | None = None,
        *,
        chunk_bytes: int = CHUNK_BYTES,
        want_best: bool = False,
    ) -> Filled:
        """Fill the hole.

        Parameters
        ----------
        image_pm1, mask, guide : as `Generator.forward` takes them
        chunk_bytes : bound on one array of the attention's scores; some four live at a time
        want_best : also tell which key each cell of the hole was mainly copied from

        Returns
        -------
        Filled
        """
        return self.workers.alone(partial(self._fill, image_pm1, mask, guide, chunk_bytes, want_best))

    def _fill(self, image_pm1: Tensor, mask: Tensor, guide: Tensor | None, chunk_bytes: int, want_best: bool) -> Filled:
        """Fill the hole; a worker does it, and shares out the layers among the others."""
        # Channels last, like every map: cheap to copy.
        masked = self.generator.check(image_pm1.contiguous(memory_format=torch.channels_last), mask, guide)
        mask = mask.expand(len(masked), -1, -1, -1)
        hole = (mask > 0).any(dim=1).any(dim=0).cpu().numpy()
        if not hole.any():
            return Filled(masked, masked, None)
        table, layout = self.generator.table, self.generator.layout

        def planned() -> tuple[Wanted, Wanted, list[list[Step]], Mapping[LayerRow, ReadyLayer]]:
            decoder, features = regions.plan(table.decoder, hole, layout)
            plain, _ = regions.plan(table.plain, features, layout)
            pasted, attention = regions.plan(table.pasted, features, layout)
            coarse, _ = regions.plan(table.coarse, hole, layout)
            ready = self.ready if _is_thick(hole) else self.ready_thin
            return features, attention, [coarse, plain, pasted, decoder], ready

        def laid_out() -> tuple[Tensor, Map]:
            first = self.generator.first_guess(masked, mask)
            given = self.generator.coarse_input(masked, mask, guide, first)
            return first, Map.of(given, margin_px(table.coarse[0]), torch.float32)

        (first, start), (features_wanted, attention_wanted, steps, ready) = self.workers.together(laid_out, planned)
        coarse_steps, plain, pasted, decoder = steps
        x = self._chain(ready, coarse_steps, start)
        coarse = self._completed(x, coarse_steps[-1].boxes, mask, masked, first)

        start = Map.of(coarse, margin_px(table.plain[0]), self.dtype)
        both = Map(masked, table.decoder[0].inputs, features_wanted.shape, 1, self.dtype)

        def branch_b() -> Tensor | None:
            b, best = self._attended(start, mask, attention_wanted, chunk_bytes, want_best)
            self._chain(ready, pasted, Map.of(b, margin_px(table.pasted[0]), self.dtype), both, table.plain[-1].outputs)
            return best

        best, _ = self.workers.together(branch_b, partial(self._chain, ready, plain, start, both, 0))
        y = self._chain(ready, decoder, both)
        refined = self._completed(y, decoder[-1].boxes, mask, masked, coarse)
        return Filled(refined, coarse, best)

    def _attended(
        self, start: Map, mask: Tensor, wanted: Wanted, chunk_bytes: int, want_best: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Return branch B up to and including the attention, (B, 2c, H/4, W/4), right where wanted."""
        table, attention = self.generator.table, self.generator.attention
        if not usable_keys(mask, attention.layout).any():  # nothing to copy from: the attention gives exactly 0
            channels = table.matched[-1].outputs
            return start.data.new_zeros((len(start.data), channels, *wanted.shape)), None
        steps, _ = regions.plan(table.matched, np.ones_like(wanted), attention.layout)
        x = self._chain(self.ready, steps, start)
        attended = attend(
            x.at(0, 0, *x.size),
            mask,
            layout=attention.layout,
            fuse=attention.fuse,
            cells=torch.from_numpy(regions.halved(wanted)).to(mask.device),
            chunk_bytes=chunk_bytes,
            want_best=want_best,
            runner=self.runner,
        )
        return attended.features, attended.best_key

    def _chain(
        self,
        ready: Mapping[LayerRow, ReadyLayer],
        steps: list[Step],
        x: Map,
        into: Map | None = None,
        channel: int = 0,
    ) -> Map:
        """Run layers one after the other; the last writes to the channels of `into` from `channel` on, if given."""
        room = Room()
        for number, step in enumerate(steps):
            row, last = step.row, number + 1 == len(steps)
            if last and into is not None:
                y, first = into, channel
            else:
                size = [side * 2 if row.upsample else side // row.stride for side in x.size]
                margin = 0 if last else margin_px(steps[number + 1].row)
                dtype = ready[row].dtype if last else ready[steps[number + 1].row].dtype
                y, first = Map(x.data, row.outputs, size, margin, dtype, room), 0
            run = partial(convolve, ready[row], x, y, slice(first, first + row.outputs))
            self.workers.each(run, _strips(step, self.workers.count))
            x = y
        return x

    def _completed(self, x: Map, boxes: tuple[Box, ...], mask: Tensor, masked: Tensor, base: Tensor) -> Tensor:
        """Return the picture with its hole filled by the last layer's three channels; `base` is what went in."""
        out = masked.clone()
        for box in boxes:
            at = (slice(None), slice(None), *box.slices)
            fill = self.generator.pixels(x.at(box.top, box.left, box.height, box.width).float(), base[at], mask[at])
            out[at] = torch.where(mask[at] > 0, fill, masked[at])
        return out


def _is_thick(hole: Wanted) -> bool:
    """Tell whether a square of THIN_PX fits into the hole, on the grid of 8 px."""
    height, width = hole.shape
    rows = hole.reshape(height // 8, 8, width).all(axis=1)
    cells, side = rows.reshape(height // 8, width // 8, 8).all(axis=2), THIN_PX // 8
    if min(cells.shape) < side:
        return False
    before = np.zeros((height // 8 + 1, width // 8 + 1), np.int64)  # cells of the hole above and left of each
    before[1:, 1:] = cells.cumsum(axis=0).cumsum(axis=1)
    inside = before[side:, side:] - before[:-side, side:] - before[side:, :-side] + before[:-side, :-side]
    return bool((inside == side**2).any())


def _strips(step: Step, workers: int) -> list[Box]:
    """Cut the boxes into parts with STRIP_BYTES of output or less, so that every worker has some; the largest first."""
    px_bytes = 8 * step.row.outputs * (4 if step.row.upsample else 1)
    area = sum(box.area for box in step.boxes)
    many = len(step.boxes) > 1 or area * px_bytes >= 2 * workers * LEAST_BYTES
    share = min(area / (2 * workers if many else workers), STRIP_BYTES / px_bytes)
    strips = []
    for box in step.boxes:
        count = min(math.ceil(box.area / share), max(box.height // LEAST_ROWS, 1))
        for i in range(count):
            top, bottom = box.height * i // count, box.height * (i + 1) // count
            strips.append(Box(box.top + top, box.left, bottom - top, box.width))
    return sorted(strips, key=lambda strip: -strip.area)
