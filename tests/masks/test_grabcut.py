"""GrabCut from a box, points and strokes."""

import cv2
import numpy as np
import pytest

from freefill.errors import InputError
from freefill.masks.draw import disc_mask, stroke_mask
from freefill.masks.grabcut import Marks, cut_out, guided
from freefill.values import Box


def scene(size=(120, 160), centre=(60, 80), radius=25, seed=0):
    """A red disc on noisy green, and the disc."""
    rng = np.random.default_rng(seed)
    disc = disc_mask(size, centre, radius)
    image = np.where(disc[..., None], [0.8, 0.2, 0.2], [0.2, 0.6, 0.3]) + 0.04 * rng.standard_normal((*size, 3))
    return np.clip(image, 0, 1).astype(np.float32), disc


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_the_thing_in_the_box_is_cut_out():
    image, disc = scene()
    assert iou(cut_out(image, Marks(box=Box(30, 50, 60, 60))), disc) > 0.97


def test_rounds_end_where_nothing_changes_any_more(monkeypatch):
    image, disc = scene()
    modes = []

    def counted(*args, real=cv2.grabCut):
        modes.append(args[-1])
        return real(*args)

    monkeypatch.setattr(cv2, "grabCut", counted)
    few, many = (cut_out(image, Marks(box=Box(30, 50, 60, 60)), rounds=rounds) for rounds in (5, 60))
    assert modes.count(cv2.GC_INIT_WITH_MASK) == 2  # the colour models are kept between rounds
    assert len(modes) < 20
    assert np.array_equal(few, many)
    assert iou(few, disc) > 0.97


def test_nothing_outside_the_box_is_taken():
    image, _ = scene()
    box = Box(40, 60, 30, 30)  # cuts the disc
    hole = cut_out(image, Marks(box=box))
    hole[box.slices] = False
    assert not hole.any()


def test_a_point_on_the_thing_is_enough_where_colours_tell():
    image, disc = scene()
    assert iou(cut_out(image, Marks(points=((60, 80),))), disc) > 0.9


def test_a_point_beside_it_keeps_a_second_thing_out():
    image, disc = scene()
    other = disc_mask((120, 160), (60, 135), 12)
    image[other] = [0.8, 0.2, 0.2]
    strokes = stroke_mask((120, 160), [(45, 80), (75, 80)], 4)
    hole = cut_out(image, Marks(strokes=strokes, box=Box(20, 20, 80, 135), not_points=((60, 135),)), point_px=12)
    assert iou(hole, disc) > 0.9


def test_what_is_marked_is_inside_and_what_is_marked_against_is_not():
    image, _ = scene()
    strokes = stroke_mask((120, 160), [(10, 10), (10, 40)], 3)
    against = stroke_mask((120, 160), [(60, 70), (60, 90)], 3)
    hole = cut_out(image, Marks(strokes=strokes, not_strokes=against))
    assert (hole & strokes).sum() == strokes.sum()
    assert not (hole & against).any()


def test_a_prior_tells_the_thing_where_colours_do_not():
    rng = np.random.default_rng(1)
    image = rng.random((120, 160, 3)).astype(np.float32)
    disc = disc_mask((120, 160), (60, 80), 25)
    prior = disc.astype(np.float32) * 0.9 + 0.05
    box = Box(20, 30, 80, 100)
    alone, led = (cut_out(image, Marks(box=box), prior=each, rounds=1) for each in (None, prior))
    assert iou(led, disc) > iou(alone, disc)


def test_a_prior_that_saw_another_thing_is_not_heeded():
    image, disc = scene()
    prior = disc_mask((120, 160), (40, 60), 6).astype(np.float32)
    marks = Marks(box=Box(30, 50, 60, 60))
    assert np.array_equal(cut_out(image, marks, prior=prior), cut_out(image, marks))
    assert iou(cut_out(image, marks, prior=prior), disc) > 0.97


def test_with_more_marks_than_a_box_a_prior_is_the_start_and_not_the_answer():
    image, disc = scene()
    prior = disc_mask((120, 160), (60, 80), 29).astype(np.float32)
    marks = Marks(box=Box(30, 50, 60, 60), points=((60, 80),))
    hole = cut_out(image, marks, prior=prior)
    assert iou(hole, disc) > iou(prior > 0.5, disc)
    assert not np.array_equal(hole, prior > 0.5)


def test_the_same_marks_give_the_same_mask():
    image, _ = scene(seed=3)
    marks = Marks(box=Box(25, 40, 70, 80))
    assert np.array_equal(cut_out(image, marks), cut_out(image, marks))


def test_a_large_picture_has_a_fine_edge():
    image, disc = scene(size=(1200, 1600), centre=(600, 800), radius=250)
    hole = cut_out(image, Marks(box=Box(300, 500, 600, 600)))
    assert iou(hole, disc) > 0.985


def test_a_box_of_one_colour_gives_an_answer():
    image = np.full((60, 60, 3), 0.5, np.float32)
    assert cut_out(image, Marks(box=Box(0, 0, 60, 60))).shape == (60, 60)


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (Marks(), "nothing is marked"),
        (Marks(not_points=((1, 1),)), "nothing is marked"),
        (Marks(strokes=np.zeros((120, 160), bool)), "nothing is marked"),
        (Marks(strokes=np.zeros((12, 16), bool)), "the strokes are 16x12, the picture 160x120"),
        (Marks(box=Box(0, 0, 500, 10)), "does not lie in the picture of 160x120"),
        (Marks(box=Box(0, 0, 1, 10)), "does not lie in"),
        (Marks(points=((200, 3),)), "point 3,200 lies outside"),
    ],
)
def test_marks_that_cannot_be_meant_are_refused(marks, said):
    with pytest.raises(InputError, match=said):
        cut_out(scene()[0], marks)


def test_a_prior_of_another_size_is_refused():
    with pytest.raises(InputError, match="prior"):
        cut_out(scene()[0], Marks(box=Box(9, 9, 50, 50)), prior=np.zeros((3, 3), np.float32))


def test_the_guided_filter_moves_an_edge_to_the_guides_edge():
    guide = np.zeros((40, 40, 3), np.float32)
    guide[:, 20:] = 1
    values = np.zeros((40, 40), np.float32)
    values[:, 23:] = 1
    better = guided(guide, values, 6)
    assert ((better > 0.5) == (guide[..., 0] > 0.5)).mean() > ((values > 0.5) == (guide[..., 0] > 0.5)).mean()


def test_the_guided_filter_keeps_a_constant():
    rng = np.random.default_rng(0)
    assert guided(rng.random((20, 30, 3)).astype(np.float32), np.full((20, 30), 0.3, np.float32), 4) == pytest.approx(
        0.3, abs=1e-5
    )
