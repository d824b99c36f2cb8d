"""DeepFillv2: a coarse stage, then a refinement stage with contextual attention.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, figure 3. Two public sets of weights exist,
with the same 42 convolutions under other names: "tf" (converted from the authors' TensorFlow release, which pads as
TensorFlow does) and "pt" (trained further with symmetric padding). Both load as they are: `state_dict()` of a
`Generator` has the very keys of its layout (`deepfill_weights.py` opens them). Pictures are in [-1, 1] here, mask
1 = hole; docs/deepfillv2.md explains the network from the start.

`Generator.forward` computes the whole picture and can be trained. For filling holes, `hole_generator.py` computes the
same numbers, but only those that a hole needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from freefill.errors import InputError
from freefill.networks.contextual_attention import ContextualAttention
from freefill.networks.gated_conv import GatedConv, LayerRow, WeightLayout
from freefill.networks.smooth_fill import smooth_fill

PREFILL_CHANNELS = 3  # more inputs than 5 and a sketch: the network starts from a smooth fill


@dataclass(frozen=True)
class LayerTable:
    """All convolutions of the generator, in the order of computation."""

    coarse: tuple[LayerRow, ...]
    plain: tuple[LayerRow, ...]  # branch A of the refinement: dilated convolutions
    matched: tuple[LayerRow, ...]  # branch B, up to the attention
    pasted: tuple[LayerRow, ...]  # branch B, after the attention
    decoder: tuple[LayerRow, ...]  # from both branches to the picture

    @property
    def rows(self) -> tuple[LayerRow, ...]:
        """All 42 rows, in the order of both public layouts."""
        return self.coarse + self.plain + self.matched + self.pasted + self.decoder


def table(width: int = 48, in_channels: int = 5) -> LayerTable:
    """Return the table for `width` channels (the authors' "cnum") and `in_channels` inputs."""
    c, half, double = width, width // 2, 2 * width
    s1, s2 = "stage1.", "stage2."
    coarse = (  # at the ends of lines: resolution, channels
        LayerRow(s1 + "conv1", "conv1", in_channels, half, kernel=5),  # 1, c/2
        LayerRow(s1 + "down_block1.conv1_downsample", "conv2_downsample", half, c, stride=2),  # 1/2, c
        LayerRow(s1 + "down_block1.conv2", "conv3", c, c),
        LayerRow(s1 + "down_block2.conv1_downsample", "conv4_downsample", c, double, stride=2),  # 1/4, 2c
        LayerRow(s1 + "down_block2.conv2", "conv5", double, double),
        LayerRow(s1 + "conv_bn1", "conv6", double, double),
        LayerRow(s1 + "conv_bn2", "conv7_atrous", double, double, dilation=2),
        LayerRow(s1 + "conv_bn3", "conv8_atrous", double, double, dilation=4),
        LayerRow(s1 + "conv_bn4", "conv9_atrous", double, double, dilation=8),
        LayerRow(s1 + "conv_bn5", "conv10_atrous", double, double, dilation=16),
        LayerRow(s1 + "conv_bn6", "conv11", double, double),
        LayerRow(s1 + "conv_bn7", "conv12", double, double),
        *_up(s1 + "up_block{}.", "conv{}", c),
    )
    plain = (
        LayerRow(s2 + "conv_conv1", "xconv1", 3, half, kernel=5),  # 1, c/2
        LayerRow(s2 + "conv_down_block1.conv1_downsample", "xconv2_downsample", half, half, stride=2),  # 1/2, c/2
        LayerRow(s2 + "conv_down_block1.conv2", "xconv3", half, c),
        LayerRow(s2 + "conv_down_block2.conv1_downsample", "xconv4_downsample", c, c, stride=2),  # 1/4, c
        LayerRow(s2 + "conv_down_block2.conv2", "xconv5", c, double),
        LayerRow(s2 + "conv_conv_bn1", "xconv6", double, double),
        LayerRow(s2 + "conv_conv_bn2", "xconv7_atrous", double, double, dilation=2),
        LayerRow(s2 + "conv_conv_bn3", "xconv8_atrous", double, double, dilation=4),
        LayerRow(s2 + "conv_conv_bn4", "xconv9_atrous", double, double, dilation=8),
        LayerRow(s2 + "conv_conv_bn5", "xconv10_atrous", double, double, dilation=16),  # 1/4, 2c
    )
    matched = (
        LayerRow(s2 + "ca_conv1", "pmconv1", 3, half, kernel=5),  # 1, c/2
        LayerRow(s2 + "ca_down_block1.conv1_downsample", "pmconv2_downsample", half, half, stride=2),  # 1/2, c/2
        LayerRow(s2 + "ca_down_block1.conv2", "pmconv3", half, c),
        LayerRow(s2 + "ca_down_block2.conv1_downsample", "pmconv4_downsample", c, double, stride=2),  # 1/4, 2c
        LayerRow(s2 + "ca_down_block2.conv2", "pmconv5", double, double),
        LayerRow(s2 + "ca_conv_bn1", "pmconv6", double, double, activation="relu"),  # 1/4, 2c: what is compared
    )
    pasted = (
        LayerRow(s2 + "ca_conv_bn4", "pmconv9", double, double),
        LayerRow(s2 + "ca_conv_bn5", "pmconv10", double, double),
    )
    decoder = (
        LayerRow(s2 + "conv_bn6", "allconv11", 2 * double, double),  # 1/4, 2c
        LayerRow(s2 + "conv_bn7", "allconv12", double, double),
        *_up(s2 + "up_block{}.", "allconv{}", c),
    )
    return LayerTable(coarse, plain, matched, pasted, decoder)


def _up(pt: str, tf: str, c: int) -> tuple[LayerRow, ...]:
    """The end that both stages share: from 1/4 back to the full size, and to three channels."""
    to_rgb = pt.split(".")[0] + ".conv_to_rgb"
    return (
        LayerRow(
            pt.format(1) + "conv1_upsample.conv", tf.format(13) + "_upsample.conv", 2 * c, c, upsample=True
        ),  # 1/2, c
        LayerRow(pt.format(1) + "conv2", tf.format(14), c, c),
        LayerRow(
            pt.format(2) + "conv1_upsample.conv", tf.format(15) + "_upsample.conv", c, c // 2, upsample=True
        ),  # 1, c/2
        LayerRow(pt.format(2) + "conv2", tf.format(16), c // 2, c // 4),  # 1, c/4
        LayerRow(to_rgb, tf.format(17), c // 4, 3, activation=None),  # 1, 3
    )


def guides_of(in_channels: int) -> tuple[int, bool]:
    """Return how many sketch channels so many inputs have, and whether a smooth fill is among them."""
    more = in_channels - 5
    prefilled = more >= PREFILL_CHANNELS
    return more - PREFILL_CHANNELS * prefilled, prefilled


class Generator(nn.Module):
    """Both stages.

    Parameters
    ----------
    layout : "pt" or "tf": names of the weights, padding at stride 2, and how features are shrunk for the attention
    width : channels of the first gated layer before its gate; the public weights have 48
    in_channels : 5; one more for a sketch (the paper's user-guided variant: an edge map); three more for a smooth fill
        of the hole to start from. The last is ours, never of the public weights: both stages then say what is to be
        added to what they are given, so that a small network need not carry the whole picture through its narrowest
        layers (docs/training-log.md)
    fuse : let neighbouring matches support each other. None = as the public port does: in "pt", not in "tf" (whose
        weights were trained with it by their authors; pass True to compute what the authors' code does)
    """

    def __init__(
        self, layout: WeightLayout = "pt", width: int = 48, in_channels: int = 5, fuse: bool | None = None
    ) -> None:
        super().__init__()
        self.layout: WeightLayout = layout
        self.width = width
        self.in_channels = in_channels
        self.sketches, self.prefilled = guides_of(in_channels)
        self.table = table(width, in_channels)
        for row in self.table.rows:
            _place(self, row.pt if layout == "pt" else row.tf, GatedConv(row, layout))
        self.attention = ContextualAttention(layout, fuse=layout == "pt" if fuse is None else fuse)

    def layers(self, rows: tuple[LayerRow, ...]) -> list[GatedConv]:
        """Return the convolutions of some rows of `self.table`."""
        found = [self.get_submodule(row.pt if self.layout == "pt" else row.tf) for row in rows]
        return [layer for layer in found if isinstance(layer, GatedConv)]

    def forward(self, image_pm1: Tensor, mask: Tensor, guide: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Fill the whole picture with both stages.

        Parameters
        ----------
        image_pm1 : (B, 3, H, W) in [-1, 1]; H and W multiples of 8; what lies in the hole has no influence
        mask : (B or 1, 1, H, W), 1 = hole
        guide : (B, `sketches`, H, W); read in the hole only

        Returns
        -------
        coarse, refined : each (B, 3, H, W) in [-1, 1], of the whole picture, known pixels included

        Raises
        ------
        InputError
            If the sizes are no multiples of 8, or the guide does not fit.
        """
        masked = self.check(image_pm1, mask, guide)
        mask = mask.expand(len(masked), -1, -1, -1)
        first = self.first_guess(masked, mask)
        x = self.coarse_input(masked, mask, guide, first)  # (B, in_channels, h, w)
        for layer in self.layers(self.table.coarse):
            x = layer(x)
        coarse = self.pixels(x, first, mask)  # (B, 3, h, w)

        start = coarse * mask + masked  # (B, 3, h, w); neither the ones nor the mask are fed again
        a = start
        for layer in self.layers(self.table.plain):
            a = layer(a)  # at last (B, 2c, h/4, w/4)
        b = start
        for layer in self.layers(self.table.matched):
            b = layer(b)  # at last (B, 2c, h/4, w/4)
        b = self.attention(b, mask)  # the mask reaches this stage only here
        for layer in self.layers(self.table.pasted):
            b = layer(b)
        x = torch.cat([a, b], dim=1)  # (B, 4c, h/4, w/4)
        for layer in self.layers(self.table.decoder):
            x = layer(x)
        return coarse, self.pixels(x, start, mask)

    def check(self, image_pm1: Tensor, mask: Tensor, guide: Tensor | None) -> Tensor:
        """Return the picture with its hole set to 0 (mid grey), or say what does not fit."""
        size = tuple(image_pm1.shape[-2:])
        if size[0] % 8 or size[1] % 8:
            raise InputError(f"the generator takes sizes that are multiples of 8, not {size[1]}x{size[0]}; pad first")
        if tuple(mask.shape[-2:]) != size or mask.shape[0] not in (1, len(image_pm1)):
            raise InputError(f"mask {tuple(mask.shape)} does not fit picture {tuple(image_pm1.shape)}")
        given = 0 if guide is None else guide.shape[1]
        if given != self.sketches:
            raise InputError(f"these weights take {self.sketches} guide channels, not {given}")
        # where, not a product: NaN * 0 is NaN, and would leak out of the hole.
        return torch.where(mask > 0, torch.zeros((), dtype=image_pm1.dtype, device=image_pm1.device), image_pm1)

    def first_guess(self, masked: Tensor, mask: Tensor) -> Tensor:
        """Return what the coarse stage starts from: the picture with its hole grey, or filled smoothly."""
        return smooth_fill(masked, mask) if self.prefilled else masked

    def coarse_input(self, masked: Tensor, mask: Tensor, guide: Tensor | None, first: Tensor) -> Tensor:
        """Return (B, in_channels, H, W): picture, guide inside the hole, ones, mask, and the first guess if any."""
        ones = torch.ones_like(masked[:, :1])
        guides = [] if guide is None else [guide * mask]
        guesses = [first] if self.prefilled else []
        return torch.cat([masked, *guides, ones, mask.to(masked.dtype), *guesses], dim=1)

    def pixels(self, x: Tensor, base: Tensor, mask: Tensor) -> Tensor:
        """Turn a stage's last three channels to pixels in [-1, 1]; `base` is the picture that the stage was given.

        What is added to a prefill counts in the hole alone. Elsewhere the base is the truth already: a loss that saw
        an addition there taught the gates to close for good within some hundred steps (docs/training-log.md).
        """
        return (base + x * mask).clamp(-1, 1) if self.prefilled else torch.tanh(x)


def _place(parent: nn.Module, name: str, layer: nn.Module) -> None:
    """Put a layer under a dotted name, so that the keys of the state dict are those of the public files."""
    *path, last = name.split(".")
    for part in path:
        if not hasattr(parent, part):
            parent.add_module(part, nn.Module())
        parent = parent.get_submodule(part)
    parent.add_module(last, layer)
