"""SN-PatchGAN: a spectral-normalised discriminator that judges every patch of a filled picture.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, section 3.3; spectral normalisation after
Miyato et al., ICLR 2018, algorithm 1. Two ways of normalising exist in public code, and both are here:

- "kept": the weights stay raw, W / sigma is used, and the gradient passes through sigma. The authors' way.
- "overwritten": the stored weights themselves are divided by sigma at every call, without gradient, in evaluation mode
  too. The public PyTorch port's way; only with it do its losses come out the same.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from freefill.networks.gated_conv import LayerRow, WeightLayout

Normalisation = Literal["kept", "overwritten"]
SMALLEST = 1e-12  # lower clamp on the norms of the power iteration


class SpectralConv(nn.Module):
    """A 5x5 convolution of stride 2 whose largest singular value is 1.

    One power iteration for each call moves `weight_u`, the estimate of the first left singular vector.
    """

    weight_u: Tensor

    def __init__(self, inputs: int, outputs: int, layout: WeightLayout, normalisation: Normalisation) -> None:
        super().__init__()
        self.row = LayerRow("", "", inputs, outputs, kernel=5, stride=2)
        self.layout: WeightLayout = layout
        self.normalisation: Normalisation = normalisation
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 5, 5))
        self.bias = nn.Parameter(torch.zeros(outputs))
        # Both as TensorFlow starts them, in which the authors trained.
        self.register_buffer("weight_u", nn.init.trunc_normal_(torch.empty(outputs, 1)))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, inputs, H, W) to (B, outputs, H / 2, W / 2), sizes rounded up."""
        top, bottom = self.row.padding(self.layout, x.shape[2])
        left, right = self.row.padding(self.layout, x.shape[3])
        return F.conv2d(F.pad(x, (left, right, top, bottom)), self._normalised(), self.bias, stride=2)

    def _normalised(self) -> Tensor:
        with torch.no_grad():
            matrix = self.weight.flatten(1)  # (outputs, inputs*25)
            v = F.normalize(matrix.T @ self.weight_u, dim=0, eps=SMALLEST)  # (inputs*25, 1)
            u = F.normalize(matrix @ v, dim=0, eps=SMALLEST)  # (outputs, 1)
            if self.normalisation == "overwritten" or self.training:
                self.weight_u.copy_(u)
            if self.normalisation == "overwritten":
                self.weight.div_(u.T @ matrix @ v)
                return self.weight
        sigma = u.T @ self.weight.flatten(1) @ v  # (1, 1), with gradient
        return self.weight / sigma


class PatchDiscriminator(nn.Module):
    """Six spectral-normalised convolutions; keys as in the public files (`conv1.conv_sn.weight`, ...).

    Parameters
    ----------
    width : channels of the first layer (public: 64); then 2, 4, 4, 4, 4 times as many
    in_channels : 4 = picture and mask; one more for each guide channel
    layout : "pt" or "tf", for the padding
    normalisation : see the module's text
    """

    def __init__(
        self,
        width: int = 64,
        in_channels: int = 4,
        layout: WeightLayout = "pt",
        normalisation: Normalisation = "kept",
    ) -> None:
        super().__init__()
        widths = [in_channels, width, 2 * width, 4 * width, 4 * width, 4 * width, 4 * width]
        for number in range(1, 7):
            block = nn.Module()
            block.add_module("conv_sn", SpectralConv(widths[number - 1], widths[number], layout, normalisation))
            self.add_module(f"conv{number}", block)

    def forward(self, image_pm1: Tensor, mask: Tensor, guide: Tensor | None = None) -> Tensor:
        """Score every patch.

        Parameters
        ----------
        image_pm1 : (B, 3, H, W) in [-1, 1], the composite: known pixels and fill
        mask : (B or 1, 1, H, W), 1 = hole
        guide : (B, in_channels - 4, H, W) or None

        Returns
        -------
        (B, 4 width * ceil(H / 64) * ceil(W / 64)) scores; large = taken for real. 4096 for 256x256 at width 64.
        """
        mask = mask.to(image_pm1.dtype).expand(len(image_pm1), -1, -1, -1)
        x = torch.cat([image_pm1, mask] + ([] if guide is None else [guide]), dim=1)  # (B, in_channels, h, w)
        for number in range(1, 7):
            x = F.leaky_relu(self.get_submodule(f"conv{number}.conv_sn")(x), 0.2)  # the last one too
        return x.flatten(1)
