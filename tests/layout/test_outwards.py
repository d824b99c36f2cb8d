"""Level edges go on to the side of the picture where the hole is open there."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.engines import structure
from freefill.layout.ends import find_ends
from freefill.layout.make import make_layout
from freefill.layout.outwards import outwards
from freefill.layout.sight import see

SIZE = 200, 260
ROWS = 80, 104  # of a counter's edges at the picture's left side
SLOPE = -0.1


def counter(upright=False):
    """A dark counter before a light hall; or a pillar, the same turned upright."""
    rows, cols = np.indices(SIZE)
    away = cols - 70.0 if upright else rows - SLOPE * cols
    first, last = (0, ROWS[1] - ROWS[0]) if upright else ROWS
    inside = (np.clip(away - first + 0.5, 0, 1) * np.clip(last - away + 0.5, 0, 1))[..., None]
    return pictures.grained(inside * np.array((0.25, 0.2, 0.15)) + (1 - inside) * np.array((0.7, 0.6, 0.4)))


def visitor(centre=(120, 0)):
    """A hole at the left side of the picture, or elsewhere."""
    return pictures.blob(SIZE, centre, (90, 50))


def carried(image, hole):
    sight = see(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole, 320)
    return outwards(find_ends(sight), [], sight)


def test_a_counter_goes_on_behind_a_visitor_who_stands_at_the_pictures_side():
    lines = carried(counter(), visitor())
    assert len(lines) == 2
    for line in lines:
        assert line.one_ended
        assert line.curve[:, 1].min() < 2
        off = line.curve[:, 0] - SLOPE * line.curve[:, 1]
        assert np.abs(off[:, None] - ROWS).min(1).max() < 1.5


@pytest.mark.parametrize(
    ("image", "hole"),
    [
        (counter(), pictures.blob(SIZE, (120, 130), (60, 50))),
        (counter(upright=True), pictures.blob(SIZE, (199, 70), (90, 60))),
        (pictures.ground(), visitor()),
    ],
    ids=["the hole is closed", "the edge is upright", "no edge"],
)
def test_elsewhere_nothing_is_carried_out_of_the_picture(image, hole):
    assert not carried(image, hole)


def test_an_edge_that_is_joined_already_is_not_carried_out_as_well():
    hole = visitor()
    sight = see(np.where(hole[..., None], 0, counter()).astype(np.float32), hole, ~hole, 320)
    ends = find_ends(sight)
    first, second = outwards(ends, [], sight)
    (rest,) = outwards(ends, [first], sight)
    assert np.array_equal(rest.curve, second.curve)


def test_where_the_hole_is_open_a_labelling_is_believed_more():
    image = counter()
    for hole, believed in ((visitor(), structure.WEAK_OPEN), (pictures.blob(SIZE, (120, 130)), structure.WEAK)):
        made = make_layout(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole)
        assert made.labelling is not None
        laid = structure.composed(made, labelled=True)
        deep = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=1) > 0
        assert np.median(laid.confidence[deep]) == pytest.approx(believed)
