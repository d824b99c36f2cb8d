"""TIFF of more channels than colour and alpha, inks of 16 bits, LAB: kept where they are not filled."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import picture_files as files
import pytest
import tifffile
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.images.extend import extended
from freefill.images.read import read_picture
from freefill.images.tiff.shown import smoothly_filled
from freefill.images.write import write_picture
from freefill.values import Picture

BOX = (slice(10, 20), slice(10, 25))
OUTSIDE = np.ones(files.SIZE, bool)
OUTSIDE[BOX] = False

KINDS: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "RGB and two bands": (files.pixels(5), {"photometric": "rgb"}),
    "RGB, alpha and a band": (files.pixels(5), {"photometric": "rgb", "extrasamples": ["unassalpha", "unspecified"]}),
    "RGB, a band and alpha": (files.pixels(5), {"photometric": "rgb", "extrasamples": ["unspecified", "unassalpha"]}),
    "RGB and premultiplied alpha and a band": (
        np.minimum(files.pixels(5, np.uint16), files.pixels(5, np.uint16)[:, :, 3:4]),
        {"photometric": "rgb", "extrasamples": ["assocalpha", "unspecified"]},
    ),
    "grey and four bands": (files.pixels(5, np.uint16), {"photometric": "minisblack", "planarconfig": "contig"}),
    "white is zero and two bands": (files.pixels(3), {"photometric": "miniswhite", "planarconfig": "contig"}),
    "signed bands": (files.pixels(6, np.int16) - np.int16(9000), {"photometric": "rgb"}),
    "float bands": (files.pixels(5, np.float32) * 900, {"photometric": "minisblack", "planarconfig": "contig"}),
    "half floats": (files.pixels(5, np.float16), {"photometric": "rgb"}),
    "inks of 16 bits": (files.pixels(4, np.uint16), {"photometric": "separated"}),
    "inks and a band": (files.pixels(6), {"photometric": "separated", "extrasamples": ["unspecified"] * 2}),
    "LAB": (files.pixels(3), {"photometric": "cielab"}),
    "LAB of 16 bits": (files.pixels(3, np.uint16), {"photometric": "cielab"}),
    "LAB as in profiles": (files.pixels(3, np.uint16), {"photometric": "icclab"}),
}


def tiff(name: str, **more: Any) -> tuple[NDArray[Any], bytes]:
    array, options = KINDS[name]
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options, **more)
    return array, out.getvalue()


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def written(picture: Picture, format: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    notes = write_picture(picture, out, format)
    return out.getvalue(), notes


def filled(picture: Picture) -> Picture:
    pixels = picture.pixels.copy()
    pixels[BOX] = pixels[5, 5]
    return replace(picture, pixels=pixels)


def tags(data: bytes) -> dict[int, Any]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return {code: page.tags[code].value for code in (258, 262, 277, 284, 338, 339) if code in page.tags}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", KINDS)
def test_every_channel_comes_back_bit_for_bit_where_nothing_is_filled(name: str) -> None:
    array, data = tiff(name, compression="zlib")
    picture = read(data)
    unchanged = tifffile.imread(io.BytesIO(written(picture)[0]))
    assert unchanged.dtype == array.dtype
    assert np.array_equal(unchanged, array)
    again = tifffile.imread(io.BytesIO(written(filled(picture))[0]))
    assert np.array_equal(again[OUTSIDE], array[OUTSIDE])
    assert not np.array_equal(again[BOX], array[BOX])


@pytest.mark.parametrize("name", KINDS)
def test_what_the_channels_mean_comes_back(name: str) -> None:
    _, data = tiff(name)
    before, after = tags(data), tags(written(filled(read(data)))[0])
    assert after[262] == before[262]
    assert after[277] == before[277]
    assert after.get(338) == before.get(338)


@pytest.mark.parametrize("name", ["RGB and two bands", "float bands", "inks and a band"])
def test_what_was_removed_is_not_seen_in_the_other_channels(name: str) -> None:
    array, _ = tiff(name)
    marked = array.copy()
    marked[BOX] = 0
    out = io.BytesIO()
    tifffile.imwrite(out, marked, **KINDS[name][1])
    picture = read(out.getvalue())
    again, notes = written(filled(picture))
    bands = tifffile.imread(io.BytesIO(again))[BOX][..., -1].astype(float)
    around = array[OUTSIDE][..., -1].astype(float)
    assert bands.min() >= around.min()
    assert bands.max() <= around.max()
    assert any("beyond colour and alpha" in note for note in notes)


def test_other_channels_are_said_to_be_left_out_of_other_formats() -> None:
    _, notes = written(read(tiff("RGB and two bands")[1]), "png")
    assert any("2 channels beyond colour and alpha were left out" in note for note in notes)


def test_lab_is_shown_as_the_colours_it_means() -> None:
    from PIL import Image, ImageCms

    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.fromarray(files.pixels(3)), to_lab)
    assert lab is not None
    picture = read(files.saved(lab, "TIFF"))
    assert np.abs(picture.pixels.astype(int) - files.pixels(3)).mean() < 4
    pixels = picture.pixels.copy()
    pixels[BOX] = (200, 40, 90)
    again = read(written(replace(picture, pixels=pixels))[0])
    assert np.abs(again.pixels[BOX].astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.parametrize("name", ["inks of 16 bits", "LAB of 16 bits", "LAB as in profiles"])
def test_a_fill_is_read_back_as_the_colour_it_was(name: str) -> None:
    picture = read(tiff(name)[1])
    pixels = picture.pixels.copy()
    pixels[BOX] = (150, 120, 110)
    again = read(written(replace(picture, pixels=pixels))[0])
    assert np.abs(again.pixels[BOX].astype(int) - (150, 120, 110)).max() <= 3


@pytest.mark.parametrize("name", ["RGB and two bands", "LAB", "float bands"])
def test_an_extended_picture_keeps_its_channels(name: str) -> None:
    array, data = tiff(name)
    again = tifffile.imread(io.BytesIO(written(extended(read(data), 3, 0, 2, 0))[0]))
    assert np.array_equal(again[3:, 2:], array)


def test_a_page_of_too_many_bytes_is_refused_before_they_are_taken() -> None:
    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros((64, 64, 200), np.float64), photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="200 channels of 64 bits"):
        read_picture(io.BytesIO(out.getvalue()), max_mpx=0.005)


def test_a_list_of_more_than_256_colours_is_cut() -> None:
    data = bytearray(files.saved(files.pil("P"), "TIFF"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tag = file.pages[0].tags[320]  # type: ignore[union-attr]
    data[tag.offset + 4 : tag.offset + 8] = (3 * 305).to_bytes(4, "little")
    data += bytes(max(0, tag.valueoffset + 2 * 3 * 305 - len(data)))
    written(read(bytes(data)), "png")


def test_smooth_fills_stay_between_what_is_around_them() -> None:
    band = np.full((30, 30, 1), 100.0)
    band[:, 15:] = 200
    hole = np.zeros((30, 30), bool)
    hole[8:22, 8:22] = True
    band[hole] = 9e9
    out = smoothly_filled(band, hole)[..., 0]
    assert (out[hole] >= 100).all()
    assert (out[hole] <= 200).all()
    assert out[15, 9] < 140 < 160 < out[15, 20]


@pytest.mark.parametrize("name", ["inks of 16 bits", "LAB of 16 bits"])
def test_what_stays_as_it_was_is_not_said_to_be_read_with_less(name: str) -> None:
    assert not any("are read as 8" in note for note in written(read(tiff(name)[1]))[1])
