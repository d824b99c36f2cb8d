"""freefill extend: what was there stays, what is new is filled, and the file says the new size."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.cli.test_inpaint import call

import freefill
from freefill.errors import InputError
from freefill.images.read import read_picture
from freefill.images.tiff.tags import Tag
from freefill.images.write import write_picture

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(90, 120, (60, 80, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image)


def test_sides_are_px_and_percent_and_what_was_there_is_the_same(capsys):
    code, out, _ = call(capsys, "extend", "photo.png", "--left", "30", "--top", "10%", "-o", "wide.png")
    assert (code, out) == (0, "wide.png\n")
    wide = pixels("wide.png")
    assert wide.shape == (66, 110, 3)
    assert np.array_equal(wide[6:, 30:], PHOTO)
    new = np.ones(wide.shape[:2], bool)
    new[6:, 30:] = False
    assert abs(wide[new].mean() - PHOTO.mean()) < 5
    assert wide[new].std() > 4  # filled with texture, and not with a smear


def test_every_side_at_once_and_a_name_of_its_own(capsys):
    assert call(capsys, "extend", "photo.png", "--all", "5px", "--right", "0")[:2] == (0, "photo.extended.png\n")
    assert pixels("photo.extended.png").shape == (70, 85, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing would be added; say how much: --left 300, --top 10%"),
        (("--left=-5",), "left must not be negative"),
        (("--all", "900%", "--max-megapixels", "0.1"), "pass --max-megapixels"),
        (("--left", "5", "-o", "x.xyz"), "not a format that freefill writes"),
        (("--left", "5", "--engine", "telae"), "did you mean 'telea'"),
    ],
)
def test_what_cannot_be_is_one_line(capsys, words, said):
    code, out, err = call(capsys, "extend", "photo.png", *words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err


@pytest.mark.parametrize("form", ["grey16", "rgb16", "palette", "cmyk", "alpha"])
def test_depth_mode_and_known_pixels_stay(form):
    pixels: np.ndarray = {
        "grey16": RNG.integers(0, 65536, (60, 80), dtype=np.uint16),
        "rgb16": RNG.integers(0, 65536, (60, 80, 3), dtype=np.uint16),
    }.get(form, PHOTO)
    source = io.BytesIO()
    if form in ("grey16", "rgb16"):
        write_picture(freefill.Picture(pixels if pixels.ndim == 3 else pixels[..., None]), source, format="tiff")
    elif form == "palette":
        Image.fromarray(PHOTO).quantize(32).save(source, "PNG")
    elif form == "cmyk":
        Image.fromarray(PHOTO).convert("CMYK").save(source, "TIFF")
    else:
        Image.fromarray(np.dstack([PHOTO, RNG.integers(0, 200, (60, 80), dtype=np.uint8)])).save(source, "PNG")
    result = freefill.extend(source.getvalue(), left=10, bottom=4, engine="ns")
    before, after = read_picture(io.BytesIO(source.getvalue())), read_picture(io.BytesIO(result.image))
    assert after.size == (64, 90)
    assert (after.extras.format, after.extras.mode) == (before.extras.format, before.extras.mode)
    assert np.array_equal(after.pixels[:60, 10:], before.pixels)
    if before.extras.native is not None:
        assert after.extras.native is not None
        assert np.array_equal(after.extras.native[:60, 10:], before.extras.native)
    if before.alpha is not None:
        assert after.alpha is not None
        assert np.array_equal(after.alpha[:60, 10:], before.alpha)
        assert (after.alpha[:, :10] == 255).all()


def test_exif_and_xmp_tell_the_new_size_and_keep_the_rest():
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769).update({0xA002: 80, 0xA003: 60})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r exif:PixelXDimension="80" tiff:ImageLength="60" a="7"/></x:xmpmeta>'
    source = io.BytesIO()
    Image.fromarray(PHOTO).save(source, "JPEG", exif=exif, xmp=xmp, dpi=(300, 300))
    result = freefill.extend(source.getvalue(), right=16, engine="ns")
    with Image.open(io.BytesIO(result.image)) as wide:
        assert wide.size == (96, 60)
        assert wide.getexif()[0x010F] == "Maker"
        assert dict(wide.getexif().get_ifd(0x8769)) == {0xA002: 96, 0xA003: 60}
        assert wide.info["dpi"] == (300, 300)
        assert b'exif:PixelXDimension="96" tiff:ImageLength="60" a="7"' in wide.info["xmp"]


def test_a_jpeg_is_compressed_again_and_says_so_once(capsys):
    Image.fromarray(PHOTO).save("photo.jpg")
    code, _, err = call(capsys, "extend", "photo.jpg", "--left", "8", "--engine", "ns")
    assert code == 0
    assert err.count("write PNG to keep") == 1


def test_a_georeference_goes_on_to_fit():
    from freefill.images.tiff.geo import moved_geo

    points = Tag(12, np.array([0, 0, 0, 500, 900, 0], "<f8").tobytes())
    matrix = Tag(12, np.array([2, 0, 0, 500, 0, -2, 0, 900, 0, 0, 1, 0, 0, 0, 0, 1], "<f8").tobytes())
    moved = moved_geo({33922: points, 34264: matrix, 50844: points, 7: points}, rows=10, cols=30)
    assert np.frombuffer(moved[33922].data, "<f8").tolist() == [30, 10, 0, 500, 900, 0]
    placed = np.frombuffer(moved[34264].data, "<f8").reshape(4, 4)
    assert (placed @ [30, 10, 0, 1])[:2].tolist() == [500, 900]  # the same place on earth
    assert 50844 not in moved
    assert moved[7] is points


def test_the_library_takes_an_inpainter_and_gives_back_what_came():
    with freefill.Inpainter("ns") as fill:
        result = freefill.extend(PHOTO, left="50%", engine=fill)
    assert result.image.shape == (60, 120, 3)
    assert result.image.dtype == np.uint8
    assert np.array_equal(result.image[:, 40:], PHOTO)


def test_the_library_speaks_python():
    with pytest.raises(InputError, match="say how much: left=300, top='10%'"):
        freefill.extend(PHOTO)
