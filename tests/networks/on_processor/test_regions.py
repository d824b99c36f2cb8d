"""Which places of a layer a result needs: rectangles that hold all of it, few, and not much more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from freefill.networks.gated_conv import LayerRow, WeightLayout
from freefill.networks.on_processor.regions import BAND_PX, _box_read, cover, halved, inputs_of, plan
from freefill.values import Box

Wanted = NDArray[np.bool_]


def row(**changes: object) -> LayerRow:
    return LayerRow(**{"pt": "a", "tf": "a", "inputs": 48, "outputs": 48} | changes)  # type: ignore[arg-type]


def shown(boxes: tuple[Box, ...], size: tuple[int, int]) -> Wanted:
    out = np.zeros(size, bool)
    for box in boxes:
        out[box.slices] = True
    return out


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 999), share=st.floats(0, 0.2), channels=st.sampled_from([4, 96]))
def test_rectangles_hold_every_wanted_pixel_and_lie_in_the_layer(seed: int, share: float, channels: int):
    wanted = np.random.default_rng(seed).random((40, 56)) < share
    boxes = cover(wanted, row(inputs=channels, outputs=channels))
    assert not (wanted & ~shown(boxes, wanted.shape)).any()
    assert all(0 <= box.top < box.bottom <= 40 and 0 <= box.left < box.right <= 56 for box in boxes)


def test_nothing_wanted_needs_no_rectangle_and_a_full_one_is_one():
    assert cover(np.zeros((20, 30), bool), row()) == ()
    whole = shown((Box(3, 5, 30, 20),), (40, 50))
    assert cover(whole, row()) == (Box(3, 5, 30, 20),)


def test_far_holes_get_rectangles_of_their_own_where_a_layer_is_dear_and_share_one_where_it_is_cheap():
    far = shown((Box(2, 2, 4, 4), Box(2, 60, 4, 4)), (32, 100))
    assert set(cover(far, row(inputs=192, outputs=192))) == {Box(2, 2, 4, 4), Box(2, 60, 4, 4)}
    assert cover(far, row(inputs=4, outputs=4)) == (Box(2, 2, 4, 62),)


def test_a_tall_hole_is_one_rectangle_through_all_bands():
    tall = shown((Box(5, 10, 3 * BAND_PX, 8),), (80, 80))
    tall[20, 9] = True  # so that it is not simply full
    assert cover(tall, row()) == (Box(5, 9, 3 * BAND_PX, 9),)


def test_cells_with_anything_in_them_are_wanted():
    wanted = np.zeros((4, 6), bool)
    wanted[1, 0] = wanted[2, 3] = wanted[0, 5] = True
    assert halved(wanted).tolist() == [[True, False, True], [False, True, False]]


@pytest.mark.parametrize(
    ("changes", "layout", "read"),
    [
        ({}, "pt", Box(3, 4, 5, 6)),
        ({"kernel": 5}, "pt", Box(2, 3, 7, 8)),
        ({"kernel": 1}, "pt", Box(4, 5, 3, 4)),
        ({"stride": 2}, "pt", Box(7, 9, 7, 9)),  # from pixel 8 - 1 on
        ({"stride": 2}, "tf", Box(8, 10, 7, 9)),  # from pixel 8 on
        ({"dilation": 2}, "pt", Box(2, 3, 7, 8)),
    ],
)
def test_a_rectangle_reads_a_rectangle(changes: dict, layout: WeightLayout, read: Box):
    it = row(**changes)
    box = Box(4, 5, 3, 4)
    assert _box_read(box, (20, 30), it, layout) == read
    wanted = inputs_of((box,), (20, 30), it, layout)
    assert np.array_equal(wanted, shown((read,), wanted.shape))


def test_at_the_border_nothing_outside_is_read():
    assert _box_read(Box(0, 0, 20, 30), (20, 30), row(kernel=5), "pt") == Box(0, 0, 20, 30)
    assert _box_read(Box(18, 28, 2, 2), (20, 30), row(), "pt") == Box(17, 27, 3, 3)


def test_a_wide_kernel_leaves_gaps_where_little_is_wanted():
    it = row(dilation=8)
    assert _box_read(Box(10, 10, 2, 2), (40, 40), it, "pt") is None
    rows, cols = np.nonzero(inputs_of((Box(10, 10, 2, 2),), (40, 40), it, "pt"))
    assert sorted(set(rows)) == sorted(set(cols)) == [2, 3, 10, 11, 18, 19]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999), holes=st.integers(1, 3))
def test_a_chain_asks_of_each_layer_what_the_next_one_reads(seed: int, holes: int):
    rng = np.random.default_rng(seed)
    wanted = np.zeros((32, 48), bool)
    for _ in range(holes):
        top, left = rng.integers(0, 28), rng.integers(0, 44)
        wanted[top : top + 4, left : left + 4] = True
    rows = (row(stride=2), row(dilation=2), row(upsample=True), row())
    steps, first = plan(rows, wanted, "tf")
    assert [step.row for step in steps] == list(rows)
    assert not (wanted & ~shown(steps[3].boxes, (32, 48))).any()
    needed = halved(inputs_of(steps[3].boxes, (32, 48), rows[3], "tf"))
    assert not (needed & ~shown(steps[2].boxes, (16, 24))).any()
    for later, earlier in ((2, 1), (1, 0)):
        needed = inputs_of(steps[later].boxes, (16, 24), rows[later], "tf")
        assert not (needed & ~shown(steps[earlier].boxes, (16, 24))).any()
    assert first.shape == (32, 48)
    assert not (inputs_of(steps[0].boxes, (16, 24), rows[0], "tf") & ~first).any()
