"""What is read, written and read again is the same, for every format, mode and depth."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np
import picture_files as files
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from freefill.images.arrays import from_array
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def written(picture: Picture, **how: Any) -> bytes:
    out = io.BytesIO()
    write_picture(picture, out, **how)
    return out.getvalue()


def same(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and np.array_equal(a, b)


@pytest.mark.parametrize("name", files.LOSSLESS)
def test_pixels_alpha_and_native_numbers_come_back_bit_for_bit(name: str) -> None:
    first = read(files.file(name))
    second = read(written(first))
    assert same(first.pixels, second.pixels)
    assert same(first.alpha, second.alpha)
    assert same(first.extras.native, second.extras.native)


@pytest.mark.parametrize("name", files.EVERY)
def test_format_mode_and_all_that_the_file_carries_come_back(name: str) -> None:
    first = read(files.file(name)).extras
    second = read(written(read(files.file(name)))).extras
    arrays = {"native", "palette", "palette_alpha"}
    assert _told(first, {*arrays, "carry", "orientation"}) == _told(second, {*arrays, "carry", "orientation"})
    assert all(same(getattr(first, each), getattr(second, each)) for each in arrays)
    exchanged = {"compression"} if any(word in name for word in ("zstd", "lzma", "group4", "tiff-jpeg")) else set()
    if first.carry is None:
        assert second.carry is None
    else:
        assert type(second.carry) is type(first.carry)
        before, after = (_told(each.carry, {"data", *exchanged}) for each in (first, second))
        assert {key for key, value in before.items() if not np.array_equal(value, after[key])} == set()


def _told(value: Any, without: set[str]) -> dict[str, Any]:
    """The fields of a dataclass."""
    return {each.name: getattr(value, each.name) for each in fields(value) if each.name not in without}


def _independent(data: bytes, name: str) -> NDArray[Any]:
    """Read a file by another library than the one used inside; (H, W, C)."""
    if name.startswith("tiff") and not any(word in name for word in ("lzw", "lzma", "zstd", "packbits", "group4")):
        array = np.asarray(tifffile.imread(io.BytesIO(data)))
        array = array.transpose(1, 2, 0) if "planes" in name and array.shape[0] == 3 else array
        array = array.astype(np.uint8) * np.uint8(255) if array.dtype == np.bool_ else array
    elif "16" in name and "I;16" not in name:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert found is not None
        array = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    else:
        image = Image.open(io.BytesIO(data))
        if image.mode in ("P", "1"):
            image = image.convert("RGBA" if "transparency" in image.info else "L" if image.mode == "1" else "RGB")
        array = np.asarray(image)
    return array if array.ndim == 3 else array[:, :, None]


JUDGED = [
    name
    for name in files.LOSSLESS
    if not any(word in name for word in ("key", "CMYK", "premultiplied", "LA16", "white"))
]


@pytest.mark.parametrize("name", JUDGED)
def test_pixels_are_those_that_another_library_reads(name: str) -> None:
    picture = read(files.file(name))
    ours = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    assert same(ours, _independent(files.file(name), name))


@pytest.mark.parametrize("name", JUDGED)
def test_another_library_reads_what_is_written(name: str) -> None:
    picture = read(files.file(name))
    ours = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    assert same(ours, _independent(written(picture), name))


def test_premultiplied_colours_come_back_as_the_file_had_them() -> None:
    data = files.file("tiff-premultiplied")
    assert np.array_equal(tifffile.imread(io.BytesIO(written(read(data)))), tifffile.imread(io.BytesIO(data)))


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "webp"])
@given(
    array=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).flatmap(lambda s: arrays(np.uint8, s)),
)
def test_any_eight_bit_picture_comes_back(ending: str, array: NDArray[np.uint8]) -> None:
    picture = from_array(array)
    back = read(written(picture, format=ending))
    colours = np.repeat(picture.pixels, 3, axis=2) if back.pixels.shape[2] == 3 > array.shape[2] else picture.pixels
    assert np.array_equal(back.pixels, colours)
    assert same(back.alpha, picture.alpha)


@pytest.mark.parametrize("ending", ["png", "tif"])
@given(
    array=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).flatmap(lambda s: arrays(np.uint16, s)),
)
def test_any_sixteen_bit_picture_comes_back(ending: str, array: NDArray[np.uint16]) -> None:
    picture = from_array(array)
    back = read(written(picture, format=ending))
    assert same(back.pixels, picture.pixels)
    assert same(back.alpha, picture.alpha)


@pytest.mark.parametrize("name", ["png-P", "png-PT", "gif-P", "bmp-P", "tiff-P-tiff_lzw", "tiff-CMYK-tiff_lzw"])
def test_a_filled_region_leaves_every_other_native_number_alone(name: str) -> None:
    picture = read(files.file(name))
    pixels = picture.pixels.copy()
    pixels[10:20, 10:30] = np.random.default_rng(0).integers(0, 256, (10, 20, 3))
    alpha = None
    if picture.alpha is not None:
        alpha = picture.alpha.copy()
        alpha[10:20, 10:30] = 255
    back = read(written(replace(picture, pixels=pixels, alpha=alpha)))
    known = np.ones(picture.size, bool)
    known[10:20, 10:30] = False
    assert np.array_equal(back.extras.native[known], picture.extras.native[known])  # type: ignore[index]
    assert np.array_equal(back.pixels[known], picture.pixels[known])
    if picture.extras.palette is not None:
        colours = len(picture.extras.palette)
        assert np.array_equal(back.extras.palette[:colours], picture.extras.palette)  # type: ignore[index]
    assert np.abs(back.pixels[~known].astype(int) - pixels[~known]).mean() < 6


def test_a_full_palette_keeps_its_colours_and_takes_the_nearest() -> None:
    array = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.fromarray(array)
    image.putpalette(np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8).tobytes())
    picture = read(files.saved(image, "PNG"))
    pixels = picture.pixels.copy()
    pixels[8, 8] = [255, 0, 0]
    pixels[8, 9] = pixels[0, 0]
    back = read(written(replace(picture, pixels=pixels)))
    assert back.extras.native is not None
    assert back.extras.native[8, 9] == 0
    assert (back.extras.native == array).sum() >= 254
    assert np.array_equal(back.pixels[:8], picture.pixels[:8])


def test_a_filled_pixel_that_meets_the_transparent_colour_by_chance_stays_visible() -> None:
    picture = read(files.file("png-RGB-key"))
    key = np.array(picture.extras.transparent_key, np.uint8)
    assert picture.alpha is not None
    pixels, alpha = picture.pixels.copy(), picture.alpha.copy()
    pixels[30:33, 30:33] = key
    alpha[30:33, 30:33] = 255
    back = read(written(replace(picture, pixels=pixels, alpha=alpha)))
    assert back.alpha is not None
    assert (back.alpha[30:33, 30:33] == 255).all()
    assert np.abs(back.pixels.astype(int) - pixels).max() <= 1
    assert back.extras.mode == "RGB"
