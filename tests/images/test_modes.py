"""Pillow's modes: what a decoder gives is taken apart, and put together as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from freefill.errors import InputError
from freefill.images.modes import Raster, array_of, keyed, picture_of, pil_of, raster_of, with_key
from freefill.values import Extras, Picture

ALL = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "tRNS")
rng = np.random.default_rng(0)
GREY, RGB, RGBA = (rng.integers(0, 256, (6, 9, *more), dtype=np.uint8) for more in ((), (3,), (4,)))


def taken(image: Image.Image) -> Picture:
    return picture_of(raster_of(image, "x"), Extras(), "x")


def palette_image(transparency: Any = None) -> Image.Image:
    image = Image.fromarray((np.arange(54) % 5).reshape(6, 9).astype(np.uint8), "L").convert("P")
    image.putdata(np.arange(54) % 5)
    image.putpalette([10, 0, 0, 0, 20, 0, 0, 0, 30, 40, 40, 40, 50, 0, 50])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY > 127),
        Image.fromarray(GREY),
        Image.fromarray(RGBA[..., :2].copy()),
        Image.fromarray(RGB),
        Image.fromarray(RGBA),
        Image.frombytes("CMYK", (9, 6), RGBA.tobytes()),
        palette_image(),
        palette_image(2),
        palette_image(bytes([255, 128, 0])),
    ],
    ids=lambda image: f"{image.mode}{image.info}",
)
def test_a_picture_goes_back_into_the_mode_that_it_had(image: Image.Image):
    picture = taken(image)
    again = pil_of(picture, ALL)
    assert again.mode == image.mode
    assert picture.extras.mode == image.mode
    assert_array_equal(np.asarray(again), np.asarray(image))
    assert_array_equal(np.asarray(again.convert("RGBA")), np.asarray(image.convert("RGBA")))


def test_a_tall_picture_is_copied_band_by_band():
    tall = rng.integers(0, 256, (601, 3, 3), dtype=np.uint8)
    assert_array_equal(array_of(Image.fromarray(tall)), tall)


def test_sixteen_bits_stay_sixteen():
    deep = rng.integers(0, 65536, (4, 5)).astype(np.uint16)
    raster = raster_of(Image.fromarray(deep), "x")
    assert (raster.mode, raster.pixels.dtype) == ("I;16", np.uint16)
    assert_array_equal(raster.pixels[..., 0], deep)


def test_wide_numbers_are_taken_where_a_picture_holds_them():
    wide = raster_of(Image.fromarray(np.array([[0, 65535]], np.int32)), "x")
    assert (wide.mode, wide.pixels.dtype, wide.pixels.ravel().tolist()) == ("I;16", np.uint16, [0, 65535])
    real = raster_of(Image.fromarray(np.array([[0, 1]], np.float32)), "x")
    assert (real.mode, real.pixels.dtype, real.pixels.ravel().tolist()) == ("F", np.float32, [0, 1])


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.array([[-1, 5]], np.int32), "from -1 to 5, not within 0 to 65535"),
        (np.array([[0, 65536]], np.int32), "from 0 to 65536, not within 0 to 65535"),
        (np.array([[0, 1.5]], np.float32), "from 0 to 1.5, not within 0 to 1"),
        (np.array([[-0.5, 1]], np.float32), "from -0.5 to 1, not within 0 to 1"),
        (np.array([[0, np.nan]], np.float32), "not within 0 to 1"),
    ],
)
def test_wide_numbers_beyond_that_are_refused(array: Any, why: str):
    with pytest.raises(InputError, match=f"x: its 32-bit numbers run .*{why}"):
        raster_of(Image.fromarray(array), "x")


def test_a_mode_that_has_no_place_here_is_refused():
    with pytest.raises(InputError, match="pictures of mode HSV are not read; save it as RGB"):
        raster_of(Image.new("HSV", (2, 2)), "x")


@pytest.mark.parametrize(("mode", "becomes"), [("PA", "RGBA"), ("La", "LA"), ("RGBa", "RGBA"), ("RGBX", "RGB")])
def test_relatives_of_modes_are_taken_for_them(mode: str, becomes: str):
    assert raster_of(Image.new(mode, (2, 2)), "x").mode == becomes


def test_the_colour_that_is_called_transparent_is_and_no_other():
    image = Image.fromarray(np.array([[[1, 2, 3], [1, 2, 4]]], np.uint8))
    image.info["transparency"] = (1, 2, 3)
    raster = raster_of(image, "x")
    assert raster.alpha is not None
    assert raster.alpha.tolist() == [[0, 255]]
    assert raster.transparent_key == (1, 2, 3)
    grey = Image.fromarray(np.array([[7, 8]], np.uint8))
    grey.info["transparency"] = 8
    assert raster_of(grey, "x").alpha.tolist() == [[255, 0]]  # type: ignore[union-attr]


def test_a_key_beyond_the_depth_hits_nothing():
    assert with_key(Raster(np.zeros((1, 2, 1), np.uint8)), (256,)).alpha.tolist() == [[255, 255]]  # type: ignore[union-attr]


def key_picture(pixels: list[int], alpha: list[int], key: int) -> Picture:
    extras = Extras(mode="L", transparent_key=(key,))
    return Picture(np.array([pixels], np.uint8)[..., None], np.array([alpha], np.uint8), extras)


@pytest.mark.parametrize(("key", "moved"), [(7, 6), (0, 1)])
def test_a_fill_that_has_the_key_colour_by_chance_is_moved_by_one_level(key: int, moved: int):
    picture = key_picture([key, key, 9], [0, 255, 255], key)
    pixels = keyed(picture)
    assert pixels is not None
    assert pixels.ravel().tolist() == [key, moved, 9]
    assert picture.pixels.ravel().tolist() == [key, key, 9]
    image = pil_of(picture, ALL)
    assert (image.mode, image.info["transparency"]) == ("L", key)


@pytest.mark.parametrize(
    "picture",
    [
        key_picture([7, 8], [0, 0], 7),  # transparent in another colour
        key_picture([7, 8], [0, 128], 7),  # half transparent
        replace(key_picture([7, 8], [0, 255], 7), extras=Extras(mode="L")),
        Picture(np.array([[[7]]], np.uint8), None, Extras(mode="L", transparent_key=(7,))),
    ],
)
def test_where_a_key_does_not_say_it_all_there_is_none(picture: Picture):
    assert keyed(picture) is None


@pytest.mark.parametrize(
    ("alpha", "modes", "mode"),
    [
        (False, ("L", "RGB"), "L"),
        (False, ("RGB",), "RGB"),
        (True, ("L", "LA", "RGBA"), "LA"),
        (True, ("RGB", "RGBA"), "RGBA"),
        (True, ("RGB",), "RGB"),
    ],
)
def test_grey_is_written_in_the_nearest_mode_that_holds_it(alpha: bool, modes: tuple[str, ...], mode: str):
    picture = Picture(GREY[..., None], RGB[..., 0] if alpha else None, Extras(mode="LA"))
    image = pil_of(picture, modes)
    assert image.mode == mode
    assert_array_equal(np.asarray(image.convert("L")), GREY)


def test_a_filled_palette_picture_gets_new_numbers_and_keeps_the_others():
    picture = taken(palette_image())
    pixels = picture.pixels.copy()
    pixels[0, 0] = (200, 100, 0)
    image = pil_of(replace(picture, pixels=pixels), ALL)
    assert np.asarray(image)[0, 0] == 5
    assert_array_equal(np.asarray(image.convert("RGB")), pixels)
    assert "transparency" not in image.info
