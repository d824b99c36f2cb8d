"""What lines copy of themselves: faint ones, those that bend, and those that grow narrower."""

from dataclasses import replace

import numpy as np
import pictures
import pytest

from freefill.layout.along import PLAIN, along
from freefill.layout.ends import End, find_ends
from freefill.layout.joining import Joined, curve_between, join
from freefill.layout.sight import see
from freefill.synthesis.laid import Laid, LayoutPyramid
from freefill.synthesis.levels import Layer
from freefill.synthesis.tuning import Tuning


def seen(image, hole):
    sight = see(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole, 320)
    ends = find_ends(sight)
    return [line for line in join(ends, sight) if line.confidence >= 0.45], ends, sight


def test_a_strong_line_copies_its_known_piece_where_it_bends_away_from_it():
    hole = pictures.blob(axes=(40, 30))
    lines, _, sight = seen(pictures.stem(), hole)
    assert lines
    assert min(line.one.contrast for line in lines) > PLAIN
    shifts = along(lines, sight)
    rows, cols = np.nonzero(np.isfinite(shifts[..., 0]))
    assert len(rows) > 50
    sources = np.rint(np.stack((rows, cols), 1) + shifts[rows, cols]).astype(int)
    assert not hole[sources[:, 0], sources[:, 1]].any()
    # What it copies lies as far from the arc's centre as where it goes: the edge stays an edge.
    centre = np.array((255, 130))
    radii = [np.hypot(*(places - centre).T) for places in (np.stack((rows, cols), 1), sources)]
    assert np.abs(radii[0] - radii[1]).mean() < 2.0


def test_a_doubtful_strong_line_that_bends_is_left_to_the_search():
    lines, _, sight = seen(pictures.stem(), pictures.blob(axes=(40, 30)))
    assert not np.isfinite(along([replace(line, confidence=0.5) for line in lines], sight)).any()


def test_a_strong_line_that_runs_straight_is_left_to_the_search():
    lines, _, sight = seen(pictures.pole(), pictures.blob())
    assert lines
    assert not np.isfinite(along(lines, sight)).any()


def test_where_a_thing_grows_narrower_what_lies_beside_the_line_is_copied_from_farther_beside_it():
    hole = np.zeros((60, 140), bool)
    hole[20:41, 50:121] = True
    sight = see(np.full((60, 140, 3), 0.5, np.float32), hole, ~hole, 320)
    one = End(np.array((30.0, 50.0)), np.array((0.0, 1.0)), 0.0, np.zeros((9, 3)), 5.0, 40.0, 0.0)
    other = replace(one, place=np.array((30.0, 120.0)), heading=np.array((0.0, -1.0)), length=0.0)
    curve, normals = curve_between(one, other)
    shifts = along([Joined(one, other, curve, normals, 0.8, one_ended=True, closing=0.5)], sight)
    for col, share in ((52, 1.0), (85, 0.75), (118, 0.5)):
        for row in (28, 29, 31, 32):
            assert row + shifts[row, col, 0] - 30 == pytest.approx((row - 30) / share, abs=0.15)


def test_of_two_edges_of_one_thing_each_lends_what_lies_nearer_to_it():
    hole = np.zeros((60, 140), bool)
    hole[20:41, 50:121] = True
    sight = see(np.full((60, 140, 3), 0.5, np.float32), hole, ~hole, 320)
    lines = []
    for row, length in ((29.0, 40.0), (32.0, 20.0)):
        one = End(np.array((row, 50.0)), np.array((0.0, 1.0)), 0.0, np.zeros((9, 3)), 5.0, length, 0.0)
        other = replace(one, place=np.array((row, 120.0)), heading=np.array((0.0, -1.0)), length=0.0)
        lines.append(Joined(one, other, *curve_between(one, other), 0.8, one_ended=True))
    for order in (lines, lines[::-1]):
        both, first, second = (along(some, sight)[:, 100] for some in (order, lines[:1], lines[1:]))
        assert np.array_equal(both[27:31], first[27:31])
        assert np.array_equal(both[31:34], second[31:34])
        assert not np.array_equal(first[30], second[30])


def test_shifts_between_pixels_are_those_around_but_for_another_piece():
    known = np.ones((16, 16), np.uint8)
    known[4:12, 4:12] = 0
    layer = Layer(np.zeros((16, 16, 3), np.uint8), known, known)
    shifts = np.full((8, 8, 2), np.nan, np.float32)
    shifts[4] = np.stack((np.zeros(8), -np.arange(8.0) / 4 - 2), 1)  # a line of slowly growing shifts
    shifts[4, 5:] = (0, 2.0)  # and another piece
    blank = np.zeros((8, 8, 3), np.float32), np.zeros((8, 8), np.float32), None
    pyramid = LayoutPyramid(Laid(*blank, shifts), [layer], Tuning())
    targets = np.array([(8, col) for col in range(6, 12)], np.int32)
    led, sources = pyramid.led(0, targets, np.ones((16, 16), np.uint8))
    assert led.tolist() == list(range(6))
    moved = sources[:, 1] - targets[:, 1]
    exact = 2 * (-((targets[:, 1] + 0.5) / 2 - 0.5) / 4 - 2)
    assert np.abs(moved[:3] - exact[:3]).max() <= 0.5
    assert (moved[-2:] == 4).all()
