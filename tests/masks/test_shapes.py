"""Shapes by numbers: px and percent, each of what it is a share of; what lies outside is cut, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.masks.shapes import draw_shapes
from freefill.request import Shape
from freefill.values import Box

SIZE = (40, 100)


def drawn(*texts: str) -> np.ndarray:
    return draw_shapes([Shape.parse(text) for text in texts], SIZE)


def box(*texts: str) -> Box | None:
    return Box.around(drawn(*texts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("box:10,20,30,5", Box(20, 10, 5, 30)),
        ("box:10%,50%,30%,25%", Box(20, 10, 10, 30)),  # x and width of 100, y and height of 40
        ("box:-5,-5,10,10", Box(0, 0, 5, 5)),
        ("box:95,35,10,10", Box(35, 95, 5, 5)),
        ("box:9.6,0,1,1", Box(0, 10, 1, 1)),
    ],
)
def test_a_box_is_a_box(text: str, expected: Box):
    assert box(text) == expected
    assert int(drawn(text).sum()) == expected.area


def test_a_circle_lies_around_its_centre_and_percent_of_its_radius_is_of_the_shorter_side():
    hole = drawn("circle:50,20,10")
    assert Box.around(hole) == Box(10, 40, 20, 20)
    assert np.array_equal(hole[:, :100], hole[::-1])
    assert abs(hole.sum() - np.pi * 100) < 10
    assert np.array_equal(drawn("circle:50%,50%,25%"), hole)


def test_a_line_is_as_wide_as_it_says_and_percent_of_its_width_is_of_the_shorter_side():
    hole = drawn("line:20,20,80,20,4")
    assert hole[:, 50].sum() == 4
    assert np.flatnonzero(hole[:, 50]).tolist() == [18, 19, 20, 21]
    assert np.array_equal(drawn("line:20%,50%,80%,50%,10%"), hole)


def test_a_polygon_covers_what_its_corners_enclose():
    assert box("polygon:10,10,30,10,30,30,10,30") == Box(10, 10, 20, 20)
    assert np.array_equal(drawn("polygon:10%,25%,30%,25%,30%,75%,10%,75%"), drawn("polygon:10,10,30,10,30,30,10,30"))
    half = drawn("polygon:0,0,100,0,0,40")
    assert abs(half.mean() - 0.5) < 0.02
    assert half[0, 0]
    assert not half[-1, -1]


def test_shapes_are_put_together():
    assert np.array_equal(drawn("box:1,1,5,5", "circle:50,20,10"), drawn("box:1,1,5,5") | drawn("circle:50,20,10"))
    assert not draw_shapes([], SIZE).any()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("box:100,0,5,5", "box 100,0,5,5"),
        ("box:-5,0,5,5", "box -5,0,5,5"),
        ("box:0,-9,5,9", "box 0,-9,5,9"),
        ("circle:500%,20,3", "circle 500%,20,3"),
        ("line:0,60,99,60,2", "line 0,60,99,60,2"),
    ],
)
def test_a_shape_that_lies_outside_is_meant_for_another_picture(text: str, named: str):
    with pytest.raises(InputError, match=f"{named}: lies outside the picture, which is 100x40 px"):
        drawn("box:1,1,2,2", text)
