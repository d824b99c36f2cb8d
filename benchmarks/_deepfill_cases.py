"""Weights, pictures and holes for benchmarks/deepfill.py: all made here, from seeds."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from freefill.masks.draw import free_form_mask
from freefill.networks.deepfill import table
from freefill.networks.deepfill_weights import GeneratorOptions, keys


def weights(width: int = 48) -> dict[str, Tensor]:
    """Return weights in the layout "pt" whose activations neither fade nor saturate.

    Times do not depend on them; the difference between fp32 and bf16 does. The gains are those of the stored outputs of
    the public port: in front of the attention small, so that its softmax has many sources, and behind it large.
    """
    small = 0.5 / math.sqrt(2 * width)
    gains = {row.pt: (2.2, 0.25) if row.activation else (1.8, 0.1) for row in table(width).rows}
    gains["stage2.ca_conv_bn1"], gains["stage2.ca_conv_bn4"] = (small, 0.1 * small), (4.0 / small, 0.25)
    state = {}
    for key, shape in keys(GeneratorOptions("pt", width, 5)).items():
        bits = np.random.PCG64(np.random.SeedSequence([1, zlib.crc32(key.encode())])).random_raw(math.prod(shape))
        unit = 2.0 * ((bits >> np.uint64(11)) * 2.0**-53) - 1.0  # [-1, 1)
        gain, bias = gains[key.rsplit(".conv.", 1)[0]]
        size = bias if len(shape) == 1 else gain * math.sqrt(3 / math.prod(shape[1:]))
        state[key] = torch.from_numpy((unit * size).astype(np.float32).reshape(shape))
    return state


def picture(size: int) -> Tensor:
    """Return (1, 3, size, size) in [-1, 1]: waves of different lengths with a little noise."""
    rng = np.random.default_rng(size)
    rows, cols = np.mgrid[:size, :size]
    waves = [np.sin(rows * rng.uniform(0.02, 0.4) + cols * rng.uniform(0.02, 0.4) + i) for i in range(3)]
    image = np.stack(waves) * 0.7 + rng.uniform(-0.3, 0.3, (1, size, size))
    return torch.from_numpy(image[None].astype(np.float32))


def one_place(size: int) -> np.ndarray:
    """One square of 6 %, a little off the middle."""
    return _squares(size, 0.06, [(0.34, 0.26)])


def six_places(size: int) -> np.ndarray:
    """Six squares of 1 %, all over the picture."""
    return _squares(size, 0.01, [(0.05, 0.10), (0.10, 0.80), (0.45, 0.45), (0.60, 0.05), (0.80, 0.85), (0.85, 0.40)])


def free_form(size: int) -> np.ndarray:
    """The first of DeepFillv2's own free-form masks that covers 13 % and reaches over nine tenths of each side."""
    for seed in range(10_000):
        hole = free_form_mask((size, size), np.random.default_rng(seed))
        reach = min(np.ptp(np.flatnonzero(hole.any(axis=axis))) / size for axis in (0, 1)) if hole.any() else 0
        if abs(hole.mean() - 0.13) < 0.003 and reach > 0.9:
            return hole
    raise AssertionError("no such mask")


def everything(size: int) -> np.ndarray:
    """The whole picture is a hole: there is nothing to copy, so the attention is left out."""
    return np.ones((size, size), bool)


def all_but_a_rim(size: int) -> np.ndarray:
    """All but a rim of 24 px: everything is computed, the attention too."""
    hole = np.ones((size, size), bool)
    hole[:24] = hole[-24:] = hole[:, :24] = hole[:, -24:] = False
    return hole


HOLES: dict[str, Callable[[int], np.ndarray]] = {
    "6 %, one place": one_place,
    "six places of 1 %": six_places,
    "free-form 13 %": free_form,
    "everything": everything,
    "all but a rim": all_but_a_rim,
}


def _squares(size: int, share: float, places: list[tuple[float, float]]) -> np.ndarray:
    side = round(math.sqrt(share) * size)
    hole = np.zeros((size, size), bool)
    for top, left in places:
        hole[round(top * size) :, round(left * size) :][:side, :side] = True
    return hole
