"""Runs the gate's compiled loops over the rows of a layer, for processors and without gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from freefill.networks.on_processor import gate_kernels as kernels

_KINDS = {
    (torch.float32, torch.float32),
    (torch.float32, torch.bfloat16),
    (torch.bfloat16, torch.bfloat16),
}


def can_run(both: Tensor, out: Tensor) -> bool:
    """Tell whether there is a loop for these: on a processor, in fp32 or bf16."""
    return both.device.type == "cpu" and (both.dtype, out.dtype) in _KINDS


def gate(both: Tensor, out: Tensor, *, relu: bool) -> None:
    """Write ELU or ReLU of the first half of the channels, times sigmoid of the second.

    Parameters
    ----------
    both : (B, 2 C, H, W), channels innermost; may be a view
    out : (B, C, H, W), channels innermost; a view of other memory

    The calling thread does it all.
    """
    _, channels, height, width = out.shape
    for one, target in zip(both, out, strict=True):
        kernels.gate(*_strided(one), *_strided(target), height, width, channels, relu)


def _strided(view: Tensor) -> tuple[Any, int, int, int]:
    """Return the memory behind a view (C, H, W) as a flat array, and in it start, row pitch and pitch.

    bfloat16 as int16.
    """
    extent = int(view.untyped_storage().nbytes()) // view.element_size()
    flat = torch.as_strided(view, (extent,), (1,), 0)
    flat = flat.view(torch.int16) if flat.dtype == torch.bfloat16 else flat
    return flat.numpy(), int(view.storage_offset()), view.stride(1), view.stride(2)
