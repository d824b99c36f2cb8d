"""Whether and how a layout steers the texture engine, and what the user is told of it."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.engines import structure
from freefill.engines.painting import Painted
from freefill.engines.texture import Texture
from freefill.layout.make import make_layout
from freefill.values import Crop, EngineSettings


def filled(image, hole, structure):
    crop = Crop(np.where(hole[..., None], 0, image).astype(np.float32), hole, structure=structure)
    return Texture(EngineSettings()).fill(crop, 0)


@pytest.mark.parametrize(
    ("images", "most"),
    [
        ([pictures.horizon()], 0.001),
        # By the slant it falls now so, now so between pixels; in the mean.
        ([pictures.pole(slant) for slant in (0.35, 0.38, 0.41, 0.44)], 0.008),
        ([pictures.stem()], 0.02),
    ],  # without a layout: 0.012, 0.074, 0.078; with ends that keep their own directions: 0.002, 0.013, 0.038
    ids=["horizon", "poles", "stem"],
)
def test_what_crosses_the_hole_goes_on_in_the_fill(images, most):
    hole = pictures.blob(axes=(40, 30))
    wrong = []
    for image in images:
        fill = filled(image, hole, "auto")
        wrong.append((np.abs(fill.pixels - image).max(2)[hole] > 0.12).mean())
        assert any("joined across the hole" in note for note in fill.notes)
    assert np.mean(wrong) < most


@pytest.mark.parametrize(("axes", "said"), [((12, 30), 1), ((5, 30), 0)], ids=["a thing", "a scratch"])
def test_where_nothing_crosses_auto_fills_as_without_a_layout_and_says_so_of_all_but_scratches(axes, said):
    image, hole = pictures.ground(), pictures.blob(axes=axes)
    auto, never = filled(image, hole, "auto"), filled(image, hole, "never")
    assert np.array_equal(auto.pixels, never.pixels)
    assert len(auto.notes) == said
    assert all(note.endswith("filled by texture alone") for note in auto.notes)
    assert never.notes == ()


def test_one_ground_all_around_is_not_laid_out_but_its_lines_are_joined():
    image = pictures.grained(np.full((200, 260, 3), 0.6))
    image[:, 128:132] -= 0.1  # a joint
    notes = filled(image, pictures.blob(), "auto").notes
    assert len(notes) == 1
    assert notes[0].endswith("the rest by texture alone: everything around it looks alike")


def test_what_will_not_be_followed_is_not_chosen(monkeypatch):
    def refuse(*_):
        raise AssertionError("shifts were chosen")

    monkeypatch.setattr("freefill.layout.make.label", refuse)
    image = pictures.grained(np.full((200, 260, 3), 0.6))
    image[:, 128:132] -= 0.1
    assert len(filled(image, pictures.blob(), "auto").notes) == 1
    with pytest.raises(AssertionError, match="shifts were chosen"):
        filled(image, pictures.blob(), "layout")


def test_asked_for_a_layout_is_made_in_any_case():
    image, hole = pictures.ground(), pictures.blob(axes=(12, 30))
    asked = filled(image, hole, "layout")
    assert not np.array_equal(asked.pixels, filled(image, hole, "never").pixels)
    assert any(
        "no line crosses the hole" in note and "planned in a small, rough version" in note for note in asked.notes
    )


def test_where_there_is_little_to_copy_no_layout_is_claimed():
    image = pictures.horizon(8, 9, (24, 24))
    hole = np.ones((24, 24), bool)
    hole[:3] = hole[-3:] = False
    assert filled(image, hole, "layout").notes == ("little to copy from: the hole was filled smoothly",)


def test_the_same_fill_twice():
    hole = pictures.blob()
    one, other = (filled(pictures.pole(), hole, "auto") for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)


def test_regular_ground_is_continued_before_anything_is_laid_out():
    rows, cols = np.indices((150, 200))
    image = np.repeat(np.where((rows // 3 + cols // 3) % 2 == 0, 0.2, 0.8)[..., None], 3, 2).astype(np.float32)
    hole = pictures.blob((150, 200), axes=(40, 30))
    fill = filled(image, hole, "layout")
    assert not any("structure" in note for note in fill.notes)
    assert np.array_equal(fill.pixels, image)


def test_a_hole_of_half_the_picture_is_not_laid_out():
    image, hole = pictures.horizon(), pictures.blob(axes=(80, 95))
    assert hole.mean() > 0.4
    assert any(note.endswith("too little is known around it") for note in filled(image, hole, "auto").notes)
    assert any("planned in a small, rough version" in note for note in filled(image, hole, "layout").notes)


def test_a_labelling_that_would_copy_things_is_not_followed_and_the_note_says_why(monkeypatch):
    image, hole = pictures.ground(), pictures.blob(axes=(45, 35))
    monkeypatch.setattr(structure, "MOST_FIGURE", -1.0)
    auto, never = filled(image, hole, "auto"), filled(image, hole, "never")
    assert np.array_equal(auto.pixels, never.pixels)
    assert any(note.endswith("a layout would show things twice; filled by texture alone") for note in auto.notes)


def half_hidden():
    """Dark ground below a light sky that only narrow strips show, and a hole of more than half of the picture."""
    image = pictures.grained(np.full((160, 200, 3), 0.75))
    image[90:] = pictures.grained(np.full((70, 200, 3), 0.25))
    hole = np.zeros((160, 200), bool)
    hole[20:150, 12:] = True
    return image.astype(np.float32), hole


def painter(calls, error=0.01):
    """A network that says, at 64 px: the right of it is dark from top to bottom."""

    def paint(crop):
        calls.append(crop)
        values = np.full((51, 64, 3), 0.75, np.float32)
        values[:, 36:] = 0.25
        hole = cv2.resize(crop.hole.astype(np.float32), (64, 51), interpolation=cv2.INTER_AREA) >= 0.5
        return Painted(values, np.where(hole, error, 0).astype(np.float32))

    return paint


def test_where_too_little_is_known_a_network_is_asked_and_followed_as_far_as_it_is_sure(monkeypatch):
    image, hole = half_hidden()
    dark, calls = {}, []
    for name, error in (("sure", 0.01), ("unsure", 10.0)):
        monkeypatch.setattr(structure, "painted_for", painter(calls, error))
        fill = filled(image, hole, "network")
        assert any("a small network said roughly what belongs there" in note for note in fill.notes)
        dark[name] = (fill.pixels[25:80, 130:190].mean(2) < 0.5).mean()
    assert len(calls) == 2
    assert dark["sure"] > 0.7
    assert dark["unsure"] < 0.3


@pytest.mark.parametrize("asked", ["never", "auto", "layout"])
def test_no_network_paints_unless_it_is_asked_for(monkeypatch, asked):
    image, hole = half_hidden()
    calls = []
    monkeypatch.setattr(structure, "painted_for", painter(calls))
    filled(image, hole, asked)
    assert calls == []


def test_without_the_network_a_large_hole_is_filled_as_before(monkeypatch):
    image, hole = half_hidden()
    monkeypatch.setattr(structure, "painted_for", lambda crop: None)
    assert not any("roughly what belongs" in note for note in filled(image, hole, "network").notes)


@pytest.mark.parametrize(("thick", "longest"), [(26, 640), (60, 320)])
def test_lines_across_a_thin_hole_are_looked_for_at_twice_the_size(thick, longest):
    image = pictures.horizon(size=(400, 640), row_left=150.0, row_right=250.0)
    hole = np.zeros((400, 640), bool)
    hole[50:350, 300 : 300 + thick] = True
    made = make_layout(np.where(hole[..., None], np.float32(0), image), hole, ~hole)
    assert max(made.confidence.shape) == longest
    line = made.lines[0]
    middle = line.curve[len(line.curve) // 2] * 640 / longest
    assert middle[0] == pytest.approx(150 + 100 * middle[1] / 640, abs=1.0)
