"""Where networks run, in what precision, and how crops become tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Image

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def pick_device(wanted: str, able: tuple[str, ...]) -> torch.device:
    """Return the device to run on.

    Parameters
    ----------
    wanted : "auto" (the fastest that is here and that the engine can use), "cpu", "cuda", "cuda:1", "mps"
    able : kinds of devices that the engine can use

    Raises
    ------
    EngineError
        If the device is not here, or the engine cannot use it.
    """
    import torch

    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if here[kind] and kind in able))
    kind = wanted.split(":")[0]
    if kind not in here:
        raise EngineError(f"device '{wanted}' is not known; choose from auto, {', '.join(here)}")
    if kind not in able:
        raise EngineError(f"this engine does not run on {kind}; it runs on {', '.join(able)}: pass --device auto")
    if not here[kind]:
        raise EngineError(f"there is no {kind} device here; pass --device auto")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise EngineError(f"'{wanted}' is not a device; write cpu, cuda, cuda:1 or mps") from None
    if kind == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise EngineError(f"there is no device {wanted}: the last is cuda:{torch.cuda.device_count() - 1}")
    return device


@contextmanager
def computing(device: torch.device, precision: str) -> Iterator[None]:
    """Compute without gradients, in a precision ("fp32", "bf16", "fp16"); too little memory becomes an EngineError."""
    import torch

    types = {"bf16": torch.bfloat16, "fp16": torch.float16}
    low = precision in types
    try:
        with torch.inference_mode(), torch.autocast(device.type, types.get(precision), enabled=low):
            yield
    except torch.OutOfMemoryError as error:
        raise EngineError(
            f"{device}: not enough memory for this window; pass --max-memory with a smaller size, or --device cpu"
        ) from error


def tensors_of(crop: Crop) -> tuple[Tensor, Tensor]:
    """Return a crop's image (1, 3, h, w) in [0, 1] and hole (1, 1, h, w), as networks take them; copies."""
    import torch

    return torch.from_numpy(crop.image.copy()).permute(2, 0, 1)[None], torch.from_numpy(crop.hole.copy())[None, None]


def image_of(pictures: Tensor) -> Image:
    """Return the first picture of a batch (B, 3, h, w) as an image (h, w, 3)."""
    return np.ascontiguousarray(pictures[0].permute(1, 2, 0).cpu().numpy())


@contextmanager
def as_written() -> Iterator[None]:
    """Run TorchScript as it is written.

    Else it watches its first calls and compiles itself anew for sizes it meets: that takes longer than it saves where
    every window has another size, and a fused kernel may round otherwise, so that the third fill is not the first.
    """
    import torch

    with torch.jit.optimized_execution(False):  # pyright: ignore[reportPrivateImportUsage]
        yield


def check_precision(settings: EngineSettings, device: torch.device, able: tuple[str, ...]) -> None:
    """Refuse a precision that the engine or the device cannot keep.

    Raises
    ------
    EngineError
        If so; the message says why.
    """
    if settings.precision not in able:
        raise EngineError(f"this engine computes in {', '.join(able)} only; leave --precision {settings.precision} out")
    if settings.precision == "fp16" and device.type == "cpu":
        raise EngineError("fp16 is for GPUs; on the CPU pass --precision bf16, or leave it out")
