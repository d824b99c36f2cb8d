"""Colours to an engine and back."""

from __future__ import annotations

import io
import itertools
import struct
from dataclasses import replace

import numpy as np
import picture_files as files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

from freefill.images.arrays import from_array
from freefill.images.depth import change_depth, from_unit, to_unit
from freefill.images.profile import OwnColours, colour_codec
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Extras


def wide_profile() -> bytes:
    """Return an RGB profile with primaries far from sRGB's: XYZ's own would do, Lab to it is what the library has."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"rXYZ", b"tmpX").replace(
        b"gXYZ", b"rXYZ"
    ).replace(b"tmpX", b"gXYZ")  # fmt: skip # red and green change places: a profile that tells


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_number_comes_back_from_an_engines_colours(dtype: type, channels: int) -> None:
    numbers = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    region = np.repeat(numbers.reshape(256, -1)[:, :, None], channels, axis=2)
    codec = colour_codec(from_array(region), "own")
    assert np.array_equal(codec.encode(codec.decode(region).reshape(-1, 3)), region.reshape(-1, channels))


def test_grey_is_the_mean_of_the_three_channels() -> None:
    codec = colour_codec(from_array(files.pixels(1)), "own")
    assert codec.encode(np.array([[0.0, 0.2, 0.64]], np.float32)).tolist() == [[71]]


def test_numbers_beyond_the_range_and_nan_are_cut() -> None:
    assert from_unit(np.array([-1, 2, np.nan], np.float32), np.uint8).tolist() == [0, 255, 0]


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    picture = replace(from_array(files.pixels(3)), extras=Extras(icc=files.srgb_profile()))
    assert isinstance(colour_codec(picture, "srgb"), OwnColours)


def test_a_damaged_profile_counts_as_none() -> None:
    picture = replace(from_array(files.pixels(3)), extras=Extras(icc=b"this is no profile" * 20))
    assert isinstance(colour_codec(picture, "srgb"), OwnColours)


def test_another_profile_is_applied_and_undone() -> None:
    picture = replace(from_array(files.pixels(3)), extras=Extras(icc=wide_profile()))
    codec = colour_codec(picture, "srgb")
    assert not isinstance(codec, OwnColours)
    shown = codec.decode(picture.pixels)
    assert np.abs(shown - picture.pixels / 255).mean() > 0.02
    back = codec.encode(shown.reshape(-1, 3)).reshape(picture.pixels.shape)
    inside = (shown > 0.02).all(axis=2) & (shown < 0.98).all(axis=2)
    assert np.abs(back.astype(int) - picture.pixels)[inside].max() <= 4


def test_inks_are_shown_as_their_colours() -> None:
    inks = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0], [0, 255, 255, 0]]], np.uint8)
    image = Image.frombytes("CMYK", (4, 1), inks.tobytes())
    picture = read_picture(io.BytesIO(files.saved(image, "TIFF")))
    assert picture.pixels[0].tolist() == [[255, 255, 255], [0, 0, 0], [0, 255, 255], [255, 0, 0]]


def press_profile() -> bytes:
    """Return a small profile for four inks: tables of two steps an axis, made by hand (ICC.1:2001-04, lut8Type)."""
    ramp = bytes(range(256))

    def table(inputs: int, outputs: int, nodes: bytes) -> bytes:
        unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
        head = struct.pack(">4s4xBBBx", b"mft1", inputs, outputs, 2)
        return head + unit + ramp * inputs + nodes + ramp * outputs

    to_lab, to_inks = b"", b""
    for c, m, y, k in itertools.product((0, 1), repeat=4):
        light = 250 * (1 - 0.25 * c - 0.4 * m - 0.1 * y) * (1 - 0.95 * k)
        to_lab += bytes([round(light), 128 + 60 * (m - c) // (1 + 9 * k), 128 + 60 * (y - c) // (1 + 9 * k)])
    for lightness, a, b in itertools.product((0, 1), repeat=3):
        to_inks += bytes([255 * (1 - a), 255 * a, 255 * b, 255 * (1 - lightness)])
    tags = {
        b"desc": struct.pack(">4s4xI", b"desc", 6) + b"press\0" + bytes(78),
        b"wtpt": struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061),
        b"cprt": b"text\0\0\0\0none\0",
        b"A2B0": table(4, 3, to_lab),
        b"B2A0": table(3, 4, to_inks),
    }
    place, entries, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        entries += struct.pack(">4sII", name, place + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s12x4s", place + len(body), b"none", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + body


@pytest.mark.parametrize(("format", "options"), [("TIFF", {"compression": "tiff_lzw"}), ("JPEG", {"quality": 90})])
def test_inks_with_a_profile_are_shown_through_it_and_stay_where_nothing_is_filled(format: str, options: dict) -> None:
    image = files.pil("CMYK")
    plain = read_picture(io.BytesIO(files.saved(image, format, **options)))
    picture = read_picture(io.BytesIO(files.saved(image, format, icc_profile=press_profile(), **options)))
    assert np.abs(plain.pixels.astype(int) - picture.pixels).mean() > 3
    pixels, out = picture.pixels.copy(), io.BytesIO()
    pixels[20:30, 20:30] = pixels[2:12, 2:12]
    write_picture(replace(picture, pixels=pixels), out)
    back = read_picture(io.BytesIO(out.getvalue()))
    assert back.extras.icc == picture.extras.icc
    far = np.ones(picture.size, bool)
    far[16:32, 16:32] = False  # the blocks of a JPEG around it
    assert np.array_equal(back.extras.native[far], picture.extras.native[far])  # type: ignore[index]
    assert isinstance(colour_codec(picture, "srgb"), OwnColours)  # what it shows is sRGB already


@given(arrays(np.uint16, (3, 4)))
def test_eight_bits_of_sixteen_are_the_nearest(numbers: np.ndarray) -> None:
    assert np.abs(change_depth(numbers, np.uint8) * 257.0 - numbers).max() <= 128.5


@given(st.integers(0, 255))
def test_eight_bits_survive_sixteen_and_float(number: int) -> None:
    array = np.array([number], np.uint8)
    assert change_depth(change_depth(array, np.uint16), np.uint8)[0] == number
    assert from_unit(to_unit(array), np.uint8)[0] == number
