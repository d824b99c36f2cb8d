"""An edge with one hidden end is carried on straight, where the rim on both sides says so."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.engines import structure
from freefill.engines.texture import Texture
from freefill.layout.ends import End, find_ends
from freefill.layout.extend import extend
from freefill.layout.make import make_layout
from freefill.layout.sides import parted, sides_of
from freefill.layout.sight import see
from freefill.values import Crop, EngineSettings

SKY, BOARD, CAP = (0.35, 0.45, 0.6), (0.8, 0.65, 0.45), (0.1, 0.7, 0.2)
SLOPE = 0.3


def edge(cols):
    """Row of the board's upper edge."""
    return 65 + SLOPE * cols


def board(until=260, cap=True, size=(200, 260)):
    """A board below a slanted edge before the sky, up to a column; a cap hides where the edge leaves the hole."""
    rows, cols = np.indices(size)
    inside = (np.clip(rows - edge(cols) + 0.5, 0, 1) * (cols < until))[..., None]
    image = (1 - inside) * np.array(SKY) + inside * np.array(BOARD)
    if cap:
        disc = cv2.circle(np.zeros(size, np.uint8), (190, int(edge(190))), 20, 1, -1) > 0
        image[disc] = CAP
    return pictures.grained(image)


HOLE = pictures.blob(centre=(105, 130), axes=(42, 45))


def carried(image, hole=HOLE):
    sight = see(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole, 320)
    return extend(find_ends(sight), [], sight)


def test_an_edge_that_ends_behind_something_is_carried_on_to_it():
    (line,) = carried(board())
    assert line.one_ended
    rows, cols = line.curve.T
    assert cols.max() - cols.min() > 70
    assert np.abs(rows - edge(cols)).max() < 1.5


def test_where_the_far_rim_shows_sky_on_both_sides_the_edge_ends_in_the_hole_and_is_left_alone():
    assert not carried(board(until=140, cap=False))


def test_an_edge_whose_line_comes_out_of_the_hole_and_goes_in_again_is_followed_where_it_is_seen_between():
    cols = np.indices(HOLE.shape)[1]
    gap = (cols > 120) & (cols < 132)
    (line, *_) = carried(board(), HOLE & ~gap)
    assert line.curve[:, 1].max() - line.curve[:, 1].min() > 70


def test_a_stripe_that_a_wide_hole_clips_goes_on_though_the_rim_across_is_too_far_to_say():
    cols = np.indices(HOLE.shape)[1]
    image = pictures.grained(np.where(((cols < 60) | (cols > 190))[..., None], BOARD, SKY))
    outline = np.array([(48, 100), (88, 20), (200, 20), (200, 180), (88, 180)])
    hole = cv2.fillPoly(np.zeros(HOLE.shape, np.uint8), [outline], 1) > 0
    sight = see(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole, 320)
    end = End(np.array((124.0, 59.5)), np.array((-1.0, 0.0)), 0.0, np.zeros((9, 3)), 60.0, 40.0, 0.2)
    sides = sides_of(end, sight)
    assert sides is not None
    assert parted(end, 48.0, sides, sight, sight.lab) == pytest.approx(0.55)


def test_nothing_is_carried_on_in_stochastic_ground():
    assert not carried(pictures.ground())


def test_what_is_joined_at_both_ends_is_not_carried_on_as_well():
    hole = pictures.blob()
    made = make_layout(pictures.horizon(), hole, ~hole)
    assert made.lines
    assert not any(line.one_ended for line in made.lines)


def test_below_the_edge_the_hole_expects_the_board_and_above_it_the_sky():
    image = np.where(HOLE[..., None], 0, board()).astype(np.float32)
    made = make_layout(image, HOLE, ~HOLE)
    wanted = cv2.cvtColor(np.array([[SKY, BOARD]], np.float32), cv2.COLOR_RGB2LAB)[0]
    for row, colour in ((85, wanted[0]), (122, wanted[1])):
        assert 0.02 < made.confidence[row, 130] < 0.2
        assert np.linalg.norm(made.drawn[row, 130] - colour) < 6


def test_the_fill_closes_the_board_and_the_note_says_where_from():
    image = board()
    crop = Crop(np.where(HOLE[..., None], 0, image).astype(np.float32), HOLE, structure="auto")
    fill = Texture(EngineSettings()).fill(crop, 0)
    rows, cols = np.indices(HOLE.shape)
    near = HOLE & (cols < 160)  # beyond lies the cap's outline
    for side, colour in ((rows < edge(cols) - 2, SKY), (rows > edge(cols) + 2, BOARD)):
        # Without: 0.965 below the edge.
        assert (np.abs(fill.pixels - colour).max(2)[near & side] < 0.15).mean() > 0.99
    assert any("1 line continued into the hole from one side" in note for note in fill.notes)


def test_where_lines_are_only_carried_on_a_labelling_must_lie_near_the_fill_without_it(monkeypatch):
    monkeypatch.setattr(structure, "THICK_ALONE_SHARE", 0.5)
    monkeypatch.setattr(structure, "LITTLE_APART", -1.0)
    for image, said in ((board(), True), (pictures.horizon(), False)):
        crop = Crop(np.where(HOLE[..., None], 0, image).astype(np.float32), HOLE, structure="auto")
        notes: list[str] = []
        structure.layout_for(crop, 0, notes)
        assert any("differ too much" in note for note in notes) == said
