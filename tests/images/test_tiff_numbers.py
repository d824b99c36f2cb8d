"""TIFF beyond pictures: signed, 32-bit and 64-bit numbers, floats of any range, NaN, georeference."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import picture_files as files
import pytest
import tifffile
from numpy.typing import NDArray

import freefill
from freefill.errors import InputError
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture

BOX = (slice(10, 20), slice(10, 25))
GEO: list[Any] = [
    (33550, "d", 3, (10.0, 10.0, 0.0), True), (33922, "d", 6, (0, 0, 0, 5e5, 4.6e6, 0), True),
    (34735, "H", 4, (1, 1, 0, 0), True), (42113, "s", 0, "0", True), (65000, "H", 2, (7, 8), True),
]  # fmt: skip


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def written(picture: Picture, format: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    notes = write_picture(picture, out, format)
    return out.getvalue(), notes


def numbers(dtype: Any, channels: int = 1) -> NDArray[Any]:
    rng = np.random.default_rng(1)
    if np.dtype(dtype).kind == "f":
        return (rng.normal(300, 80, (40, 50, channels))).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, (40, 50, channels), dtype, endpoint=True)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "dtype", [np.int8, np.int16, np.int32, np.int64, np.uint32, np.uint64, np.float16, np.float32, np.float64]
)
def test_numbers_of_any_kind_come_back_and_fills_are_among_them(dtype: Any, order: Any, channels: int) -> None:
    array = numbers(dtype, channels)
    shape = array[:, :, 0] if channels == 1 else array
    photometric = "rgb" if channels == 3 else "minisblack"
    picture = read(tiff(shape, photometric=photometric, byteorder=order, compression="zlib"))
    again = tifffile.imread(io.BytesIO(written(picture)[0]))
    assert again.dtype.newbyteorder("=") == np.dtype(dtype)
    assert np.array_equal(again, shape)
    pixels = picture.pixels.copy()
    pixels[BOX] = 0.5
    filled = tifffile.imread(io.BytesIO(written(replace(picture, pixels=pixels))[0])).reshape(array.shape)
    outside = np.ones(array.shape[:2], bool)
    outside[BOX] = False
    assert np.array_equal(filled[outside], array[outside])
    middle = (float(array.min()) + float(array.max())) / 2
    assert np.allclose(filled[BOX].astype(float), middle, rtol=1e-3, atol=1)


def test_numbers_written_as_something_else_are_scaled_and_that_is_said() -> None:
    _, notes = written(read(tiff(numbers(np.int16)[:, :, 0])), "png")
    assert any("were scaled; write TIFF" in note for note in notes)


@pytest.mark.parametrize("inside", [True, False])
def test_what_is_no_number_matters_only_where_it_is_filled(inside: bool, tmp_path: Any) -> None:
    array = np.full((64, 80, 3), 0.5, np.float32)
    hole = np.zeros((64, 80), bool)
    hole[20:30, 20:30] = True
    array[hole if inside else np.roll(hole, 25, axis=1)] = np.nan
    (tmp_path / "i.tif").write_bytes(tiff(array, photometric="rgb"))
    for image in (array, str(tmp_path / "i.tif")):
        result = freefill.inpaint(image, hole, engine="telea")
        if image is array:
            out = result.image
        else:
            result.save(tmp_path / "o.tif")
            out = tifffile.imread(tmp_path / "o.tif")
        assert np.allclose(out[hole], 0.5, atol=0.01)
        assert np.array_equal(out[~hole], array[~hole], equal_nan=True)
        assert any("no number" in note for note in result.notes) is not inside


def test_numbers_too_far_apart_are_refused_and_not_called_damaged() -> None:
    with pytest.raises(InputError, match="too far apart") as raised:
        read(tiff(np.array([[1e308, -1e308], [0, 1]])))
    assert "damaged" not in str(raised.value)


@pytest.mark.parametrize("photometric", ["miniswhite", "minisblack"])
def test_a_bilevel_page_keeps_which_number_is_white(photometric: str) -> None:
    array = np.random.default_rng(0).random((20, 30)) < 0.5
    data, _ = written(read(tiff(array, photometric=photometric)))
    assert np.array_equal(tifffile.imread(io.BytesIO(data)), array)


def test_a_float_array_beyond_0_to_1_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="within \\[0, 1\\]; scale or clip"):
        freefill.inpaint(np.full((40, 40), 7.0, np.float32), np.eye(40, dtype=bool))


def test_georeference_and_private_tags_stay() -> None:
    data = tiff(files.pixels(3), photometric="rgb", extratags=GEO)
    tags = {tag.code: tag.value for tag in tifffile.TiffFile(io.BytesIO(written(read(data))[0])).pages[0].tags.values()}  # type: ignore[union-attr]
    assert tags[33550] == (10.0, 10.0, 0.0)
    assert tags[33922][3] == 5e5
    assert tags[42113] == "0"
    assert tags[65000] == (7, 8)


def test_georeference_is_said_where_it_cannot_go_along() -> None:
    data = tiff(files.pixels(3), photometric="rgb", extratags=GEO)
    assert any("georeference was left out" in note for note in written(read(data), "png")[1])


def test_a_tag_that_holds_a_picture_goes_and_is_said() -> None:
    preview = files.file("jpeg-444")
    data = tiff(files.pixels(3), photometric="rgb", extratags=[(65001, 7, len(preview), preview, True)])
    out, notes = written(read(data))
    assert preview[100:200] not in out
    assert any("65001" in note for note in notes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_fill_order_2_is_honoured(dtype: Any) -> None:
    array = files.pixels(1, dtype)
    mirrored = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)
    body = mirrored[np.frombuffer(array.astype(array.dtype.newbyteorder("<")).tobytes(), np.uint8)].tobytes()
    entries = [(256, 4, array.shape[1]), (257, 4, array.shape[0]), (258, 3, 8 * array.itemsize), (259, 3, 1),
               (262, 3, 1), (266, 3, 2), (273, 4, 8), (277, 3, 1), (278, 4, array.shape[0]), (279, 4, len(body))]  # fmt: skip # noqa: E501
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    data = b"II*\0" + struct.pack("<I", 8 + len(body) + len(body) % 2) + body + b"\0" * (len(body) % 2)
    assert np.array_equal(read(data + struct.pack("<H", len(entries)) + table + bytes(4)).pixels, array)
