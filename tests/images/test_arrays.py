"""Arrays and Pillow images in, the same kind out."""

from __future__ import annotations

import numpy as np
import picture_files as files
import pytest
from PIL import Image

from freefill.errors import InputError
from freefill.images.arrays import from_array, to_array
from freefill.values import Picture


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 2), (5, 4, 3), (5, 4, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.float16, ">u2"])
def test_the_same_numbers_shape_and_type_come_back(shape: tuple[int, ...], dtype: str) -> None:
    numbers = np.random.default_rng(0).random(shape)
    kind = np.dtype(dtype)
    array = (numbers * (np.iinfo(kind).max if kind.kind == "u" else 1)).astype(kind)
    before = array.copy()
    back = to_array(from_array(array), like=array)
    assert isinstance(back, np.ndarray)
    assert back.shape == shape
    assert np.array_equal(back, before)
    assert back.flags.writeable


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3)])
@pytest.mark.parametrize("span", ["levels", "all"])
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u4", "u8", ">i2", ">i4", ">u8"])
def test_whole_numbers_of_any_type_come_back_as_they_were(shape: tuple[int, ...], span: str, dtype: str) -> None:
    kind = np.dtype(dtype)
    info = np.iinfo(kind)
    low, high = (0, min(255, info.max)) if span == "levels" else (info.min, info.max)
    rng = np.random.default_rng(0)
    array = rng.integers(low, high, shape, kind.newbyteorder("="), endpoint=True).astype(kind)
    back = to_array(from_array(array), like=array)
    assert isinstance(back, np.ndarray)
    assert back.dtype == kind
    assert back.shape == shape
    assert np.array_equal(back, array)


def test_whole_numbers_within_0_to_255_are_levels_and_larger_ones_are_shown_from_least_to_greatest() -> None:
    levels = np.array([[0, 7], [200, 255]], np.int64)
    assert from_array(levels).pixels[..., 0].tolist() == levels.tolist()
    heights = np.array([[-500, 0], [1000, 1500]], np.int32)
    assert from_array(heights).pixels[..., 0].tolist() == [[0, 0.25], [0.75, 1]]


def test_levels_that_a_small_type_cannot_hold_are_cut_and_never_wrap() -> None:
    like = np.full((2, 2), 100, np.int8)
    brighter = Picture(np.full((2, 2, 1), 200, np.uint8))
    assert np.asarray(to_array(brighter, like)).tolist() == [[127, 127], [127, 127]]


def test_the_callers_array_is_neither_changed_nor_shared() -> None:
    array = files.pixels(3)
    picture = from_array(array)
    array[:] = 0
    assert picture.pixels.any()
    assert array.flags.writeable


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PT", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_pillow_image_comes_back_in_its_mode(mode: str) -> None:
    image = files.pil(mode)
    back = to_array(from_array(image), like=image)
    assert isinstance(back, Image.Image)
    assert back.mode == image.mode
    assert back.tobytes() == image.tobytes()


def test_a_pillow_image_of_floats_comes_back() -> None:
    image = Image.fromarray(files.pixels(1, np.float32)[:, :, 0])
    back = to_array(from_array(image), like=image)
    assert isinstance(back, Image.Image)
    assert back.tobytes() == image.tobytes()


def test_a_pillow_images_profile_goes_along() -> None:
    image = files.pil("RGB")
    image.info["icc_profile"] = files.srgb_profile()
    picture = from_array(image)
    assert picture.extras.icc == files.srgb_profile()
    back = to_array(picture, like=image)
    assert isinstance(back, Image.Image)
    assert back.info["icc_profile"] == files.srgb_profile()


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.zeros((4, 4), bool), "mask"),
        (np.zeros((4, 4), np.complex64), "complex64"),
        (np.array([[None, 1], [2, 3]], object), "object"),
        (np.full((4, 4, 4), -7, np.int32), "alpha channel beside int32"),
        (np.zeros((4, 4, 5), np.uint8), "1 to 4"),
        (np.zeros((3, 40, 50), np.uint8), "channels last"),
        (np.zeros((0, 4), np.uint8), "empty"),
        (np.full((4, 4), 255.0, np.float32), "scale"),
        (np.full((4, 4), -0.1), "within"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, word: str) -> None:
    with pytest.raises(InputError, match=word):
        from_array(array)
