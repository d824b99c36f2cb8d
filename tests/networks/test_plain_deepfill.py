"""The benchmark's yardstick gives the public port's numbers, and what it is compared with gives them too."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from .deepfill_cases import PARITY, needs_parity, picture, recipe, tensors

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def yardstick() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("plain_deepfill", BENCHMARKS / "_plain_deepfill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@needs_parity
@pytest.mark.parametrize("case", ["pt_c8_f_96x160_pieces", "pt_c8_d_64x96_box_batch2", "pt_c48_a_64x64_freeform"])
def test_the_yardstick_agrees_with_the_public_port(case: str) -> None:
    maker, stored = recipe(), np.load(PARITY / f"generator_{case}.npz")
    state = tensors(maker.make_weights(maker.generator_shapes("pt", int(case.split("_")[1][1:])), 1))
    image = picture(stored["image"])
    mask = torch.from_numpy(stored["mask"]).float().expand(len(image), -1, -1, -1)
    with torch.inference_mode():
        coarse, refined, seconds = yardstick().fill(state, image, mask)
    assert np.abs(coarse.numpy() - stored["stage1"]).max() < 1e-5
    assert np.abs(refined.numpy() - stored["stage2"]).max() < 1e-5
    assert set(seconds.parts) == {"stage 1", "stage 2, branch A", "stage 2, branch B", "attention", "stage 2, decoder"}
