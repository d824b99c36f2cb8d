"""Runs the gate's compiled loops over the rows of a layer, for processors and without gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from freefill.networks import gate_kernels as kernels

_KERNELS: dict[tuple[torch.dtype, torch.dtype], Callable[..., None]] = {
    (torch.float32, torch.float32): kernels.gate_32,
    (torch.bfloat16, torch.bfloat16): kernels.gate_16,
    (torch.float32, torch.bfloat16): kernels.gate_32_16,
}


def can_run(value: Tensor, out: Tensor) -> bool:
    """Tell whether there is a loop for these: on a processor, in fp32 or bf16."""
    return value.device.type == "cpu" and (value.dtype, out.dtype) in _KERNELS


def gate(value: Tensor, gate: Tensor, out: Tensor, *, relu: bool) -> None:
    """Write ELU(value) or ReLU(value) times sigmoid(gate).

    Parameters
    ----------
    value, gate : (B, C, H, W), channels last
    out : (B, C, H, W), channels innermost; a view of a larger map, or `value` itself

    One thread does it: those of the convolutions still spin when it starts, and a second one would fight them for the
    core (measured: two threads take 5 % longer).
    """
    kernel = _KERNELS[value.dtype, out.dtype]
    _, channels, height, width = value.shape
    for number in range(len(value)):
        flat = [_flat(one[number].permute(1, 2, 0).reshape(-1)) for one in (value, gate)]
        target = out[number]
        pitch, row_pitch = target.stride(2), target.stride(1)
        shape = (width, channels) if pitch != channels else (1, width * channels)
        whole = _flat(torch.as_strided(target, (_extent(target),), (1,), 0))
        kernel(*flat, whole, target.storage_offset(), row_pitch, pitch, *shape, relu, 0, height)


def _extent(view: Tensor) -> int:
    """Return how many numbers the memory behind a view holds."""
    return view.untyped_storage().nbytes() // view.element_size()


def _flat(one: Tensor) -> Any:
    """Return a one-dimensional tensor as an array that shares its memory; bfloat16 as int16."""
    return (one.view(torch.int16) if one.dtype == torch.bfloat16 else one).numpy()
