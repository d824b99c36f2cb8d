import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.compose.groups import CELL_PX, find_groups, thickness

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
    assert thickness(hole) == 19
    assert find_groups(hole)[0].thick_px == 19


def test_an_inner_hole_is_as_thick_as_its_largest_disc():
    hole = np.zeros((60, 60), bool)
    hole[20:31, 10:50] = True
    assert find_groups(hole)[0].thick_px == 11


def test_specks_far_apart_are_each_a_group_of_their_own():
    hole = np.zeros((2000, 2000), bool)
    hole[::40, ::40] = True
    assert len(find_groups(hole)) == 2500
