import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.compose.groups import CELL_PX, Group, find_groups, pixels_across
from freefill.distance import distance_inside
from freefill.values import Box

SEEDS = st.integers(0, 2**16)


def specks(seed: int, size: tuple[int, int], count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    hole = np.zeros(size, bool)
    for _ in range(count):
        row, col = rng.integers(0, size[0]), rng.integers(0, size[1])
        hole[row : row + rng.integers(1, 20), col : col + rng.integers(1, 20)] = True
    return hole


@settings(deadline=None)
@given(seed=SEEDS, height=st.integers(1, 150), width=st.integers(1, 150), count=st.integers(0, 6))
def test_parts_share_out_all_hole_pixels(seed, height, width, count):
    hole = specks(seed, (height, width), count)
    groups = find_groups(hole)
    assert sum(group.area_px for group in groups) == hole.sum()
    covered = np.zeros_like(hole)
    for group in groups:
        covered[group.box.slices] = True
        rows = np.flatnonzero(hole[group.box.slices].sum(axis=1))
        assert rows[0] == 0
        assert rows[-1] == group.box.height - 1
    assert not (hole & ~covered).any()


def test_specks_within_a_cell_of_each_other_are_one_part():
    hole = np.zeros((64, 64), bool)
    hole[1, 1] = hole[CELL_PX + 1, CELL_PX + 1] = True
    assert len(find_groups(hole)) == 1


def test_specks_two_cells_apart_are_two_parts():
    hole = np.zeros((64, 64), bool)
    hole[1, 1] = hole[1, 3 * CELL_PX] = True
    assert len(find_groups(hole)) == 2


def test_a_hole_at_the_border_counts_as_thick_beyond_it():
    hole = np.zeros((40, 40), bool)
    hole[:, :10] = True
    assert pixels_across(hole) == 19
    assert find_groups(hole)[0].thick_px == 19


def test_an_inner_hole_is_as_thick_as_its_largest_disc():
    hole = np.zeros((60, 60), bool)
    hole[20:31, 10:50] = True
    assert find_groups(hole)[0].thick_px == 11


def test_specks_far_apart_are_each_a_group_of_their_own():
    hole = np.zeros((2000, 2000), bool)
    hole[::40, ::40] = True
    assert len(find_groups(hole)) == 2500


def expected(hole: np.ndarray) -> list[tuple[Box, int, float]]:
    """Box, area and thickness of every group, by walking from cell to cell."""
    rows, cols = (-(-side // CELL_PX) for side in hole.shape)
    cells = [
        np.s_[r * CELL_PX : (r + 1) * CELL_PX, c * CELL_PX : (c + 1) * CELL_PX]
        for r in range(rows)
        for c in range(cols)
    ]
    used = {(n // cols, n % cols) for n, cell in enumerate(cells) if hole[cell].any()}
    found = []
    while used:
        group, edge = set(), {used.pop()}
        while edge:
            group |= edge
            edge = {(r + i, c + j) for r, c in edge for i in (-1, 0, 1) for j in (-1, 0, 1)} & used
            used -= edge
        own = np.zeros_like(hole)
        for row, col in group:
            own[cells[row * cols + col]] = hole[cells[row * cols + col]]
        box = Box.around(own)
        assert box is not None
        found.append((box, int(own.sum()), 2 * float(distance_inside(own).max()) - 1))
    return sorted(found, key=lambda each: (each[0].top, each[0].left))


@settings(deadline=None)
@given(seed=SEEDS, height=st.integers(20, 110), width=st.integers(20, 110), share=st.floats(0.05, 0.5))
def test_groups_are_those_found_by_walking_from_cell_to_cell(seed, height, width, share):
    rng = np.random.default_rng(seed)
    hole = np.zeros((height, width), bool)
    for row in range(0, height, CELL_PX):
        for col in range(0, width, CELL_PX):
            if rng.random() < share:
                top, left = row + rng.integers(0, CELL_PX), col + rng.integers(0, CELL_PX)
                hole[top : min(top + 9, row + CELL_PX), left : min(left + 9, col + CELL_PX)] = True
    if hole.all():
        return
    found = find_groups(hole)
    assert [(group.box, group.area_px) for group in found] == [each[:2] for each in expected(hole)]
    assert [group.thick_px for group in found] == pytest.approx([each[2] for each in expected(hole)], abs=1e-4)


def test_a_cell_without_a_hole_parts_two_groups():
    hole = np.zeros((16, 64), bool)
    hole[5, 0] = hole[5, 32] = True
    assert len(find_groups(hole)) == 2
    hole[5, 16] = True
    assert len(find_groups(hole)) == 1


def test_a_group_within_the_arms_of_another_keeps_its_own_pixels():
    hole = np.zeros((80, 80), bool)
    hole[:, :3] = hole[70:73] = True  # an L, and its box is the whole picture
    hole[5:10, 60:70] = True
    areas = {group.box: group.area_px for group in find_groups(hole)}
    assert areas[Box(5, 60, 5, 10)] == 50
    assert areas[Box(0, 0, 80, 80)] == hole.sum() - 50


def test_two_groups_become_one_as_thick_as_the_thicker():
    one, other = Group(Box(0, 0, 2, 2), 4, 1.0), Group(Box(8, 4, 2, 2), 3, 5.0)
    assert one.joined(other) == other.joined(one) == Group(Box(0, 0, 10, 6), 7, 5.0)


@pytest.mark.parametrize(("size", "block"), [((2000, 2000), 1), ((2000, 2100), 2), ((4000, 4020), 4)])
def test_the_thickness_of_a_large_hole_is_measured_on_blocks(size, block):
    hole = np.zeros(size, bool)
    hole[400:520, 400:1200] = True
    assert pixels_across(hole) == 120 - block  # (2 * depth - 1) blocks, for a side of an even number of blocks


def test_no_hole_has_no_thickness_and_nothing_but_hole_that_of_its_longer_side():
    assert pixels_across(np.zeros((3, 4), bool)) == 0.0
    assert pixels_across(np.ones((3, 4), bool)) == 4.0
    assert pixels_across(np.ones((2000, 2100), bool)) == 2100.0
