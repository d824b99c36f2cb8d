"""Numbers of one depth as numbers of another, pictures turned as EXIF says, inks, and what reading may take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from PIL import Image, ImageOps

from freefill.errors import InputError
from freefill.images.budget import METADATA_BYTES, Budget
from freefill.images.cmyk import filled_inks, inks_of, rgb_of
from freefill.images.depth import change_depth, from_unit, full_scale, to_unit
from freefill.images.orient import turn
from freefill.images.tiff.numbers import TiffNumbers, numbers_of


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_white_is_the_greatest_number_of_a_depth(dtype: Any, most: float):
    assert full_scale(dtype) == most
    assert to_unit(np.array([0, most], dtype)).tolist() == [0, 1]
    assert to_unit(np.array([0, most], dtype)).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_number_comes_back_from_the_unit_scale(dtype: Any):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    assert_array_equal(from_unit(to_unit(every), dtype), every)


def test_what_lies_outside_is_cut_and_what_is_no_number_is_black():
    values = np.array([-3, 0.5 / 255, 1.49 / 255, 1.51 / 255, 7, np.nan, np.inf, -np.inf])
    given = values.copy()
    assert from_unit(values, np.uint8).tolist() == [0, 0, 1, 2, 255, 0, 255, 0]
    assert from_unit(values, np.float32)[[0, 4, 5]].tolist() == [0, 1, 0]
    assert from_unit(values, np.float32).dtype == np.float32
    assert_array_equal(values, given)  # the caller's own array stays as it was


def test_eight_bits_go_to_sixteen_and_back_unchanged():
    every = np.arange(256).astype(np.uint8)
    deep = change_depth(every, np.uint16)
    assert deep[[1, 128, 255]].tolist() == [257, 128 * 257, 65535]
    assert_array_equal(change_depth(deep, np.uint8), every)


def test_sixteen_bits_are_rounded_to_the_nearest_of_eight():
    every = np.arange(65536).astype(np.uint16)
    assert np.abs(change_depth(every, np.uint8) * 257.0 - every).max() <= 128
    assert change_depth(every, np.uint8).dtype == np.uint8


def test_depths_of_floats_are_those_of_whole_numbers():
    assert change_depth(np.array([0, 51, 255], np.uint8), np.float32).tolist() == [0, np.float32(0.2), 1]
    assert change_depth(np.array([-1, 0.2, 0.5, 2]), np.uint8).tolist() == [0, 51, 128, 255]
    assert change_depth(np.array([0.25], np.float64), np.float32).dtype == np.float32
    swapped = np.array([1, 2], ">u2")
    assert change_depth(swapped, np.uint16).dtype == np.uint16
    assert change_depth(swapped, np.uint16).tolist() == [1, 2]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)])
def test_a_picture_is_turned_as_pillow_turns_it(orientation: int, shape: tuple[int, ...]):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    image = Image.fromarray(array)
    image.getexif()[0x0112] = orientation
    assert_array_equal(turn(array, orientation), np.asarray(ImageOps.exif_transpose(image)))
    assert turn(array, orientation).flags.c_contiguous


@pytest.mark.parametrize("orientation", [-1, 0, 1, 9])
def test_other_orientations_give_the_array_itself(orientation: int):
    array = np.zeros((2, 3))
    assert turn(array, orientation) is array


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20))
def test_inks_without_a_profile_show_the_colour_within_one_level(colours: list[tuple[int, int, int]]):
    wanted = np.array(colours, np.uint8)
    shown = rgb_of(inks_of(wanted, None)[None], None)[0]
    assert np.abs(shown.astype(int) - wanted).max() <= 1


@given(st.integers(0, 255))
def test_grey_is_printed_in_black_alone(level: int):
    assert inks_of(np.full((1, 3), level, np.uint8), None).tolist() == [[0, 0, 0, 255 - level]]


def test_inks_take_away_light():
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [128, 0, 255, 51]]], np.uint8)
    assert rgb_of(inks, None).tolist() == [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [102, 204, 0]]]


def test_a_wide_picture_of_inks_is_turned_band_by_band(monkeypatch: pytest.MonkeyPatch):
    inks = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    whole = rgb_of(inks, None)
    new = whole.copy()
    new[2:6, 1:3] = (10, 200, 30)
    expected = filled_inks(inks, new, None)
    monkeypatch.setattr("freefill.images.cmyk._BAND_PX", 12)  # two rows at a time, and one left over
    assert_array_equal(rgb_of(inks, None), whole)
    assert_array_equal(filled_inks(inks, new, None), expected)
    monkeypatch.setattr("freefill.images.cmyk._BAND_PX", 1)  # less than a row: one at a time
    assert_array_equal(rgb_of(inks, None), whole)


def test_inks_change_where_the_picture_did_and_nowhere_else():
    inks = np.random.default_rng(1).integers(0, 256, (4, 6, 4), dtype=np.uint8)
    inks[..., :3] |= 8  # several inks give one colour: the file's own must stay
    pixels = rgb_of(inks, None)
    given = inks.copy()
    assert_array_equal(filled_inks(inks, pixels, None), inks)
    pixels[1, 2] = (10, 200, 30)
    changed = filled_inks(inks, pixels, None)
    assert_array_equal(inks, given)
    assert changed[1, 2].tolist() == inks_of(np.array([[10, 200, 30]], np.uint8), None)[0].tolist()
    changed[1, 2] = inks[1, 2]
    assert_array_equal(changed, inks)


def test_an_allowance_is_spent_to_the_last_byte_and_no_further():
    budget = Budget(10)
    assert budget.take(4)
    assert budget.left == 6
    assert budget.take(6)
    assert not budget.take(1)
    assert budget.take(0)


def test_what_does_not_fit_spends_the_rest():
    budget = Budget(10)
    assert not budget.take(11)
    assert not budget.take(1)
    assert Budget().left == METADATA_BYTES == 64 * 1024 * 1024


def numbers(values: Any, dtype: Any = np.float32) -> NDArray[Any]:
    return np.array(values, dtype)[:, :, None]


def test_floats_within_0_and_1_are_shown_as_they_are():
    native = numbers([[0.2, 0.8]])
    assert numbers_of(native) == TiffNumbers(np.dtype(np.float32), 0, 1)
    assert_array_equal(numbers_of(native).shown(native), native)


def test_whole_numbers_are_shown_from_the_least_to_the_greatest():
    scale = numbers_of(numbers([[-10, 30, 0]], np.int16))
    assert (scale.low, scale.high) == (-10, 30)
    assert scale.shown(numbers([[-10, 30, 0, 99]], np.int16)).ravel().tolist() == [0, 1, 0.25, 1]
    assert scale.shown(numbers([[0]], np.int16)).dtype == np.float64
    assert scale.shown(numbers([[0]], np.float32)).dtype == np.float64
    assert numbers_of(numbers([[0, 1]], np.uint8)) == TiffNumbers(np.dtype(np.uint8), 0, 1)


@pytest.mark.parametrize(("dtype", "shown"), [(np.float16, np.float32), (np.float32, np.float32), (np.float64, float)])
def test_the_depth_that_is_shown_holds_that_of_the_file(dtype: Any, shown: Any):
    native = numbers([[-1.0, 3.0]], dtype)
    assert numbers_of(native).shown(native).dtype == shown


@pytest.mark.parametrize(("value", "high"), [(5.0, 10.0), (-3.0, 0.0), (0.25, 1.0), (-0.25, 0.75)])
def test_a_flat_picture_has_a_scale_all_the_same(value: float, high: float):
    scale = numbers_of(numbers([[value, value]], np.float64))
    assert (scale.low, scale.high) == ((0.0, 1.0) if 0 <= value <= 1 else (value, high))


def test_what_is_no_number_is_left_out_of_the_scale_and_shown_in_the_middle():
    native = numbers([[np.nan, np.inf, 2.0, 6.0, -9999.0]])
    scale = numbers_of(native, nodata=-9999.0)
    assert (scale.low, scale.high) == (2, 6)
    unknown = scale.unknown_in(native)
    assert unknown is not None
    assert unknown.tolist() == [[True, True, False, False, True]]
    assert scale.shown(native).ravel()[:4].tolist() == [0.5, 0.5, 0, 1]
    assert scale.unknown_in(native[:, 2:4]) is None
    assert numbers_of(numbers([[np.nan]])) == TiffNumbers(np.dtype(np.float32), 0, 1)


def test_a_pixel_is_unknown_where_one_float_is_or_all_are_the_number_for_none():
    native = np.array([[[1, np.nan], [-1, -1], [-1, 2]]], np.float32)
    unknown = TiffNumbers(native.dtype, 0, 1, -1).unknown_in(native)
    assert unknown is not None
    assert unknown.tolist() == [[True, True, False]]


def test_floats_that_touch_0_and_1_are_shown_as_they_are_and_others_are_not():
    for within in ([0.0, 0.5], [0.5, 1.0], [0.0, 1.0]):
        assert numbers_of(numbers([within])) == TiffNumbers(np.dtype(np.float32), 0, 1)
    for beyond in ([0.25, 1.5], [-0.5, 0.5]):
        assert numbers_of(numbers([beyond])) == TiffNumbers(np.dtype(np.float32), *beyond)


def test_the_number_for_none_may_lie_at_the_end_of_all_numbers():
    native = numbers([[1.7e308, -1e308, 0.0]], np.float64)
    scale = numbers_of(native, nodata=1.7e308)
    assert scale.shown(native).ravel().tolist() == [0.5, 0, 1]  # and no warning, which is an error here


def test_numbers_that_lie_too_far_apart_are_refused():
    with pytest.raises(InputError, match=r"its numbers run from -1e[+]308 to 1e[+]308, too far apart"):
        numbers_of(numbers([[-1e308, 1e308]], np.float64))


def test_only_what_was_filled_is_stored_anew_and_rounded():
    native = numbers([[-100, 0, 100]], np.int16)
    scale = numbers_of(native)
    pixels = scale.shown(native)
    assert_array_equal(scale.stored(pixels, native, None), native)
    pixels[0, 1] = 0.7531
    assert scale.stored(pixels, native, None).ravel().tolist() == [-100, 51, 100]
    assert native.ravel().tolist() == [-100, 0, 100]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64])
def test_the_greatest_number_of_a_type_is_stored_without_wrapping(dtype: Any):
    info = np.iinfo(dtype)
    native = numbers([[info.min, info.max, info.min]], dtype)
    scale = numbers_of(native)
    pixels = scale.shown(native)
    pixels[0, 2] = 1.0
    assert scale.stored(pixels, native, None)[0, 2, 0] >= info.max // 2
    pixels[0, 2], pixels[0, 1] = 0.0, 0.0
    assert scale.stored(pixels, native, None).ravel().tolist() == [info.min] * 3


def test_what_was_no_number_becomes_one_where_it_was_filled():
    native = numbers([[np.nan, np.nan, 10.0, 20.0]])
    scale = numbers_of(native)
    pixels = scale.shown(native)
    still = np.array([[True, False, False, False]])
    stored = scale.stored(pixels, native, still).ravel()
    assert np.isnan(stored[0])
    assert stored[1:].tolist() == [15, 10, 20]
    assert scale.stored(pixels, native, None).ravel().tolist() == [15, 15, 10, 20]
