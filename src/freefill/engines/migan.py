"""MI-GAN: fast fills of 512 x 512, by the public TorchScript file.

Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023. The file takes four
channels (B, 4, 512, 512): 0.5 - mask (so +0.5 = known, -0.5 = hole), then the picture in [-1, 1] with 0 in the hole. It
gives the whole picture in [-1, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freefill.engines.device import as_written, check_precision, computing, image_of, pick_device, tensors_of
from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Fill
from freefill.weights.locate import vouched
from freefill.weights.opening.load import load_torchscript

if TYPE_CHECKING:
    from torch import Tensor

SIDE_PX = 512  # the one size that the public network was trained at


class Migan:
    """Holds the network once; safe to use from several threads."""

    def __init__(self, settings: EngineSettings) -> None:
        self._device = pick_device(settings.device, ("cpu", "cuda", "mps"))
        check_precision(settings, self._device, ("fp32", "bf16", "fp16"))
        self._precision = settings.precision
        path, sha256 = vouched(settings.weights or "migan", "migan")
        self.weights_sha256: str | None = sha256
        self._network = load_torchscript(path, sha256).to(self._device)

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole of a crop of 512 x 512."""
        del seed  # nothing is drawn at random
        return Fill(image_of(self.fill_batch(*tensors_of(crop))))

    def fill_batch(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill a batch.

        Parameters
        ----------
        images : (B, 3, 512, 512) float in [0, 1]; what lies in the hole is not read
        masks : (B, 1, 512, 512), non-zero = hole

        Returns
        -------
        (B, 3, 512, 512) float32 in [0, 1], on the device of `images`; equal to `images` outside the holes

        Raises
        ------
        EngineError
            If the size is another one.
        """
        import torch

        if images.shape[2:] != (SIDE_PX, SIDE_PX):
            raise EngineError(f"migan takes {SIDE_PX}x{SIDE_PX}, not {images.shape[3]}x{images.shape[2]}")
        hole = (masks != 0).to(self._device)
        image = images.to(self._device, torch.float32)
        image_pm1 = (image * 2 - 1).masked_fill(hole, 0.0)
        with computing(self._device, self._precision), as_written():
            filled_pm1 = self._network(torch.cat([0.5 - hole.float(), image_pm1], dim=1))
        filled = (filled_pm1.float() / 2 + 0.5).clamp(0, 1)
        return torch.where(hole, filled, image).to(images.device)
