"""The smooth fill of a batch: a membrane held by the known pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from freefill.networks.smooth_fill import smooth_fill
from freefill.synthesis.harmonic import harmonic_fill

from .deepfill_cases import box_mask, seeded_picture


def test_known_pixels_stay_and_the_hole_has_no_influence() -> None:
    image, mask = seeded_picture(40, 56), box_mask(40, 56, (6, 8, 20, 30))
    filled = smooth_fill(image, mask)
    known = (mask == 0).expand(-1, 3, -1, -1)
    assert torch.equal(filled[known], image[known])
    assert torch.equal(filled, smooth_fill(image * (mask == 0), mask))


def test_a_ramp_goes_on_as_a_ramp() -> None:
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    assert (smooth_fill(ramp, box_mask(64, 64, (16, 16, 30, 30))) - ramp).abs().max() < 0.06  # of 0.95 that it climbs


@pytest.mark.parametrize("size", [(64, 64), (72, 40)])
def test_it_is_nearly_the_membrane_of_patch_synthesis(size: tuple[int, int]) -> None:
    image, mask = seeded_picture(*size), box_mask(*size, (8, 8, 24, 20), (40, 4, 12, 30))
    ours = smooth_fill(image, mask)[0].permute(1, 2, 0).numpy()
    solved = harmonic_fill(image[0].permute(1, 2, 0).numpy(), mask[0, 0].numpy() > 0)
    hole = mask[0, 0].numpy() > 0
    spread = np.abs(image[0].permute(1, 2, 0).numpy() - solved)[hole].mean()
    assert np.abs(ours - solved)[hole].mean() < 0.2 * spread


def test_nothing_known_gives_grey() -> None:
    assert torch.equal(smooth_fill(seeded_picture(32, 32), torch.ones(1, 1, 32, 32)), torch.zeros(1, 3, 32, 32))
