"""The whole generator agrees with the public port, and its parts with the paper."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from freefill.errors import InputError, WeightsError
from freefill.networks import deepfill, deepfill_weights
from freefill.networks.gated_conv import LayerRow, WeightLayout

from .deepfill_cases import (
    PARITY,
    box_mask,
    needs_parity,
    picture,
    recipe,
    seeded_generator,
    seeded_picture,
    seeded_state,
    tensors,
)

GOLDEN = Path(__file__).parents[1] / "golden"
LAYOUTS: tuple[WeightLayout, ...] = ("pt", "tf")


@needs_parity
@pytest.mark.parametrize("path", sorted(PARITY.glob("generator_*.npz")), ids=lambda path: path.stem)
def test_generator_agrees_with_the_public_port(path: Path) -> None:
    _, layout, width = path.stem.split("_")[:3]
    maker, stored = recipe(), np.load(path)
    state = tensors(maker.make_weights(maker.generator_shapes(layout, int(width[1:])), 1))
    with torch.inference_mode():
        coarse, refined = deepfill_weights.from_state(state)(picture(stored["image"]), torch.from_numpy(stored["mask"]))
    # The port gives the mask of the first sample to all; what each sample gives alone is right.
    alone = "stage2_each_alone" in stored
    assert np.abs(coarse.numpy() - stored["stage1"]).max() < 1e-4
    assert np.abs(refined.numpy() - stored["stage2_each_alone" if alone else "stage2"]).max() < 1e-4


@needs_parity
def test_weights_renamed_to_the_other_layout_agree_with_the_public_port() -> None:
    maker, stored = recipe(), np.load(PARITY / "renamed_pt_to_tf_c8.npz")
    state = deepfill_weights.renamed(tensors(maker.make_weights(maker.generator_shapes("pt", 8), 5)), "tf")
    with torch.inference_mode():
        _, refined = deepfill_weights.from_state(state)(picture(stored["image"]), torch.from_numpy(stored["mask"]))
    assert np.abs(refined.numpy() - stored["stage2"]).max() < 1e-4


@pytest.mark.parametrize("layout", LAYOUTS)
def test_generator_agrees_with_its_golden_numbers(layout: WeightLayout) -> None:
    mask = box_mask(48, 64, (10, 20, 17, 23), (40, 0, 8, 9))
    with torch.inference_mode():
        coarse, refined = seeded_generator(layout)(seeded_picture(48, 64), mask)
    golden = GOLDEN / f"deepfill_{layout}.npz"
    if os.environ.get("FREEFILL_GOLDEN") == "write":  # `make golden`; the difference shows in git
        np.savez_compressed(golden, coarse=coarse.numpy(), refined=refined.numpy())
    stored = np.load(golden)
    assert np.abs(coarse.numpy() - stored["coarse"]).max() < 2e-5
    assert np.abs(refined.numpy() - stored["refined"]).max() < 2e-5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_full_generator_has_42_convolutions_and_4052478_numbers(layout: WeightLayout) -> None:
    with torch.device("meta"):
        state = deepfill.Generator(layout).state_dict()
    assert len(state) == 84
    assert sum(value.numel() for value in state.values()) == 4_052_478


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("width", "in_channels"), [(8, 5), (12, 6), (48, 5)])
def test_options_are_read_from_the_shapes(layout: WeightLayout, width: int, in_channels: int) -> None:
    with torch.device("meta"):
        state = deepfill.Generator(layout, width, in_channels).state_dict()
    options = deepfill_weights.recognise(state)
    assert options is not None
    assert options == deepfill_weights.GeneratorOptions(layout, width, in_channels)
    assert {key: tuple(value.shape) for key, value in state.items()} == deepfill_weights.keys(options)


def test_the_identity_buffer_of_the_public_files_is_accepted() -> None:
    state = seeded_state(deepfill_weights.GeneratorOptions("pt", 8, 5), seed=1)
    state[deepfill_weights.IDENTITY_KEY] = torch.eye(3)[None, None]
    assert deepfill_weights.from_state(state).layout == "pt"


def test_renaming_there_and_back_changes_nothing() -> None:
    state = seeded_state(deepfill_weights.GeneratorOptions("pt", 8, 5), seed=1)
    there = deepfill_weights.renamed(state, "tf")
    back = deepfill_weights.renamed(there, "pt")
    assert there.keys() == deepfill_weights.keys(deepfill_weights.GeneratorOptions("tf", 8, 5)).keys()
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize("change", ["missing", "surplus", "shape"])
def test_weights_that_do_not_fit_are_refused_with_the_first_key(change: str) -> None:
    state = seeded_state(deepfill_weights.GeneratorOptions("tf", 8, 5), seed=1)
    if change == "missing":
        del state["conv5.conv.bias"]
    elif change == "surplus":
        state["conv5.conv.extra"] = torch.zeros(1)
    else:
        state["conv5.conv.bias"] = torch.zeros(3)
    with pytest.raises(WeightsError, match=r"conv5\.conv\."):
        deepfill_weights.from_state(state)


def test_other_weights_are_refused() -> None:
    with pytest.raises(WeightsError, match="not a DeepFillv2 generator"):
        deepfill_weights.from_state({"fc.weight": torch.zeros(2, 2)})


def test_what_lies_in_the_hole_has_no_influence_even_if_not_a_number() -> None:
    image, mask = seeded_picture(32, 32), box_mask(32, 32, (8, 8, 12, 12))
    spoilt = torch.where(mask > 0, torch.nan, image)
    with torch.inference_mode():
        expected, got = seeded_generator()(image, mask), seeded_generator()(spoilt, mask)
    assert torch.equal(expected[1], got[1])


def test_a_guide_is_read_in_the_hole_only() -> None:
    generator = seeded_generator(in_channels=6)
    image, mask = seeded_picture(32, 32), box_mask(32, 32, (8, 8, 12, 12))
    edges = (seeded_picture(32, 32, channels=1) > 0).float()
    with torch.inference_mode():
        first = generator(image, mask, edges)[1]
        outside = generator(image, mask, torch.where(mask > 0, edges, 1 - edges))[1]
        inside = generator(image, mask, torch.where(mask > 0, 1 - edges, edges))[1]
    assert torch.equal(first, outside)
    assert not torch.allclose(first, inside, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: g(torch.zeros(1, 3, 30, 32), torch.zeros(1, 1, 30, 32)), "multiples of 8"),
        (lambda g: g(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 40)), "does not fit"),
        (lambda g: g(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 32), torch.zeros(1, 1, 32, 32)), "guide"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call(seeded_generator())


def test_padding_of_tf_puts_an_even_side_on_odd_pixels() -> None:
    row = LayerRow("a", "b", 1, 1, kernel=3, stride=2)
    assert row.padding("pt", 8) == (1, 1)
    assert row.padding("tf", 8) == (0, 1)
    assert row.padding("tf", 7) == (1, 1)
    assert LayerRow("a", "b", 1, 1, kernel=3, dilation=4).padding("tf", 8) == (4, 4)


def test_a_network_with_a_prefill_adds_to_the_hole_alone() -> None:
    generator, image, mask = seeded_generator(in_channels=8), seeded_picture(40, 48), box_mask(40, 48, (8, 8, 20, 24))
    with torch.inference_mode():
        coarse, refined = generator(image, mask)
    known = (mask == 0).expand(-1, 3, -1, -1)
    assert torch.equal(coarse[known], image[known])
    assert torch.equal(refined[known], image[known])
    assert not torch.equal(refined, coarse)


@pytest.mark.parametrize("half", [False, True])
def test_channels_innermost_change_the_time_and_not_the_fill(half: bool) -> None:
    image, mask = seeded_picture(40, 48, batch=2), box_mask(40, 48, (8, 8, 20, 24))
    last = seeded_generator().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        plain = seeded_generator()(image, mask)[1]
        innermost = last(image.contiguous(memory_format=torch.channels_last), mask)[1]
    assert (plain.float() - innermost.float()).abs().max() < (0.2 if half else 1e-5)
