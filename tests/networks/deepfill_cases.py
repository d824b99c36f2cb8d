"""Seeded weights, pictures and holes for the tests of DeepFillv2, and the way to the public port's outputs."""

from __future__ import annotations

import importlib.util
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from freefill.networks.deepfill import Generator
from freefill.networks.deepfill_weights import GeneratorOptions, from_state, keys
from freefill.networks.gated_conv import WeightLayout

PARITY = Path(__file__).parents[2].parent / "shared" / "parity"
needs_parity = pytest.mark.skipif(not PARITY.is_dir(), reason="outputs of the public port are not on this machine")


def recipe() -> ModuleType:
    """Return the module that makes the weights of the stored outputs."""
    spec = importlib.util.spec_from_file_location("parity_recipe", PARITY / "recipe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {key: torch.from_numpy(value) for key, value in arrays.items()}


def picture(stored: np.ndarray) -> Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(stored).permute(0, 3, 1, 2).float() / 255 * 2 - 1


def seeded_state(options: GeneratorOptions, seed: int) -> dict[str, Tensor]:
    """Weights from numpy's raw bit stream, of a size that neither fades nor saturates.

    The layer in front of the attention is kept small, so that its softmax has many sources, and the one behind it
    makes up for that.
    """
    small = {"pt": 0.5, "tf": 3.0}[options.layout]
    state = {}
    for key, shape in keys(options).items():
        bits = np.random.PCG64([seed, zlib.crc32(key.encode())]).random_raw(math.prod(shape))
        unit = (bits >> np.uint64(11)) * 2.0**-52 - 1  # [-1, 1)
        fan_in = math.prod(shape[1:]) if len(shape) == 4 else 1
        size = 0.25 if len(shape) == 1 else 2.2 * math.sqrt(3 / fan_in)
        if key.startswith(("stage2.ca_conv_bn1.", "pmconv6.")):
            size *= small / math.sqrt(2 * options.width)
        elif key.startswith(("stage2.ca_conv_bn4.conv.weight", "pmconv9.conv.weight")):
            size *= math.sqrt(2 * options.width) / small
        state[key] = torch.from_numpy((unit * size).astype(np.float32).reshape(shape))
    return state


def seeded_generator(
    layout: WeightLayout = "pt", width: int = 8, in_channels: int = 5, fuse: bool | None = None
) -> Generator:
    return from_state(seeded_state(GeneratorOptions(layout, width, in_channels), seed=11), fuse)


def seeded_picture(height: int, width: int, batch: int = 1, channels: int = 3) -> Tensor:
    """(B, C, H, W) in [-1, 1]: waves with a little noise."""
    rng = np.random.Generator(np.random.PCG64([height, width, batch]))
    rows, cols = np.mgrid[:height, :width]
    waves = [
        np.sin(rows * rng.uniform(0.02, 0.4) + cols * rng.uniform(0.02, 0.4) + rng.uniform(0, 6))
        for _ in range(batch * channels)
    ]
    image = np.stack(waves).reshape(batch, channels, height, width) * 0.7 + rng.uniform(
        -0.3, 0.3, (1, 1, height, width)
    )
    return torch.from_numpy(image.astype(np.float32))


def box_mask(height: int, width: int, *boxes: tuple[int, int, int, int]) -> Tensor:
    """(1, 1, H, W), 1 inside the boxes (top, left, height, width)."""
    mask = torch.zeros(1, 1, height, width)
    for top, left, rows, cols in boxes:
        mask[:, :, top : top + rows, left : left + cols] = 1
    return mask
