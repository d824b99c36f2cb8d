"""Computing only what a hole needs changes nothing in the hole."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from freefill.networks import deepfill_weights
from freefill.networks.gated_conv import LayerRow, WeightLayout
from freefill.networks.on_processor import hole_generator, regions
from freefill.networks.on_processor.hole_generator import HoleGenerator
from freefill.values import Box

from ..deepfill_cases import PARITY, box_mask, needs_parity, picture, recipe, seeded_generator, seeded_picture, tensors


def furthest(one: Tensor, other: Tensor, mask: Tensor) -> float:
    """The largest difference in the hole."""
    return float((one - other).abs().mul(mask > 0).max())


@needs_parity
@pytest.mark.parametrize("path", sorted(PARITY.glob("generator_*.npz")), ids=lambda path: path.stem)
def test_the_hole_agrees_with_the_public_port(path: Path) -> None:
    _, layout, width = path.stem.split("_")[:3]
    maker, stored = recipe(), np.load(path)
    generator = deepfill_weights.from_state(
        tensors(maker.make_weights(maker.generator_shapes(layout, int(width[1:])), 1))
    )
    image, mask = picture(stored["image"]), torch.from_numpy(stored["mask"]).float()
    filled = HoleGenerator(generator).fill(image, mask)
    refined = stored["stage2_each_alone" if "stage2_each_alone" in stored else "stage2"]
    assert furthest(filled.coarse, torch.from_numpy(stored["stage1"]), mask) < 1e-4
    assert furthest(filled.refined, torch.from_numpy(refined), mask) < 1e-4


BOXES = st.lists(
    st.tuples(st.integers(0, 95), st.integers(0, 127), st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=4
)


@settings(max_examples=15, deadline=None)
@given(boxes=BOXES, layout=st.sampled_from(["pt", "tf"]), chunk_bytes=st.sampled_from([1, 1 << 20]))
def test_any_hole_gets_what_the_whole_generator_gives(
    boxes: list[tuple[int, int, int, int]], layout: WeightLayout, chunk_bytes: int
) -> None:
    generator, image, mask = seeded_generator(layout), seeded_picture(96, 128), box_mask(96, 128, *boxes)
    with torch.inference_mode():
        coarse, refined = generator(image, mask)
    filled = HoleGenerator(generator).fill(image, mask, chunk_bytes=chunk_bytes)
    assert furthest(filled.coarse, coarse, mask) < 2e-5
    assert furthest(filled.refined, refined, mask) < 2e-5
    known = (mask == 0).expand(-1, 3, -1, -1)
    assert torch.equal(filled.refined[known], image[known])


def test_each_picture_of_a_batch_keeps_its_own_mask() -> None:
    generator, image = seeded_generator(), seeded_picture(64, 64, batch=2)
    mask = torch.cat([box_mask(64, 64, (4, 4, 20, 20)), box_mask(64, 64, (30, 20, 30, 40))])
    both = HoleGenerator(generator).fill(image, mask)
    for sample in (0, 1):
        one = slice(sample, sample + 1)
        alone = HoleGenerator(generator).fill(image[one], mask[one])
        assert furthest(both.refined[one], alone.refined, mask[one]) < 1e-5


def test_no_hole_gives_the_picture_back() -> None:
    image = seeded_picture(32, 40)
    assert torch.equal(HoleGenerator(seeded_generator()).fill(image, torch.zeros(1, 1, 32, 40)).refined, image)


def test_a_guide_reaches_the_hole() -> None:
    generator, image, mask = seeded_generator(in_channels=6), seeded_picture(32, 32), box_mask(32, 32, (8, 8, 12, 12))
    edges = (seeded_picture(32, 32, channels=1) > 0).float()
    with torch.inference_mode():
        refined = generator(image, mask, edges)[1]
    assert furthest(HoleGenerator(generator).fill(image, mask, edges).refined, refined, mask) < 1e-5


@pytest.mark.parametrize("sketches", [0, 1])
def test_a_network_that_starts_from_a_smooth_fill_gives_the_same_hole(sketches: int) -> None:
    generator = seeded_generator(in_channels=8 + sketches)
    image, mask = seeded_picture(64, 72), box_mask(64, 72, (8, 8, 30, 24))
    edges = (seeded_picture(64, 72, channels=1) > 0).float() if sketches else None
    with torch.inference_mode():
        coarse, refined = generator(image, mask, edges)
    filled = HoleGenerator(generator).fill(image, mask, edges)
    assert furthest(filled.coarse, coarse, mask) < 2e-5
    assert furthest(filled.refined, refined, mask) < 2e-5


def test_threads_share_a_generator() -> None:
    ready, image = HoleGenerator(seeded_generator()), seeded_picture(64, 64)
    masks = [box_mask(64, 64, (8 * i, 10, 12, 20)) for i in range(5)]
    alone = [ready.fill(image, mask).refined for mask in masks]
    together: dict[int, Tensor] = {}
    threads = [
        threading.Thread(target=lambda i=i: together.update({i: ready.fill(image, masks[i]).refined})) for i in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(together[i], alone[i]) for i in range(5))


def test_bf16_stays_above_45_db() -> None:
    generator, image, mask = seeded_generator(), seeded_picture(96, 96), box_mask(96, 96, (30, 30, 30, 30))
    exact = HoleGenerator(generator).fill(image, mask).refined
    error = (HoleGenerator(generator, torch.bfloat16).fill(image, mask).refined - exact)[mask.expand(-1, 3, -1, -1) > 0]
    psnr_db = 10 * np.log10(4 / float(error.square().mean()))
    assert 45 < psnr_db < 90


@pytest.mark.parametrize(("side", "same"), [(63, False), (71, True)])
def test_only_a_deep_hole_keeps_the_whole_coarse_stage_in_32_bits(side: int, same: bool) -> None:
    generator, image, mask = seeded_generator(), seeded_picture(96, 96), box_mask(96, 96, (13, 11, side, side))
    exact, rounded = (HoleGenerator(generator, dtype).fill(image, mask) for dtype in (torch.float32, torch.bfloat16))
    assert torch.equal(exact.coarse, rounded.coarse) is same
    assert not torch.equal(exact.refined, rounded.refined)


def test_small_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator, image, mask = seeded_generator(), seeded_picture(64, 96), box_mask(64, 96, (10, 10, 30, 50))
    expected = HoleGenerator(generator).fill(image, mask).refined
    monkeypatch.setattr(hole_generator, "STRIP_BYTES", 1 << 12)
    assert furthest(HoleGenerator(generator).fill(image, mask).refined, expected, mask) < 1e-5


# --- regions -----------------------------------------------------------------------------------------------------

ROWS = st.builds(
    LayerRow,
    pt=st.just("a"),
    tf=st.just("a"),
    inputs=st.just(4),
    outputs=st.just(4),
    kernel=st.sampled_from([3, 5]),
    stride=st.sampled_from([1, 2]),
    dilation=st.sampled_from([1, 2, 8]),
)


@settings(max_examples=60, deadline=None)
@given(row=ROWS, layout=st.sampled_from(["pt", "tf"]), seed=st.integers(0, 99), share=st.sampled_from([0.01, 0.2, 1.0]))
def test_inputs_of_finds_exactly_what_a_convolution_reads(
    row: LayerRow, layout: WeightLayout, seed: int, share: float
) -> None:
    wanted = np.random.default_rng(seed).random((12, 16)) < share
    size = (12 * row.stride, 16 * row.stride)
    reads = torch.zeros(1, 1, *size, requires_grad=True)
    top, bottom = row.padding(layout, size[0])
    left, right = row.padding(layout, size[1])
    padded = torch.nn.functional.pad(reads, (left, right, top, bottom))
    out = torch.nn.functional.conv2d(
        padded, torch.ones(1, 1, row.kernel, row.kernel), stride=row.stride, dilation=row.dilation
    )
    out[0, 0][torch.from_numpy(wanted)].sum().backward()
    assert reads.grad is not None
    pixels = tuple(Box(int(r), int(c), 1, 1) for r, c in np.argwhere(wanted))
    assert np.array_equal(regions.inputs_of(pixels, wanted.shape, row, layout), reads.grad[0, 0].numpy() > 0)


@settings(max_examples=60, deadline=None)
@given(row=ROWS, layout=st.sampled_from(["pt", "tf"]), box=st.tuples(*[st.integers(1, 12)] * 4))
def test_a_rectangle_reads_what_its_pixels_read(
    row: LayerRow, layout: WeightLayout, box: tuple[int, int, int, int]
) -> None:
    top, left = box[0] - 1, box[1] - 1
    whole = Box(top, left, min(box[2], 12 - top), min(box[3], 16 - left))
    pixels = tuple(Box(r, c, 1, 1) for r in range(top, whole.bottom) for c in range(left, whole.right))
    by_pixels = regions.inputs_of(pixels, (12, 16), row, layout)
    assert np.array_equal(regions.inputs_of((whole,), (12, 16), row, layout), by_pixels)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), share=st.sampled_from([0.001, 0.02, 0.3]), macs=st.sampled_from([4, 96]))
def test_rectangles_cover_everything_wanted(seed: int, share: float, macs: int) -> None:
    wanted = np.random.default_rng(seed).random((70, 50)) < share
    row = LayerRow("a", "a", macs, macs)
    boxes = regions.cover(wanted, row)
    painted = np.zeros_like(wanted)
    for box in boxes:
        painted[box.slices] = True
    assert (painted | ~wanted).all()
    assert bool(boxes) == wanted.any()


def test_far_apart_holes_get_rectangles_of_their_own() -> None:
    wanted = np.zeros((256, 256), bool)
    wanted[10:40, 10:40] = wanted[200:240, 180:250] = True
    boxes = regions.cover(wanted, LayerRow("a", "a", 96, 96))
    assert sorted(box.area for box in boxes) == [900, 2800]


def test_two_holes_side_by_side_share_a_rectangle() -> None:
    wanted = np.zeros((64, 64), bool)
    wanted[10:20, 10:20] = wanted[10:20, 21:31] = True
    assert [box.area for box in regions.cover(wanted, LayerRow("a", "a", 24, 12))] == [210]
