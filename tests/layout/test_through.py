"""One line or one arc through both ends of a pair: their own directions waver, what is known of the edge does not."""

from dataclasses import replace

import numpy as np
import pictures
import pytest

from freefill.layout.ends import End
from freefill.layout.joining import curve_between, join
from freefill.layout.sight import see
from freefill.layout.through import through

STEP = np.repeat(np.where(np.arange(9) < 4, 70.0, 40.0)[:, None], 3, 1)
COLS = np.arange(60, 97.0), np.arange(200, 163.0, -1)  # of what is known left and right of the hole, towards it


def ends(row_at, tilts=(0.0, 0.0), rough=0.2):
    """Return both ends of an edge that lies on row_at(col); each heading is turned by a tilt."""
    made = []
    for cols, col, across, tilt in zip(COLS, (101.0, 159.0), (1.0, -1.0), tilts, strict=True):
        path = np.stack((row_at(cols), cols), 1)[::-1]
        slope = (row_at(col + 0.5) - row_at(col - 0.5)) * across + tilt
        heading = np.array((slope, across)) / np.hypot(slope, across)
        profile = STEP if across > 0 else STEP[::-1]
        made.append(End(np.array((row_at(col), col)), heading, 0.0, profile, 30.0, 36.0, rough, path=path))
    return made


def joined(made):
    hole = pictures.blob(axes=(30, 30))
    (line,) = join(made, see(pictures.ground(), hole, ~hole, 320))
    return line


def test_a_straight_edge_is_joined_straight_though_its_ends_point_a_little_aside():
    def straight(cols):
        return 100 + 0.05 * (cols - 130)

    line = joined(ends(straight, tilts=(-0.09, -0.09)))
    assert np.abs(line.curve[:, 0] - straight(line.curve[:, 1])).max() < 0.1
    assert line.one.bend == line.other.bend == 0


def test_an_arc_is_joined_by_that_arc():
    def arc(cols):
        return 60 + (cols - 130) ** 2 / 400

    one, other = through(*ends(arc, tilts=(-0.08, 0.08)))
    curve, _ = curve_between(one, other)
    assert np.abs(curve[:, 0] - arc(curve[:, 1])).max() < 0.2
    # It bends downwards: right of the one's heading, left of the other's.
    assert (one.bend, other.bend) == pytest.approx((-1 / 200, 1 / 200), rel=0.1)


def test_two_pieces_that_no_line_or_arc_passes_through_keep_their_own_directions():
    def wave(cols):
        return 100 + 4 * np.sin((np.asarray(cols) - 130) / 20)

    one, other = ends(wave)
    assert through(one, other) == (one, other)


def test_what_is_uneven_by_itself_may_leave_the_common_curve_by_as_much():
    def straight(cols):
        return np.full_like(np.asarray(cols, float), 100.0)

    one, other = ends(straight)
    one.path[:, 0] += np.where(np.arange(len(one.path)) % 2, 0.6, -0.6)
    assert through(one, other)[0] is one
    one, other = ends(straight, rough=0.6)
    one.path[:, 0] += np.where(np.arange(len(one.path)) % 2, 0.6, -0.6)
    assert through(one, other)[0] is not one


def test_over_a_short_gap_the_ends_keep_their_own_directions():
    def straight(cols):
        return np.full_like(np.asarray(cols, float), 100.0)

    one, other = ends(straight, tilts=(0.05, 0.05))
    near = replace(other, place=other.place - (0.0, 40.0), path=other.path - (0.0, 40.0))
    assert through(one, near) == (one, near)
    assert through(one, other) != (one, other)
