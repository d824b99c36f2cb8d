"""LaMa: large holes in scenes, by the public TorchScript file.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022. The file takes a picture
(B, 3, H, W) in [0, 1] and a mask (B, 1, H, W), 1 = hole, sides multiples of 8, and gives the whole picture in [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freefill.engines.device import as_written, check_precision, computing, image_of, pick_device, tensors_of
from freefill.values import Crop, EngineSettings, Fill
from freefill.weights.locate import vouched
from freefill.weights.opening.load import load_torchscript

if TYPE_CHECKING:
    from torch import Tensor

MULTIPLE_PX = 8  # its generator halves three times


class Lama:
    """Holds the network once; safe to use from several threads."""

    def __init__(self, settings: EngineSettings) -> None:
        # Fourier transforms take no bf16, and on the CPU no fp16. "mps" could not be tried, and others leave it out.
        self._device = pick_device(settings.device, ("cpu", "cuda"))
        check_precision(settings, self._device, ("fp32",))
        path, sha256 = vouched(settings.weights or "lama", "lama")
        self.weights_sha256: str | None = sha256
        self._network = load_torchscript(path, sha256).to(self._device)

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole."""
        del seed  # nothing is drawn at random
        return Fill(image_of(self.fill_batch(*tensors_of(crop))))

    def fill_batch(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill a batch.

        Parameters
        ----------
        images : (B, 3, H, W) float in [0, 1], any size; what lies in the hole is not read
        masks : (B, 1, H, W), non-zero = hole

        Returns
        -------
        (B, 3, H, W) float32 in [0, 1], on the device of `images`; equal to `images` outside the holes
        """
        import torch
        import torch.nn.functional as F

        height, width = images.shape[2:]
        edges = (0, -width % MULTIPLE_PX, 0, -height % MULTIPLE_PX)
        hole = (masks != 0).to(self._device)
        known = images.to(self._device, torch.float32).masked_fill(hole, 0.0)
        with computing(self._device, "fp32"), as_written():
            # The edge is repeated, in picture and mask alike: what is added is hole where the edge is.
            filled = self._network(F.pad(known, edges, "replicate"), F.pad(hole.float(), edges, "replicate"))
        filled = filled[:, :, :height, :width].float().clamp(0, 1)
        return torch.where(hole, filled, known).to(images.device)
