"""Edges that are seen again between two parts of the hole are joined over them."""

import numpy as np
import pictures
import pytest

from freefill.layout.between import seen_between
from freefill.layout.ends import find_ends
from freefill.layout.joining import join
from freefill.layout.sight import see

SIZE = (200, 260)
MIDDLE, WIDE, HIGH = (150.0, 130.0), 110.0, 100.0  # of a plate seen aslant


def plate(seen=True):
    """A white plate on a dark board; `seen` = its rim goes on between the two parts of the hole."""
    rows, cols = np.indices(SIZE)
    away = (np.hypot((rows - MIDDLE[0]) / HIGH, (cols - MIDDLE[1]) / WIDE) - 1) * HIGH
    inside = np.clip(0.5 - away, 0, 1)
    if not seen:
        inside = np.where(np.abs(cols - 170) < 8, 0, inside)
    return pictures.grained(inside[..., None] * 0.5 + 0.3)


def two_parts():
    """Two blades across the plate's rim, with a narrow gap between."""
    cols = np.indices(SIZE)[1]
    rows = np.indices(SIZE)[0]
    return (rows < 150) & (np.abs(cols - 170) >= 8) & (np.abs(cols - 170) < 28)


def found(image, hole):
    sight = see(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole, 320)
    ends = find_ends(sight)
    # Ends in the gap are too near to the hole to be counted on.
    ends = [end for end in ends if abs(end.place[1] - 170) > 20]
    return ends, sight


def test_a_bent_rim_that_is_seen_between_two_parts_of_the_hole_is_joined_over_both():
    ends, sight = found(plate(), two_parts())
    assert not join(ends, sight)
    (line,) = seen_between(ends, [], sight)
    rows, cols = line.curve.T
    away = (np.hypot((rows - MIDDLE[0]) / HIGH, (cols - MIDDLE[1]) / WIDE) - 1) * HIGH
    assert np.abs(away).max() < 2
    assert cols.max() - cols.min() > 50


def test_where_the_gap_shows_no_rim_nothing_is_joined():
    ends, sight = found(plate(seen=False), two_parts())
    assert not seen_between(ends, [], sight)


@pytest.mark.parametrize("hole", [pictures.blob(), two_parts()], ids=["one hole", "two parts"])
def test_nothing_is_seen_between_in_stochastic_ground(hole):
    ends, sight = found(pictures.ground(), hole)
    assert not seen_between(ends, [], sight)
