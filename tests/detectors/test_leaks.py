"""What a wide look takes that is none of the person's, on drawn evidence."""

import numpy as np

from freefill.detectors.leaks import later_adds_little, without_faint_pieces

CUT = 0.4


def looks(faint: float, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A person of 40 x 20 px; a wide look sees her, and `rows` rows of 20 px below that a close look saw faintly."""
    sure, close, wide = (np.zeros((100, 60), np.float32) for _ in range(3))
    sure[10:50, 20:40] = close[10:50, 20:40] = 0.9
    wide[10 : 50 + rows, 20:40] = 0.7
    close[50 : 50 + rows, 20:40] = faint
    return wide, sure, close


def test_a_large_piece_that_a_close_look_faintly_saw_is_left_out():
    wide, sure, close = looks(faint=0.2, rows=20)
    left = without_faint_pieces(wide, sure, close, CUT)
    assert not left[50:].any()
    assert (left[:50] == wide[:50]).all()


def test_legs_that_no_close_look_saw_at_all_are_kept():
    wide, sure, close = looks(faint=0.0, rows=20)
    assert (without_faint_pieces(wide, sure, close, CUT) == wide).all()


def test_a_foot_that_a_close_look_faintly_saw_is_kept():
    wide, sure, close = looks(faint=0.2, rows=5)
    assert (without_faint_pieces(wide, sure, close, CUT) == wide).all()


def test_what_both_networks_saw_close_by_and_doubted_is_left_out_where_it_is_no_sliver():
    for doubt, rows, kept in ((0.3, 5, False), (0.1, 5, True), (0.3, 1, True)):
        wide, sure, close = looks(faint=0.0, rows=rows)
        sure[50 : 50 + rows, 20:40] = doubt  # a pillar above a head: the network of heads takes it for hair
        assert without_faint_pieces(wide, sure, close, CUT)[50 : 50 + rows, 20:40].all() == kept


def test_what_nobody_sees_is_left_as_it_is():
    nothing = np.zeros((20, 20), np.float32)
    assert not without_faint_pieces(nothing, nothing, nothing, CUT).any()


def test_a_later_wide_look_counts_while_it_adds_little():
    for rows, little in ((4, True), (10, False)):
        wide, sure, _ = looks(faint=0.0, rows=rows)
        assert later_adds_little(wide, sure, CUT) is little
