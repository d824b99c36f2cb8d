"""Text: rows from a tiny network, glyphs from their contrast."""

import cv2
import numpy as np
import pytest

from freefill.detectors.glyphs import glyphs_in_row
from freefill.detectors.text import TextSettings, detect, find_rows
from freefill.errors import InputError, WeightsError


def written(colour=(1.0, 1.0, 1.0), ground=0.35, noise=0.02, size=(200, 300), words="Hell 13", angle=0.0):
    """A picture with text, and the text's pixels."""
    rng = np.random.default_rng(0)
    image = np.clip(ground + noise * rng.standard_normal((*size, 3)), 0, 1).astype(np.float32)
    ink = np.zeros(size, np.uint8)
    cv2.putText(ink, words, (30, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 5, cv2.LINE_AA)
    if angle:
        turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), angle, 0.8)
        ink = cv2.warpAffine(ink, turn, (size[1], size[0]))
    share = (ink / 255.0)[..., None].astype(np.float32)
    return (image * (1 - share) + np.array(colour, np.float32) * share).astype(np.float32), ink > 20


def row_of(text, grow=12):
    """The row around the text's pixels: corners and height."""
    rows, cols = np.flatnonzero(text.any(axis=1)), np.flatnonzero(text.any(axis=0))
    top, bottom, left, right = rows[0] - grow, rows[-1] + grow, cols[0] - grow, cols[-1] + grow
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return corners, float(bottom - top)


@pytest.mark.parametrize(
    ("colour", "ground"),
    [((1, 1, 1), 0.35), ((0, 0, 0), 0.7), ((0.9, 0.1, 0.1), 0.45), ((0.2, 0.2, 0.9), 0.4), ((0.45, 0.45, 0.45), 0.35)],
    ids=["white", "black", "red", "blue", "faint"],
)
def test_the_strokes_are_covered_and_the_row_is_not(colour, ground):
    image, text = written(colour, ground, noise=0.01)
    corners, height = row_of(text)
    hole = np.zeros(text.shape, bool)
    assert glyphs_in_row(image, corners, height, 0.04, hole)
    assert (hole & text).sum() > 0.98 * text.sum()
    row = (corners[2] - corners[0]).prod()
    assert hole.sum() < 0.55 * row


def test_an_outline_of_the_other_brightness_is_taken_along():
    image, text = written(ground=0.5, noise=0.01)
    ring = cv2.dilate(text.view(np.uint8), np.ones((7, 7), np.uint8)).astype(bool) & ~text
    image[ring] = 0.02
    corners, height = row_of(text, grow=16)
    hole = np.zeros(text.shape, bool)
    glyphs_in_row(image, corners, height, 0.02, hole)
    assert (hole & ring).sum() > 0.97 * ring.sum()


def test_a_row_without_strokes_is_masked_whole():
    image = np.full((60, 200, 3), 0.5, np.float32)
    corners = np.array([[20, 20], [180, 20], [180, 40], [20, 40]], np.float32)
    hole = np.zeros((60, 200), bool)
    assert not glyphs_in_row(image, corners, 20, 0.04, hole)
    assert hole[30, 100]
    assert hole.sum() == pytest.approx(161 * 21, rel=0.02)


def test_rows_are_found_and_masked(models):
    image, text = written(ground=0.2)
    hole = detect(image)
    assert (hole & text).sum() > 0.95 * text.sum()
    assert hole.sum() < 0.4 * hole.size


def test_boxes_hold_the_glyphs(models):
    image, text = written(ground=0.2)
    boxes = detect(image, TextSettings(shape="boxes"))
    assert (boxes & text).sum() > 0.99 * text.sum()
    assert boxes.sum() > detect(image).sum()


def test_turned_text_has_a_turned_row(models):
    image, text = written(ground=0.2, angle=18)
    hole = detect(image)
    assert (hole & text).sum() > 0.95 * text.sum()
    assert hole.sum() < 0.45 * hole.size


def test_the_sensitive_network_is_asked_where_it_is_wanted(models):
    (models / "text-sensitive.onnx").unlink()
    with pytest.raises(WeightsError, match="fetch text-sensitive"):
        detect(written()[0], TextSettings(sensitive=True))


def test_a_picture_without_text_gives_an_empty_mask(models):
    assert not detect(np.full((64, 64, 3), 0.3, np.float32)).any()


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3)])
def test_any_size_gives_a_mask_of_that_size(models, size):
    assert detect(np.full((*size, 3), 0.99, np.float32)).shape == size


def test_the_surest_row_comes_first(models):
    rows = find_rows(written(ground=0.2)[0])
    scores = [row.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert rows[0].height_px > 20


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="thresholds"):
        TextSettings(least=0)
