"""Lettering over a facade: a thin hole among many edges is laid out finely, and filled by what is chosen."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.engines import structure
from freefill.layout.make import make_layout
from freefill.synthesis.laid import Laid
from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tuning import Tuning
from freefill.values import Crop

SIZE = 200, 420


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    """A drawn facade of this size has not so many edges as a photograph's."""
    monkeypatch.setattr("freefill.layout.make.BUSY", 20)


def facade(size=SIZE):
    """Two storeys of the same boards and gaps, none of one width."""
    rng = np.random.default_rng(3)
    light = np.repeat(rng.uniform(0.25, 0.9, size[1] // 8 + 1), 8)[: size[1]]
    image = np.repeat(np.broadcast_to(light, size)[..., None], 3, 2).copy()
    for top in (30, 110):
        for left in range(10, size[1] - 20, 26):
            image[top : top + 60 : 12, left : left + 14] = rng.uniform(0, 1, 3)
    return pictures.grained(image)


def caption(size=SIZE):
    hole = np.zeros(size, bool)
    hole[126:144, 20:400] = True
    return hole


def laid_out(image, hole):
    return make_layout(np.where(hole[..., None], 0, image).astype(np.float32), hole, ~hole)


def test_a_caption_on_a_facade_is_laid_out_at_its_own_size_though_it_is_thin():
    hole = caption()
    made = laid_out(facade(), hole)
    assert made.busy
    assert made.labelling is not None
    assert made.sight.size == SIZE
    assert structure.unasked(made, hole, 18.0) == ""


@pytest.mark.parametrize(
    ("image", "hole"),
    [(pictures.pole(), pictures.blob(axes=(5, 40))), (facade(), pictures.blob(SIZE, (100, 200), (60, 60)))],
    ids=["one line", "a thick hole"],
)
def test_elsewhere_holes_are_laid_out_as_before(image, hole):
    made = laid_out(image, hole)
    assert not made.busy
    assert max(made.sight.size) <= 192


def test_what_was_chosen_is_what_is_copied():
    hole = caption()
    made = laid_out(facade(), hole)
    along = structure.composed(made, labelled=True).along
    assert np.isfinite(along[hole]).all()
    assert made.labelling is not None
    rows, cols = made.labelling.pixels.T
    lines = np.isfinite(made.along[rows, cols, 0])
    assert np.array_equal(along[rows, cols][~lines], (made.labelling.copied - made.labelling.pixels)[~lines])


def test_a_picture_that_was_reduced_is_only_guided():
    large = cv2.resize(facade(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    hole = cv2.resize(caption().astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) > 0
    made = laid_out(np.clip(large, 0, 1), hole)
    assert made.busy
    laid = structure.composed(made, labelled=True)
    assert np.array_equal(laid.along, made.along, equal_nan=True)
    assert np.median(laid.confidence[cv2.erode(made.confidence * 0 + 1, np.ones((3, 3))) > 0]) > structure.WEAK


def test_the_note_says_that_the_hole_was_planned():
    notes: list[str] = []
    image, hole = facade(), caption()
    crop = Crop(np.where(hole[..., None], 0, image).astype(np.float32), hole, structure="auto")
    assert structure.layout_for(crop, 0, notes) is not None
    assert not any("texture alone" in note for note in notes)


def test_where_the_search_starts_at_full_size_it_keeps_to_what_it_was_told():
    image, hole = facade((96, 120)), np.zeros((96, 120), bool)
    hole[40:50, 30:90] = True
    along = np.full((96, 120, 2), np.nan, np.float32)
    along[hole] = (-22, 7)
    laid = Laid(image, np.full((96, 120), 0.5, np.float32), 120, along)
    made = synthesise(image, hole, ~hole, 0, Tuning(), layout=lambda: laid)
    assert made is not None
    assert ((made.copied - made.holes) == (-22, 7)).all(1).mean() > 0.7  # the patches at the rim are free
