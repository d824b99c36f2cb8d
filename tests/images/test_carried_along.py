"""What stands beside the pixels: EXIF, XMP, profile, resolution, texts; also into another format."""

from __future__ import annotations

import io
import warnings

import numpy as np
import picture_files as files
import pytest
from PIL import Image

from freefill.images.metadata.exif import clean_exif, orientation_of
from freefill.images.orient import turn
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def written(picture: Picture, format: str | None = None) -> bytes:
    out = io.BytesIO()
    write_picture(picture, out, format)
    return out.getvalue()


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff", "avif"])
def test_exif_profile_and_xmp_go_into_every_format_that_holds_them(format: str) -> None:
    first = read(files.file("jpeg-all"))
    second = Image.open(io.BytesIO(written(first, format)))
    exif = second.getexif()
    assert exif[271] == "freefill camera"
    assert exif.get(0x0112, 1) == 1
    assert exif.get_ifd(0x8769)[36867] == "2024:01:02 03:04:05"
    assert second.info["icc_profile"] == files.srgb_profile()
    again = read(written(first, format)).extras
    assert again.xmp == first.extras.xmp
    assert again.icc == first.extras.icc


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff", "bmp"])
def test_resolution_goes_into_every_format_that_holds_it(format: str) -> None:
    picture = read(files.file("jpeg-444"))
    assert picture.extras.dpi == (240, 240)
    dpi = Image.open(io.BytesIO(written(picture, format))).info["dpi"]
    assert dpi == pytest.approx((240, 240), abs=0.02)


def test_png_texts_come_back_as_they_stood() -> None:
    image = Image.open(io.BytesIO(written(read(files.file("png-text")))))
    assert isinstance(image.info["Author"], str)
    assert image.info["Author"].lang == "en"  # type: ignore[attr-defined]
    assert image.info["Title"] == "a slope"
    assert image.info["Long"] == "much " * 40


def test_jpeg_tables_and_subsampling_come_back() -> None:
    for name in ("jpeg-420", "jpeg-422", "jpeg-444", "jpeg-L", "jpeg-CMYK"):
        first = Image.open(io.BytesIO(files.file(name)))
        second = Image.open(io.BytesIO(written(read(files.file(name)))))
        assert first.quantization == second.quantization  # type: ignore[attr-defined]
        assert first.info.get("progressive") == second.info.get("progressive")
        assert [layer[1:3] for layer in first.layer] == [layer[1:3] for layer in second.layer]  # type: ignore[attr-defined]


def test_a_quality_asked_for_replaces_the_tables() -> None:
    picture, low = read(files.file("jpeg-444")), io.BytesIO()
    write_picture(picture, low, quality=20)
    assert len(low.getvalue()) < len(files.file("jpeg-444")) / 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_applied_once_and_reset(orientation: int, format: str) -> None:
    from PIL import ImageOps

    image, out = files.pil("RGB"), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    image.save(out, format, exif=exif, **options)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue()))))
    picture = read(out.getvalue())
    assert np.array_equal(picture.pixels, shown)
    second = Image.open(io.BytesIO(written(picture)))
    assert second.size == shown.shape[1::-1]
    assert second.getexif().get(0x0112, 1) == 1


def test_the_turned_size_is_told_in_exif() -> None:
    inner = Image.open(io.BytesIO(written(read(files.file("jpeg-all"))))).getexif().get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == files.SIZE


def test_the_orientation_in_xmp_is_reset_too() -> None:
    xmp = read(files.file("jpeg-all")).extras.xmp
    assert xmp is not None
    assert b'tiff:Orientation="1"' in xmp


def test_the_preview_in_exif_goes_since_it_shows_what_was_removed() -> None:
    block = bytearray(b"II*\0\x08\0\0\0")
    block += b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\x1a\0\0\0"
    block += b"\x02\0" + b"\x01\x02\x04\0\x01\0\0\0\x38\0\0\0" + b"\x02\x02\x04\0\x01\0\0\0\x09\0\0\0" + bytes(4)
    block = block.ljust(0x38, b"\0") + b"THUMBNAIL"
    assert orientation_of(bytes(block)) == 6
    out, notes = clean_exif(bytes(block))
    assert out is not None
    assert "preview" in notes[0]
    assert b"THUMB" not in out
    assert orientation_of(out) == 1


def test_turning_there_and_back_is_nothing() -> None:
    array = np.arange(24).reshape(4, 3, 2)
    for orientation, back in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 7), (8, 6)):
        assert np.array_equal(turn(turn(array, orientation), back), array)


def test_damaged_notes_beside_sound_pixels_do_not_stop_the_reader() -> None:
    broken = files.chunk(b"iCCP", b"x\0\0not deflated") + files.chunk(b"eXIf", b"II*\0\xff\xff\xff\xff")
    data = files.png_by_hand(files.pixels(3), 2, broken + files.chunk(b"zTXt", b"k\0\0junk"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = read(data)
    assert np.array_equal(picture.pixels, files.pixels(3))


def test_sixteen_bits_go_into_eight_with_a_note() -> None:
    out = io.BytesIO()
    notes = write_picture(read(files.file("png-RGB16")), out, "jpeg", 95)
    assert any("8 bits" in note for note in notes)


def test_heic_is_read_and_written() -> None:
    pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    picture = read(files.saved(files.pil("RGB"), "PNG", icc_profile=files.srgb_profile(), exif=files.exif()))
    write_picture(picture, out, "heic", 95)
    back = read(out.getvalue())
    assert back.extras.format == "HEIF"
    assert back.extras.icc == picture.extras.icc
    assert back.extras.exif is not None
    assert b"freefill camera" in back.extras.exif
    assert np.abs(back.pixels.astype(int) - picture.pixels).mean() < 4
    again = io.BytesIO()
    write_picture(back, again)
    assert read(again.getvalue()).size == picture.size
