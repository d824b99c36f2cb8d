"""Gated convolution: every pixel decides by itself how much of it is let through.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, section 3.1. One convolution has twice the
outputs; the first half is activated, the second half goes through a sigmoid and multiplies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WeightLayout = Literal["pt", "tf"]
# With channels innermost, half of them is a short run at each pixel, with a gap after it. ELU of 16 such bfloat16
# values at a time takes six times as long as of a copy without gaps, its gradient four times; at 64 it is all the same.
NARROW = 64


@dataclass(frozen=True)
class LayerRow:
    """One convolution of the network, as a row of the table in `deepfill.py`.

    Attributes
    ----------
    pt, tf : its name in the two public layouts, without ".conv.weight"
    inputs, outputs : channels; outputs are counted after the gate
    kernel, stride, dilation : as usual
    upsample : double height and width (nearest) before the convolution
    activation : "elu", "relu", or None for the two RGB layers, which have no gate either
    """

    pt: str
    tf: str
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    upsample: bool = False
    activation: Literal["elu", "relu"] | None = "elu"

    @property
    def before_px(self) -> int:
        """Zeros above and left of the first pixel in the layout "pt", and in both where the stride is 1."""
        return self.dilation * (self.kernel - 1) // 2

    def padding(self, layout: WeightLayout, size: int) -> tuple[int, int]:
        """Return the zeros before and after a side of `size` pixels (after the upsampling).

        "pt" pads alike on both sides. "tf" pads as TensorFlow's SAME: an even size at stride 2 gets 0 before and 1
        after (kernel 3), so the kernel sits on pixels 1, 3, 5 and not on 0, 2, 4.
        """
        if layout == "pt" or self.stride == 1:
            return self.before_px, self.before_px
        reach = self.dilation * (self.kernel - 1) + 1
        total = max((-(-size // self.stride) - 1) * self.stride + reach - size, 0)
        return total // 2, total - total // 2


class GatedConv(nn.Module):
    """A row of the table with its weights; `conv.weight` is (2 * outputs, inputs, k, k), activated half first."""

    def __init__(self, row: LayerRow, layout: WeightLayout = "pt") -> None:
        super().__init__()
        self.row = row
        self.layout: WeightLayout = layout
        doubled = row.outputs if row.activation is None else 2 * row.outputs
        self.conv = nn.Conv2d(row.inputs, doubled, row.kernel, stride=row.stride, dilation=row.dilation)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]
        if row.activation is not None:
            nn.init.kaiming_uniform_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, activate, gate.

        Parameters
        ----------
        x : (B, inputs, H, W)

        Returns
        -------
        (B, outputs, H', W'): H' = H, H / 2 rounded up at stride 2, or 2 H after upsampling
        """
        row = self.row
        # ONNX's exporter takes no kernel that is computed.
        at_once = row.upsample and not torch.onnx.is_in_onnx_export()
        if row.upsample and not at_once:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")  # (B, c, 2h, 2w)
        top, bottom = row.padding(self.layout, x.shape[2])
        left, right = row.padding(self.layout, x.shape[3])
        weight, bias = self.conv.weight, self.conv.bias
        if at_once:
            x = F.conv_transpose2d(x, spread(weight), bias, stride=2, padding=1)  # (B, 2 outputs, 2h, 2w)
        elif top == bottom and left == right:  # conv2d's own padding is alike on both sides; the other needs a copy
            x = F.conv2d(x, weight, bias, row.stride, (top, left), row.dilation)  # (B, 2 outputs, h, w)
        else:
            x = F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, row.stride, 0, row.dilation)
        if row.activation is None:
            return x
        value, gate = x.chunk(2, dim=1)
        if x.is_contiguous(memory_format=torch.channels_last) and row.outputs <= NARROW:
            value = value.contiguous(memory_format=torch.channels_last)
            gate = gate.contiguous(memory_format=torch.channels_last)
        return activate(value, row.activation) * torch.sigmoid(gate)


def spread(weight: Tensor) -> Tensor:
    """Return the kernel of a transposed convolution that does a nearest doubling and a 3x3 convolution in one.

    Each output pixel sees 2 x 2 pixels of the smaller picture, so it takes 4 products instead of 9: a step of training
    in float32 takes an eighth less, in bfloat16 a thirtieth.

    Parameters
    ----------
    weight : (outputs, inputs, 3, 3)

    Returns
    -------
    (inputs, outputs, 4, 4), for stride 2 and padding 1
    """
    turned = F.pad(weight, (1, 1, 1, 1)).flip(2, 3)  # a transposed convolution reads its kernel the other way round
    rows = turned[:, :, :-1] + turned[:, :, 1:]  # the two rows, and below the two columns, that show the same pixel
    return (rows[..., :-1] + rows[..., 1:]).transpose(0, 1)


def activate(value: Tensor, activation: Literal["elu", "relu"]) -> Tensor:
    """ELU (alpha 1), or ReLU in the one layer in front of the attention."""
    return F.elu(value) if activation == "elu" else F.relu(value)
