"""What training shares between the small networks: what they read of a batch, and how they start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from freefill.errors import InputError
from freefill.networks.small_unet import SmallNetwork, planes_of
from freefill.synthesis.harmonic import harmonic_fill
from freefill.training.options import RunOptions
from freefill.training.task import Batch


def check_views(options: RunOptions, multiple_px: int) -> None:
    """Refuse views that such a network cannot read: of sides that do not divide by its cells, or with a sketch.

    Raises
    ------
    InputError
        With the option, and what it may be.
    """
    if options.data.side_px % multiple_px:
        raise InputError(f"option data.side_px is {options.data.side_px}; this network's views divide by {multiple_px}")
    if options.sketch:
        raise InputError("option sketch is true; this network takes no sketch")


def begun(
    kind: type[SmallNetwork], sizes: tuple[object, ...], start: str, kept: Mapping[str, Tensor] | None
) -> SmallNetwork:
    """Return a network to train, of the size of what it goes on from.

    Parameters
    ----------
    sizes : of a new one
    start : a file of weights to train on from; "" = a new one
    kept : its state dict in a snapshot, which then says all: `start` need not be there any more

    Raises
    ------
    InputError
        If they are those of another network.
    """
    if kept is not None:
        return kind.from_state(kept).train().requires_grad_(True)
    if not start:
        return kind(*sizes)
    from freefill.weights.locate import locate
    from freefill.weights.opening.load import load_state
    from freefill.weights.small_onnx import state_of

    path = Path(locate(start))
    try:
        network = kind.from_state(state_of(path) if path.suffix == ".onnx" else load_state(path))
    except (KeyError, RuntimeError):
        raise InputError(f"{start}: is not a {kind.called}; leave start empty, or name another file") from None
    return network.train().requires_grad_(True)


def planes(batch: Batch) -> Tensor:
    """Fill the holes smoothly and put together what the network reads, (B, 6, H, W)."""
    filled = [
        harmonic_fill(image.permute(1, 2, 0).numpy(), mask[0].numpy() > 0)
        for image, mask in zip(batch.image_pm1.cpu(), batch.mask.cpu(), strict=True)
    ]
    smooth = torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2).to(batch.image_pm1.device)
    return planes_of(smooth, batch.mask)
