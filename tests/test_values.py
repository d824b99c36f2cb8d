"""The nouns of the project: what is checked when they are made holds for whoever receives them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freefill.errors import InputError
from freefill.values import (
    PEOPLE_WORDS,
    Box,
    Crop,
    Guide,
    Length,
    Mask,
    Options,
    Picture,
    Plan,
    Pointing,
    Window,
)

boxes = st.builds(Box, st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9))


def shown(box: Box, size: tuple[int, int] = (20, 20)) -> np.ndarray:
    out = np.zeros(size, bool)
    out[box.slices] = True
    return out


# --- boxes -------------------------------------------------------------------------------------------------------


@given(box=boxes)
def test_the_box_around_a_box_is_that_box(box: Box):
    assert Box.around(shown(box)) == box
    assert int(shown(box).sum()) == box.area
    assert (box.bottom, box.right) == (box.top + box.height, box.left + box.width)


def test_around_nothing_is_no_box():
    assert Box.around(np.zeros((3, 4), bool)) is None
    assert Box.around(np.zeros((0, 4), bool)) is None


@given(one=boxes, other=boxes)
def test_two_boxes_overlap_where_a_pixel_lies_in_both_and_are_joined_by_the_least_that_holds_both(one: Box, other: Box):
    assert one.overlaps(other) == other.overlaps(one) == bool((shown(one) & shown(other)).any())
    assert one.joined(other) == other.joined(one) == Box.around(shown(one) | shown(other))


@given(box=boxes, px=st.integers(0, 5))
def test_a_grown_box_has_so_much_more_on_each_side_and_stays_in_the_picture(box: Box, px: int):
    grown = box.grown(px, (20, 20))
    rows, cols = np.mgrid[:20, :20]
    near = (rows >= box.top - px) & (rows < box.bottom + px) & (cols >= box.left - px) & (cols < box.right + px)
    assert np.array_equal(shown(grown), near)


def test_a_moved_box_keeps_its_size():
    assert Box(1, 2, 3, 4).moved(10, -2) == Box(11, 0, 3, 4)


# --- pictures and masks ------------------------------------------------------------------------------------------


def rgb(dtype: Any = np.uint8, value: float = 0) -> np.ndarray:
    return np.full((2, 3, 3), value, dtype)


@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_a_picture_knows_its_size_and_its_white(dtype: Any, full: float):
    picture = Picture(rgb(dtype))
    assert picture.size == (2, 3)
    assert picture.full_scale == full


def test_what_is_handed_over_cannot_be_written_to_and_the_callers_own_still_can():
    pixels, alpha, hole = rgb(), np.zeros((2, 3), np.uint8), np.zeros((2, 3), bool)
    picture, mask = Picture(pixels, alpha), Mask(hole)
    for array in (picture.pixels, picture.alpha, mask.hole):
        assert array is not None
        assert not array.flags.writeable
    assert pixels.flags.writeable
    assert hole.flags.writeable


@pytest.mark.parametrize(
    ("pixels", "why"),
    [
        (np.zeros((2, 3), np.uint8), "must be \\(H, W, 1 or 3\\)"),
        (np.zeros((2, 3, 2), np.uint8), "must be \\(H, W, 1 or 3\\)"),
        (np.zeros((2, 3, 4), np.uint8), "must be \\(H, W, 1 or 3\\)"),
        (np.zeros((2, 3, 3), np.int16), "not \\(2, 3, 3\\) of int16"),
        (np.zeros((0, 3, 3), np.uint8), "is empty \\(3x0\\)"),
        (np.zeros((2, 0, 3), np.uint8), "is empty \\(0x2\\)"),
        (rgb(np.float32, 1.001), "within \\[0, 1\\]"),
        (rgb(np.float32, -0.001), "within \\[0, 1\\]"),
        (rgb(np.float32, np.nan), "finite"),
    ],
)
def test_pixels_that_are_no_picture_are_refused_by_the_name_of_their_file(pixels: np.ndarray, why: str):
    with pytest.raises(InputError, match=f"x.png: .*{why}"):
        Picture(pixels, source="x.png")


@pytest.mark.parametrize("alpha", [np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.uint16)])
def test_alpha_has_the_size_and_the_depth_of_the_picture(alpha: np.ndarray):
    with pytest.raises(InputError, match=r"alpha must be \(2, 3\) of uint8"):
        Picture(rgb(), alpha)


def test_a_picture_and_a_mask_say_what_they_are_in_one_line():
    assert repr(Picture(rgb())) == "<freefill.Picture 3x2, 3 channels of uint8, from picture>"
    assert repr(Picture(rgb()[..., :1])) == "<freefill.Picture 3x2, 1 channel of uint8, from picture>"
    assert repr(Picture(rgb()[..., :1], rgb()[..., 0])).startswith("<freefill.Picture 3x2, 2 channels")
    hole = np.array([[True, False, False, False]])
    assert repr(Mask(hole, "m.png")) == "<freefill.Mask 4x1, 25.0% hole, from m.png>"


def test_a_mask_may_be_empty_or_of_no_size_but_is_bool_of_two_dimensions():
    assert Mask(np.zeros((2, 3), bool)).share == 0
    assert Mask(np.zeros((0, 3), bool)).share == 0
    for hole in (np.zeros((2, 3), np.uint8), np.zeros((2, 3, 1), bool)):
        with pytest.raises(InputError, match="a hole must be \\(H, W\\) bool"):
            Mask(hole)  # type: ignore[arg-type]


# --- lengths and options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12", Length(12)),
        ("12px", Length(12)),
        ("-3.5px", Length(-3.5)),
        ("5%", Length(5, "%")),
        (7, Length(7)),
        (np.float32(0.5), Length(0.5)),
        (Length(3, "%"), Length(3, "%")),
    ],
)
def test_a_length_is_taken_in_any_of_its_forms(given: Any, expected: Length):
    assert Length.of(given) == expected


@pytest.mark.parametrize("given", ["", "px", "%", "12 cm", "nan", "inf%", True, None, [1]])
def test_what_is_no_length_is_refused(given: Any):
    with pytest.raises(InputError, match="length"):
        Length.of(given)


def test_percent_is_of_the_object():
    assert Length(5, "%").in_px(200) == 10
    assert Length(5).in_px(200) == 5
    assert Length().in_px(200) == 0


@pytest.mark.parametrize(("text", "px"), [("1e300", 1e9), ("-1e300px", -1e9), ("1e308%", 1e9), ("1e9", 1e9)])
def test_a_length_beyond_every_picture_stays_a_number_of_pixels(text: str, px: float):
    assert Length.parse(text).in_px(1000.0) == px


def test_options_take_lengths_as_texts_and_numbers():
    options = Options(grow="3%", feather=4)  # type: ignore[arg-type]
    assert (options.grow, options.feather) == (Length(3, "%"), Length(4))
    assert Options(grow=-8).grow == Length(-8)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"feather": -1}, "feather must not be negative: -1px"),
        ({"seed": -1}, "seed must be a whole number from 0 to 2147483647, not -1"),
        ({"seed": 2**31}, "seed must be"),
        ({"seed": 1.0}, "seed must be"),
        ({"max_memory_bytes": (64 << 20) - 1}, "--max-memory must be at least 64MB"),
        ({"max_memory_bytes": 1e9}, "--max-memory must be"),
    ],
)
def test_options_out_of_range_are_refused(wishes: dict[str, Any], why: str):
    with pytest.raises(InputError, match=why):
        Options(**wishes)


def test_options_at_the_end_of_their_range_are_taken():
    assert Options(seed=2**31 - 1, max_memory_bytes=64 << 20).seed == 2**31 - 1
    assert Options(seed=np.int64(5)).seed == 5  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "small", "kept"),
    [
        ("people", None, None),
        ("small people", "small ", None),
        ("people but the main one", None, "the main one"),
        ("people but 12", None, "12"),
    ],
)
def test_persons_are_named_by_words(word: str, small: str | None, kept: str | None):
    found = PEOPLE_WORDS.fullmatch(word)
    assert found is not None
    assert (found["small"], found["kept"]) == (small, kept)


@pytest.mark.parametrize("word", ["person", "people but 0", "people but 1000", "people but", "People", "people "])
def test_other_words_name_nobody(word: str):
    assert PEOPLE_WORDS.fullmatch(word) is None


# --- crops, guides, plans ----------------------------------------------------------------------------------------


def crop(**changes: Any) -> Crop:
    hole = np.array([[True, False, False], [False, False, False]])
    arguments: dict[str, Any] = {"image": rgb(np.float32), "hole": hole, **changes}
    return Crop(**arguments)


def test_an_engine_cannot_write_into_what_it_gets():
    given = crop(source=np.ones((2, 3), bool))
    for array in (given.image, given.hole, given.source):
        assert array is not None
        assert not array.flags.writeable


def test_what_may_be_copied_never_lies_in_the_hole():
    everything = np.ones((2, 3), bool)
    assert np.array_equal(crop().known, ~crop().hole)
    assert np.array_equal(crop(source=everything).known, ~crop().hole)
    some = np.zeros((2, 3), bool)
    some[0, :2] = True
    assert crop(source=some).known.tolist() == [[False, True, False], [False, False, False]]
    assert some[0, 0]  # the caller's own


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"image": rgb()}, "a crop's image must be \\(h, w, 3\\) float32"),
        ({"image": rgb(np.float64)}, "a crop's image must be"),
        ({"image": rgb(np.float32)[..., :1]}, "a crop's image must be"),
        ({"hole": np.zeros((3, 2), bool)}, "a crop's hole must be \\(2, 3\\) bool"),
        ({"hole": np.zeros((2, 3), np.uint8)}, "a crop's hole must be"),
        ({"source": np.zeros((3, 2), bool)}, "a crop's source must be \\(2, 3\\) bool"),
        ({"source": np.zeros((2, 3), np.uint8)}, "a crop's source must be"),
    ],
)
def test_a_crop_of_other_arrays_is_refused(changes: dict[str, Any], why: str):
    with pytest.raises(InputError, match=why):
        crop(**changes)


def test_a_guide_is_made_of_numbers_and_weighs_between_nothing_and_all():
    values = np.zeros((2, 3, 1), np.float32)
    for weight in (0.0, 1.0):
        assert not Guide("sketch", values, weight).values.flags.writeable
    for wrong in (values[..., 0], values.astype(np.float64)):
        with pytest.raises(InputError, match="guide 'sketch': values must be \\(h, w, K\\) float32"):
            Guide("sketch", wrong)  # type: ignore[arg-type]
    for weight in (-0.1, 1.1, np.nan):
        with pytest.raises(InputError, match="is not within 0 to 1"):
            Guide("sketch", values, weight)
    Guide("sketch", values, confidence=np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match="confidence must be \\(2, 3\\)"):
        Guide("sketch", values, confidence=np.zeros((3, 2), np.float32))


def test_what_a_network_points_at_has_a_row_for_each_cell_of_the_hole():
    cells = np.array([[-1, 0], [1, -1]], np.int32)
    costs, apart = np.zeros((2, 4), np.float32), np.zeros(2, np.float32)
    assert not Pointing(cells, costs, apart, (8, 8)).costs.flags.writeable
    for wrong in ((costs[:1], apart), (costs[:, :3], apart), (costs, apart[:1])):
        with pytest.raises(InputError, match="2 cells of a hole need as many rows of 4 costs"):
            Pointing(cells, *wrong, (8, 8))


def test_a_plan_becomes_plain_json():
    box = Box(1, 2, 3, 4)
    plan = Plan((5, 6), "telea", (Window(box, box, detail=(Window(box, box),)),), 0, 12)
    told = json.loads(json.dumps(plan.to_json()))
    assert told["windows"][0]["box"] == {"top": 1, "left": 2, "height": 3, "width": 4}
    assert told["windows"][0]["detail"][0]["scale"] == 1.0
    assert (told["engine"], told["hole_px"], told["size"]) == ("telea", 12, [5, 6])


def test_values_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Box(1, 2, 3, 4).top = 5  # type: ignore[misc]
