from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.compose.fit import make_plan, merge, scale_for, scaled_size
from freefill.compose.groups import Group, find_groups
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


# --- numbers worked out by hand ----------------------------------------------------------------------------------

# 1 MB for each pixel: the least bound of 64 MB holds 64 px, so that tiles have their least side of 192 px.
DEAR = EngineSpec("dear", "x:y", "", context=0.0, min_context_px=8, bytes_per_px=1 << 20)
LEAST = Options(max_memory_bytes=64 << 20)


def hole_of(size, *boxes):
    hole = np.zeros(size, bool)
    for top, left, height, width in boxes:
        hole[top : top + height, left : left + width] = True
    return hole


def test_scale_is_one_up_to_what_the_engine_fills_and_then_falls():
    box = Box(0, 0, 9, 9)
    assert scale_for(Group(box, 81, 500.0), SizeRule()) == 1.0
    assert scale_for(Group(box, 81, 32.0), SizeRule(hole_px=32)) == 1.0
    assert scale_for(Group(box, 81, 64.0), SizeRule(hole_px=32)) == 0.5


def test_no_side_is_ever_scaled_to_nothing():
    assert scaled_size(Box(0, 0, 1, 3), 0.01) == (1, 1)


def test_a_window_is_extended_alike_on_both_sides_and_stays_in_the_picture():
    def box(*place):
        return make_plan(hole_of((600, 600), (*place, 10, 10)), SMALL_ONLY, Options()).windows[0].box

    assert box(295, 295) == Box(268, 268, 64, 64)  # 10 px, 16 px around, then 11 px more on each side
    assert box(0, 0) == Box(0, 0, 64, 64)
    assert box(590, 590) == Box(536, 536, 64, 64)
    assert box(300, 300).height % 8 == 0


def test_a_window_that_is_filled_smaller_is_as_much_larger_in_the_picture():
    spec = replace(SMALL_ONLY, context=0.0, min_context_px=8, weights=("w",))
    (window,) = make_plan(hole_of((900, 900), (400, 400, 160, 160)), spec, Options()).windows
    assert window.scale == pytest.approx(0.2, rel=0.03)
    assert window.box.height == window.box.width
    assert 320 <= window.box.height <= 330  # 64 px of the engine's


def test_a_window_as_large_as_the_bound_is_not_cut():
    spec = replace(DEAR, min_context_px=0, bytes_per_px=1024)  # 64 MB hold 256 x 256 px
    hole = np.zeros((300, 300), bool)
    hole[range(20, 276), range(20, 276)] = hole[range(20, 275), range(21, 276)] = True
    (window,) = make_plan(hole, spec, LEAST).windows
    assert window.box == Box(20, 20, 256, 256)
    assert len(make_plan(hole, replace(spec, bytes_per_px=1025), LEAST).windows) > 1


def frame(thick):
    hole = hole_of((400, 400), (50, 50, 300, 300))
    hole[50 + thick : 350 - thick, 50 + thick : 350 - thick] = False
    return hole


def test_only_what_is_sparse_in_its_window_is_cut_into_tiles():
    spec = replace(DEAR, min_context_px=0)
    assert all(window.scale == 1 for window in make_plan(frame(8), spec, LEAST).windows)  # a tenth of the window
    (window,) = make_plan(frame(16), spec, LEAST).windows  # a fifth
    assert window.scale < 0.1


def test_only_what_is_thin_is_cut_into_tiles():
    def ring(thick):
        row, col = np.ogrid[:1500, :1500]
        far = np.hypot(row - 750, col - 750)
        return (far <= 700) & (far > 700 - thick)

    spec = replace(DEAR, min_context_px=0)
    assert find_groups(ring(65))[0].thick_px == 65
    assert len(make_plan(ring(64), spec, LEAST).windows) > 1
    assert len(make_plan(ring(65), spec, LEAST).windows) == 1


def test_the_note_tells_the_smallest_scale():
    spec = replace(SMALL_ONLY, weights=("w",))
    hole = hole_of((1500, 1500), (100, 100, 40, 40), (900, 900, 160, 160))
    plan = make_plan(hole, spec, Options())
    least = min(window.scale for window in plan.windows)
    assert len({window.scale for window in plan.windows}) == 2
    assert f"down to {least:.2f}" in plan.notes[0]


def test_the_longer_side_must_fit_into_the_engine():
    spec = replace(PLAIN, size=SizeRule(max_px=200), context=0.0)
    (window,) = make_plan(hole_of((900, 900), (400, 100, 40, 584)), spec, Options()).windows
    assert window.scale == 200 / 600


def test_what_a_small_picture_lacks_is_padded():
    hole = hole_of((50, 60), (20, 20, 10, 10))
    (window,) = make_plan(hole, SMALL_ONLY, Options()).windows
    assert window.pad_px == (14, 4)
    (window,) = make_plan(hole, PLAIN, Options(texture="always"), replace(SMALL_ONLY, name="sharp")).windows
    assert [tile.pad_px for tile in window.detail] == [(14, 4)]


@pytest.mark.parametrize(
    ("guides", "wanted", "texture", "structure"),
    [
        (("layout",), "auto", "auto", "auto"),
        (("layout",), "network", "auto", "network"),
        (("image",), "auto", "auto", "never"),
        (("layout",), "auto", "always", "never"),
    ],
)
def test_what_crosses_the_hole_is_asked_by_engines_that_can_and_where_no_detail_follows(
    guides, wanted, texture, structure
):
    spec = replace(PLAIN, guides=guides)
    options = Options(structure=wanted, texture=texture)
    (window,) = make_plan(hole_of((300, 300), (100, 100, 20, 20)), spec, options, TEXTURE).windows
    assert window.structure == structure


def detail(core, context, size=(900, 900)):
    """The detail windows, by tiles of 192 px, of a window with so much context."""
    spec = replace(PLAIN, context=0.0, min_context_px=context)
    sharp = replace(DEAR, min_context_px=context, name="sharp")
    options = Options(max_memory_bytes=64 << 20, texture="always")
    (window,) = make_plan(hole_of(size, (300, 300, *core)), spec, options, sharp).windows
    return window, window.detail


@pytest.mark.parametrize(("core", "context"), [((176, 176), 8), ((190, 190), 1)])
def test_a_window_as_large_as_a_tile_is_one(core, context):
    window, tiles = detail(core, context)
    assert [tile.box for tile in tiles] == [window.box]
    assert window.box.height == 192


def test_a_window_is_one_tile_where_memory_allows():
    spec = replace(PLAIN, context=0.0)
    hole = hole_of((900, 900), (300, 300, 400, 400))
    (window,) = make_plan(hole, spec, Options(texture="always"), TEXTURE).windows
    assert [tile.box for tile in window.detail] == [window.box]


def test_a_wide_window_is_cut_into_columns():
    _, tiles = detail((176, 284), 8)
    assert [(tile.core.top, tile.core.left) for tile in tiles[:3]] == [(300, 300), (300, 394), (300, 489)]
    assert len(tiles) == 6


def test_tiles_have_half_a_tile_of_hole_and_a_quarter_of_context():
    _, tiles = detail((200, 154), 8)
    assert len(tiles) == 3 * 2
    assert tiles[0].core == Box(300, 300, 66, 77)
    assert tiles[0].box == Box(252, 252, 66 + 96, 77 + 96)


def test_tiles_reach_as_far_as_their_engine_needs():
    _, tiles = detail((400, 400), 60)
    assert tiles[0].box.top == 240


def test_a_window_that_is_larger_than_a_tile_by_a_pixel_is_cut():
    assert len(detail((177, 177), 8)[1]) == 4
