from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.compose.fit import make_plan, merge
from freefill.compose.groups import Group
from freefill.errors import InputError
from freefill.values import Box, EngineSpec, Options, SizeRule

PLAIN = EngineSpec("plain", "x:y", "", context=0.5, min_context_px=8, bytes_per_px=100)
SMALL_ONLY = EngineSpec(
    "small", "x:y", "", SizeRule(min_px=64, multiple_px=8, hole_px=32), context=1.0, min_context_px=16, bytes_per_px=100
)
TEXTURE = EngineSpec("texture", "x:y", "", SizeRule(min_px=16), bytes_per_px=100)


def specks(seed, size, count):
    rng = np.random.default_rng(seed)
    hole = np.zeros(size, bool)
    for _ in range(count):
        row, col = rng.integers(0, size[0]), rng.integers(0, size[1])
        hole[row : row + rng.integers(1, 60), col : col + rng.integers(1, 60)] = True
    return hole


def cores(plan):
    for window in plan.windows:
        yield from window.detail or (window,)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**16),
    height=st.integers(2, 400),
    width=st.integers(2, 400),
    count=st.integers(1, 6),
    spec=st.sampled_from([PLAIN, SMALL_ONLY, TEXTURE]),
    texture=st.sampled_from([None, TEXTURE]),
    wanted=st.sampled_from(["auto", "always", "never"]),
    window=st.sampled_from(["auto", "whole"]),
)
def test_each_hole_pixel_is_in_exactly_one_core(seed, height, width, count, spec, texture, wanted, window):
    hole = specks(seed, (height, width), count)
    if hole.all():
        return
    plan = make_plan(hole, spec, Options(window=window, texture=wanted, max_memory_bytes=64 << 20), texture)
    times = np.zeros(hole.shape, int)
    for group in cores(plan):
        times[group.core.slices] += 1
        outer, inner = group.box, group.core
        assert outer.joined(inner) == outer
        assert outer.joined(Box(0, 0, height, width)) == Box(0, 0, height, width)
    assert (times[hole] == 1).all()


@settings(deadline=None)
@given(seed=st.integers(0, 2**16), height=st.integers(2, 300), width=st.integers(2, 300), count=st.integers(1, 4))
def test_engine_sizes_obey_the_size_rule(seed, height, width, count):
    hole = specks(seed, (height, width), count)
    if hole.all():
        return
    for window in make_plan(hole, SMALL_ONLY, Options(), None).windows:
        for side, pad in zip((window.box.height, window.box.width), window.pad_px, strict=True):
            engine_px = max(round(side * window.scale), 1) + pad
            assert engine_px >= 64
            assert engine_px % 8 == 0
            assert pad >= 0


@given(order=st.permutations(range(6)))
def test_the_order_of_the_parts_has_no_influence(order):
    boxes = [
        Box(0, 0, 10, 10),
        Box(0, 25, 10, 10),
        Box(40, 0, 10, 10),
        Box(45, 30, 5, 5),
        Box(90, 90, 3, 3),
        Box(0, 60, 9, 9),
    ]
    groups = [Group(box, box.area, min(box.height, box.width)) for box in boxes]
    merged = merge([groups[i] for i in order], lambda group: group.box.grown(8, (100, 100)))
    assert merged == merge(groups, lambda group: group.box.grown(8, (100, 100)))


def test_holes_far_apart_get_a_window_each():
    hole = np.zeros((1000, 1000), bool)
    hole[10:40, 10:40] = hole[900:930, 900:930] = True
    plan = make_plan(hole, PLAIN, Options())
    assert len(plan.windows) == 2
    assert all(window.box.area < 80**2 for window in plan.windows)


def test_windows_never_overlap():
    for seed in range(20):
        plan = make_plan(specks(seed, (500, 500), 5), PLAIN, Options())
        assert not any(a.box.overlaps(b.box) for a in plan.windows for b in plan.windows if a is not b)


def test_a_thick_hole_is_filled_smaller_and_made_sharp():
    hole = np.zeros((600, 600), bool)
    hole[200:300, 200:300] = True
    (window,) = make_plan(hole, SMALL_ONLY, Options(), TEXTURE).windows
    assert window.scale == pytest.approx(32 / 99, rel=0.05)
    assert window.detail


def test_the_plan_says_the_scale_and_why():
    hole = np.zeros((600, 600), bool)
    hole[200:300, 200:300] = True
    (note,) = make_plan(hole, SMALL_ONLY, Options(), TEXTURE).notes
    assert note == (
        "1 of 1 windows filled at a smaller scale (down to 0.32: small fills holes up to 32 px thick and what fits "
        "into --max-memory at full scale), then made sharp from the picture's own texture"
    )
    square = replace(SMALL_ONLY, size=SizeRule(min_px=64, fixed_px=64), weights=("w",))
    (note,) = make_plan(hole, square, Options(texture="never")).notes
    assert "small fills windows up to 64 px wide and what fits into --max-memory at full scale), then enlarged" in note


def test_a_network_stays_small_where_nothing_can_make_it_sharp_and_an_engine_that_copies_does_not():
    hole = np.zeros((600, 600), bool)
    hole[200:300, 200:300] = True
    network = replace(SMALL_ONLY, weights=("w",))
    for options, texture in ((Options(texture="never"), TEXTURE), (Options(), None)):
        (window,) = make_plan(hole, network, options, texture).windows
        assert window.scale < 1
        assert not window.detail
        (window,) = make_plan(hole, SMALL_ONLY, options, texture).windows
        assert window.scale == 1
        assert not window.detail


def test_a_small_hole_keeps_its_scale():
    hole = np.zeros((600, 600), bool)
    hole[200:230, 200:400] = True
    (window,) = make_plan(hole, SMALL_ONLY, Options(), TEXTURE).windows
    assert window.scale == 1
    assert not window.detail


def test_memory_stays_within_the_bound():
    hole = np.zeros((4000, 4000), bool)
    hole[1000:3000, 1000:3000] = True
    bound = 100 << 20
    (window,) = make_plan(hole, PLAIN, Options(max_memory_bytes=bound), TEXTURE).windows
    assert window.box.area * window.scale**2 * PLAIN.bytes_per_px <= bound * 1.01
    assert len(window.detail) > 1
    assert all(tile.box.area * TEXTURE.bytes_per_px <= bound for tile in window.detail)


def test_a_thin_scratch_across_a_large_picture_is_cut_into_tiles_of_full_resolution():
    hole = np.zeros((4000, 4000), bool)
    for i in range(3900):
        hole[i : i + 3, i : i + 3] = True
    plan = make_plan(hole, PLAIN, Options(max_memory_bytes=100 << 20))
    assert len(plan.windows) > 1
    assert all(window.scale == 1 for window in plan.windows)


def test_neighbouring_tiles_see_each_other():
    hole = np.zeros((3000, 3000), bool)
    hole[500:2500, 500:2500] = True
    (window,) = make_plan(hole, TEXTURE, Options(max_memory_bytes=64 << 20)).windows
    for one, two in pairwise(window.detail):
        assert one.box.overlaps(two.box) or one.core.top != two.core.top


def test_context_grows_with_the_hole_up_to_a_bound():
    spec = EngineSpec("e", "x:y", "", context=1.0, min_context_px=8)

    def context(side: int) -> int:
        hole = np.zeros((6000, 6000), bool)
        hole[2500 : 2500 + side, 2500 : 2500 + side] = True
        (window,) = make_plan(hole, spec, Options(max_memory_bytes=64 << 30)).windows
        return window.core.top - window.box.top

    assert [context(side) for side in (4, 100, 700, 900)] == [8, 100, 700, 768]


def test_everything_hole_is_refused():
    with pytest.raises(InputError, match="nothing to copy from"):
        make_plan(np.ones((5, 5), bool), PLAIN, Options())


def test_an_empty_hole_needs_no_window():
    assert make_plan(np.zeros((5, 5), bool), PLAIN, Options()).windows == ()


def test_the_plan_is_json():
    import json

    hole = np.zeros((50, 50), bool)
    hole[20:25, 20:25] = True
    plan = make_plan(hole, PLAIN, Options(), TEXTURE)
    assert json.loads(json.dumps(plan.to_json()))["windows"][0]["core"] == {
        "top": 20,
        "left": 20,
        "height": 5,
        "width": 5,
    }
