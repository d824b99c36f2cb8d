"""LaMa: large holes in scenes, by the public TorchScript file.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022. The file takes a picture
(B, 3, H, W) in [0, 1] and a mask (B, 1, H, W), 1 = hole, sides multiples of 8, and gives the whole picture in [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freefill.engines.device import as_written, check_precision, computing, pick_device
from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Fill
from freefill.weights.load import load_torchscript
from freefill.weights.store import vouched

if TYPE_CHECKING:
    from torch import Tensor

MULTIPLE_PX = 8


class Lama:
    """Holds the network once; safe to use from several threads."""

    def __init__(self, settings: EngineSettings) -> None:
        # Fourier transforms take no bf16, and on the CPU no fp16. "mps" could not be tried, and others leave it out.
        self._device = pick_device(settings.device, ("cpu", "cuda"))
        check_precision(settings, self._device, ("fp32",))
        path, self.weights_sha256 = vouched(settings.weights or "lama", "lama")
        self._network = load_torchscript(path, self.weights_sha256).to(self._device)

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole; sides of the crop must be multiples of 8."""
        del seed  # nothing is drawn at random
        import torch

        image = torch.from_numpy(crop.image.copy()).permute(2, 0, 1)[None]  # (1, 3, h, w)
        mask = torch.from_numpy(crop.hole.copy())[None, None]  # (1, 1, h, w)
        filled = self.fill_batch(image, mask)
        return Fill(np.ascontiguousarray(filled[0].permute(1, 2, 0).numpy()))

    def fill_batch(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill a batch.

        Parameters
        ----------
        images : (B, 3, H, W) float in [0, 1]; what lies in the hole is not read
        masks : (B, 1, H, W), non-zero = hole

        Returns
        -------
        (B, 3, H, W) float32 in [0, 1], on the device of `images`; equal to `images` outside the holes

        Raises
        ------
        EngineError
            If the sides are not multiples of 8.
        """
        import torch

        if images.shape[2] % MULTIPLE_PX or images.shape[3] % MULTIPLE_PX:
            raise EngineError(f"lama takes sides that are multiples of 8, not {images.shape[3]}x{images.shape[2]}")
        hole = (masks != 0).to(self._device)
        known = images.to(self._device, torch.float32).masked_fill(hole, 0.0)
        with computing(self._device, "fp32"), as_written():
            filled = self._network(known, hole.float())
        return torch.where(hole, filled.float().clamp(0, 1), known).to(images.device)
