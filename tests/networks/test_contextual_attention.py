"""The attention alone: agreement with the public port, and what must hold for any features."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.networks.attention_sets import Keys, chunks, picked, sets_of, usable_keys
from freefill.networks.contextual_attention import SCALE, AttentionRunner, ContextualAttention, attend
from freefill.networks.on_processor.attention_compiled import CompiledChunks
from freefill.networks.on_processor.workers import Workers

from .deepfill_cases import PARITY, box_mask, needs_parity, seeded_picture

Runners = Callable[[Keys], AttentionRunner] | None
RUNNERS: list[Runners] = [None, partial(CompiledChunks, scale=SCALE, workers=Workers(1))]


@needs_parity
@pytest.mark.parametrize("path", sorted(PARITY.glob("attention_*.npz")), ids=lambda path: path.stem)
@pytest.mark.parametrize("chunk_bytes", [1, 60_000, 1 << 30])
@pytest.mark.parametrize("runner", RUNNERS)
def test_attention_agrees_with_the_public_port(path: Path, chunk_bytes: int, runner: Runners) -> None:
    stored = np.load(path)
    attended = attend(
        torch.from_numpy(stored["f"]),
        torch.from_numpy(stored["mask"]) if "mask" in stored else None,
        background=torch.from_numpy(stored["b"]) if "b" in stored else None,
        layout="pt" if "_pt_" in path.stem else "tf",
        fuse=bool(stored["fuse"]),
        chunk_bytes=chunk_bytes,
        runner=runner,
    )
    assert np.abs(attended.features.numpy() - stored["y"]).max() < 1e-5


@settings(max_examples=30, deadline=None)
@given(
    wanted=st.lists(st.booleans(), min_size=30, max_size=30),
    fuse=st.booleans(),
    chunk_bytes=st.sampled_from([1, 5_000, 1 << 30]),
    runner=st.sampled_from(list(RUNNERS)),
)
def test_wanted_cells_do_not_depend_on_what_else_is_wanted(
    wanted: list[bool], fuse: bool, chunk_bytes: int, runner: Runners
) -> None:
    features = seeded_picture(10, 12, channels=4)
    mask = box_mask(40, 48, (8, 8, 16, 20))
    cells = torch.tensor(wanted).view(5, 6)
    whole = attend(features, mask, fuse=fuse, runner=runner).features
    part = attend(features, mask, fuse=fuse, cells=cells, chunk_bytes=chunk_bytes, runner=runner).features
    full_size = cells.repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.allclose(part[:, :, full_size], whole[:, :, full_size], atol=1e-6)
    assert (part[:, :, ~full_size] == 0).all()


@pytest.mark.parametrize("runner", RUNNERS)
def test_each_sample_of_a_batch_keeps_its_own_mask(runner: Runners) -> None:
    features = seeded_picture(16, 16, batch=2, channels=4)
    masks = torch.cat([box_mask(64, 64, (0, 0, 40, 30)), box_mask(64, 64, (30, 20, 20, 44))])
    both = attend(features, masks, runner=runner).features
    for sample in (0, 1):
        alone = attend(features[sample : sample + 1], masks[sample : sample + 1], runner=runner).features
        assert torch.allclose(both[sample : sample + 1], alone, atol=1e-6)


@pytest.mark.parametrize("layout", ["pt", "tf"])
@pytest.mark.parametrize("fuse", [True, False])
def test_the_layer_attends_everywhere_as_it_was_made(layout: Any, fuse: bool) -> None:
    features, mask = seeded_picture(8, 12, channels=3), box_mask(32, 48, (8, 8, 8, 8))
    expected = attend(features, mask, layout=layout, fuse=fuse).features
    assert torch.equal(ContextualAttention(layout, fuse)(features, mask), expected)


def test_gradients_are_those_of_finite_differences() -> None:
    features = seeded_picture(4, 8, channels=2).double().requires_grad_()
    mask = box_mask(16, 32, (0, 0, 8, 8))

    def run(x: torch.Tensor) -> torch.Tensor:
        return attend(x, mask, chunk_bytes=3_000).features

    assert torch.autograd.gradcheck(run, (features,), atol=1e-4)


def test_a_masked_key_stays_in_the_denominator_with_logit_zero() -> None:
    """Features of almost nothing give logits of 0, so each of the 64 keys weighs 1/64, though 4 are masked."""
    features = torch.full((1, 1, 16, 16), 1e-12)
    background = torch.zeros(1, 1, 16, 16)
    background[0, 0, 8, 8] = 64.0
    mask = box_mask(64, 64, (0, 0, 8, 8))  # the corner key and, through their 3x3 surround, its 3 neighbours
    assert (~usable_keys(mask, "pt")).sum().item() == 4
    attended = attend(features, mask, background=background, fuse=False).features
    assert attended[0, 0, 8, 8].item() == pytest.approx(
        1.0
    )  # a pixel that 4 patches cover, of the same place in a cell


@pytest.mark.parametrize("runner", RUNNERS)
def test_best_keys_are_usable_and_unwanted_cells_are_marked(runner: Runners) -> None:
    features, mask = seeded_picture(12, 12, channels=4), box_mask(48, 48, (16, 16, 16, 16))
    cells = torch.zeros(6, 6, dtype=torch.bool)
    cells[2:4, 2:4] = True
    best = attend(features, mask, cells=cells, want_best=True, runner=runner).best_key
    assert best is not None
    assert (best[0][~cells] == -1).all()
    assert usable_keys(mask, "pt").flatten()[best[0][cells]].all()


@pytest.mark.parametrize(("factor", "odd_ones"), [(2, {58, 94, 118, 178}), (8, {408, 440, 504, 664, 680})])
def test_tf_sampling_rounds_as_the_port_does(factor: int, odd_ones: set[int]) -> None:
    """In all but a few sizes the float32 computation gives what exact arithmetic gives."""
    differing = set()
    for size in range(2 * factor, 200 if factor == 2 else 700, factor):
        count = size // factor
        exact = [int(Fraction(i * (size - 1), count - 1) + Fraction(1, 2)) for i in range(count)]
        if picked(size, factor).tolist() != exact:
            differing.add(size)
    assert differing == odd_ones


def test_tf_sampling_of_16_is_the_documented_one() -> None:
    assert picked(16, 2).tolist() == [0, 2, 4, 6, 9, 11, 13, 15]


def test_cells_in_one_place_are_one_chunk_wherever_they_lie() -> None:
    for top, left in ((0, 0), (13, 27), (44, 40)):
        cells = torch.zeros(64, 64, dtype=torch.bool)
        cells[top : top + 20, left : left + 24] = True
        found = list(chunks(cells, planes=30**2))
        assert [len(chunk) for chunk in found] == [480]
        assert torch.equal(found[0], cells.flatten().nonzero().flatten())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), share=st.sampled_from([0.01, 0.2, 1.0]), planes=st.sampled_from([1, 60, 300]))
def test_every_wanted_cell_is_in_one_chunk_and_no_chunk_is_too_large(seed: int, share: float, planes: int) -> None:
    cells = torch.from_numpy(np.random.default_rng(seed).random((19, 30)) < share)
    found = list(chunks(cells, planes))
    assert torch.equal(torch.cat([torch.zeros(0, dtype=torch.long), *found]).sort()[0], cells.flatten().nonzero()[:, 0])
    for chunk in found:
        assert len(chunk) == 1 or len(sets_of(chunk, (19, 30), fuse=False).product) <= planes + 1


def test_no_cells_are_no_chunk() -> None:
    assert not list(chunks(torch.zeros(4, 4, dtype=torch.bool), planes=100))
