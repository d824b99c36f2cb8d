"""Arrays and Pillow images in, the same kind out."""

from __future__ import annotations

import numpy as np
import picture_files as files
import pytest
from PIL import Image

from freefill.errors import InputError
from freefill.images.arrays import from_array, to_array


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
        (np.zeros((4, 4), np.int32), "int32"),
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
