"""One gated convolution over one rectangle, on a processor: weights laid out for it once, then convolution and gate."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks.gated_conv import GatedConv, LayerRow, WeightLayout, activate
from freefill.networks.on_processor import gate_compiled
from freefill.networks.on_processor.feature_map import Map
from freefill.values import Box


@dataclass(frozen=True)
class ReadyLayer:
    """A convolution's weights, laid out for the speed of this processor and number format."""

    row: LayerRow
    weight: Tensor
    bias: Tensor
    layout: WeightLayout
    dtype: torch.dtype

    @classmethod
    def of(cls, layer: GatedConv, dtype: torch.dtype) -> ReadyLayer:
        weight, bias = layer.conv.weight.detach(), layer.conv.bias
        assert bias is not None
        if layer.row.upsample:
            weight, bias = _of_cells(weight), bias.repeat(4)
        weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        return cls(layer.row, weight, bias.detach().to(dtype), layer.layout, dtype)


def _of_cells(weight: Tensor) -> Tensor:
    """Turn a 3x3 kernel behind a doubling into four 2x2 kernels, (o, i, 3, 3) -> (4 * o, i, 2, 2).

    The upper pixels of a cell read the row above once and their own row twice; the lower pixels their own row twice
    and the row below once. Columns likewise.
    """
    upper, lower = [(0,), (1, 2)], [(0, 1), (2,)]
    kernels = []
    for rows in (upper, lower):
        for cols in (upper, lower):
            taps = [[weight[:, :, r][:, :, :, c].sum((2, 3)) for c in cols] for r in rows]  # each (o, i)
            kernels.append(torch.stack([torch.stack(line, -1) for line in taps], -2))
    return torch.cat(kernels)


def margin_px(row: LayerRow) -> int:
    """Zeros that a layer may read around its input, on the side where it reads more."""
    return 1 if row.upsample else row.before_px


def convolve(ready: ReadyLayer, x: Map, y: Map, channels: slice, box: Box) -> None:
    """Compute one rectangle of a layer and write it."""
    row = ready.row
    if row.upsample:
        source = x.at(box.top - 1, box.left - 1, box.height + 2, box.width + 2)
        target = y.at(2 * box.top, 2 * box.left, 2 * box.height, 2 * box.width)[:, channels]
        # (b, 4 * 2 * outputs, h + 1, w + 1): the four pixels of each cell
        cells = F.conv2d(source.contiguous(memory_format=torch.channels_last), ready.weight, ready.bias)
        for number, cell in enumerate(cells.chunk(4, dim=1)):
            i, j = divmod(number, 2)
            _gate(row, cell[:, :, i : i + box.height, j : j + box.width], target[:, :, i::2, j::2])
        return
    height, width = x.size
    top = box.top * row.stride - row.padding(ready.layout, height)[0]
    left = box.left * row.stride - row.padding(ready.layout, width)[0]
    reach = row.dilation * (row.kernel - 1) + 1
    source = x.at(top, left, (box.height - 1) * row.stride + reach, (box.width - 1) * row.stride + reach)
    source = source.contiguous(memory_format=torch.channels_last)
    both = F.conv2d(source, ready.weight, ready.bias, row.stride, 0, row.dilation)
    _gate(row, both, y.at(box.top, box.left, box.height, box.width)[:, channels])


def _gate(row: LayerRow, both: Tensor, target: Tensor) -> None:
    """Write the activated half of a convolution's output times its gate; all of it where there is no gate."""
    if row.activation is None:
        target.copy_(both)
    elif gate_compiled.can_run(both, target):
        gate_compiled.gate(both, target, relu=row.activation == "relu")
    else:
        value, gate = both.chunk(2, dim=1)
        torch.mul(activate(value, row.activation), gate.sigmoid(), out=target)
