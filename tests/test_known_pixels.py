"""Promise 1: pixels outside the final mask come back bit for bit, every engine, every lossless format and depth."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import freefill
from freefill.engines import registry
from freefill.images.jpeg.file import JpegCarry
from freefill.images.read import read_picture
from freefill.masks.grow import grow as grown

ENGINES = [spec.name for spec in registry.ENGINES if not spec.weights and registry.missing(spec) is None]
RNG = np.random.default_rng(3)
HEIGHT, WIDTH = 45, 52


def smooth(channels: int, full: int, dtype: type) -> np.ndarray:
    """Smooth ground with noise in the last bits, so that every bit counts."""
    rows, cols = np.mgrid[:HEIGHT, :WIDTH]
    base = 0.5 + 0.3 * np.sin(rows / 7) * np.cos(cols / 9)
    noisy = base[..., None] + RNG.normal(0, 0.02, (HEIGHT, WIDTH, channels))
    return np.clip(np.rint(noisy * full), 0, full).astype(dtype)


RGB8, RGB16 = smooth(3, 255, np.uint8), smooth(3, 65535, np.uint16)
GREY8, GREY16 = smooth(1, 255, np.uint8)[..., 0], smooth(1, 65535, np.uint16)[..., 0]


def png(array: np.ndarray, mode: str | None = None, **save) -> bytes:
    image = Image.fromarray(array)
    out = io.BytesIO()
    (image.convert(mode) if mode else image).save(out, "PNG", **save)
    return out.getvalue()


def saved(image: Image.Image, form: str, **save) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **save)
    return out.getvalue()


def tiff(array: np.ndarray, **save) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, photometric="rgb" if array.ndim == 3 else "minisblack", **save)
    return out.getvalue()


def rgb16_png() -> bytes:
    import cv2

    return cv2.imencode(".png", RGB16[..., ::-1])[1].tobytes()


ALPHA = np.where(np.arange(WIDTH)[None, :] < 8, 0, 255).astype(np.uint8).repeat(HEIGHT, axis=0).reshape(HEIGHT, WIDTH)
FILES = {
    "rgb.png": lambda: png(RGB8),
    "grey.png": lambda: png(GREY8),
    "grey16.png": lambda: saved(Image.fromarray(GREY16), "PNG"),
    "rgb16.png": rgb16_png,
    "rgba.png": lambda: png(np.dstack([RGB8, ALPHA])),
    "palette.png": lambda: saved(Image.fromarray(RGB8).quantize(64), "PNG"),
    "full-palette.png": lambda: saved(Image.fromarray(RGB8).quantize(256), "PNG"),
    "bit.png": lambda: saved(Image.fromarray(GREY8).convert("1"), "PNG"),
    "lossless.webp": lambda: saved(Image.fromarray(RGB8), "WEBP", lossless=True),
    "rgb.bmp": lambda: saved(Image.fromarray(RGB8), "BMP"),
    "rgb.tif": lambda: tiff(RGB8),
    "rgb16.tif": lambda: tiff(RGB16),
    "big-endian16.tif": lambda: tiff(RGB16, byteorder=">"),
    "tiled16.tif": lambda: tiff(RGB16, tile=(16, 16), compression="zlib"),
    "cmyk.tif": lambda: saved(Image.fromarray(RGB8).convert("CMYK"), "TIFF"),
}


def raw(path: Path) -> np.ndarray:
    """The file's own numbers, read by a library and not by us."""
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if "16" in path.name:
        import cv2

        return np.asarray(cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED))
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)


def mode_of(path: Path) -> str:
    with Image.open(path) as image:
        return image.mode


@pytest.fixture(scope="module")
def hole():
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[18:23, 20:30] = hole[40:45, 46:52] = True
    return hole


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("engine", ENGINES)
def test_known_pixels_of_a_file_come_back_bit_for_bit(engine, name, tmp_path, hole):
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    before = path.read_bytes()
    result = freefill.inpaint(path, hole, engine=engine)
    out = tmp_path / f"out-{name}"
    result.save(out)
    assert path.read_bytes() == before
    first, second = raw(path), raw(out)
    assert first.dtype == second.dtype
    assert first.shape == second.shape
    assert np.array_equal(first[~hole], second[~hole])
    if "16" not in name:
        assert mode_of(path) == mode_of(out)


def test_a_picture_can_be_written_onto_itself(tmp_path, hole):
    path = tmp_path / "photo.png"
    path.write_bytes(png(RGB8))
    freefill.inpaint(path, hole, engine="telea").save(path)
    assert np.array_equal(raw(path)[~hole], RGB8[~hole])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 3), (30, 40, 4), (30, 40, 2)])
def test_an_array_comes_back_as_it_was_and_is_not_changed(dtype, shape):
    full = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    image = (np.random.default_rng(0).random(shape) * full).astype(dtype)
    if len(shape) == 3 and shape[2] in (2, 4):
        image[..., -1] = full
    before = image.copy()
    mask = np.zeros(shape[:2], bool)
    mask[10:14, 10:20] = True
    out = freefill.inpaint(image, mask, engine="ns").image
    assert np.array_equal(image, before)
    assert out.dtype == dtype
    assert out.shape == shape
    assert np.array_equal(out[~mask], before[~mask])


def test_a_pil_image_comes_back_as_one():
    image = Image.fromarray(RGB8)
    out = freefill.inpaint(image, Image.fromarray(np.eye(HEIGHT, WIDTH, dtype=np.uint8) * 255), engine="telea").image
    assert isinstance(out, Image.Image)
    assert out.mode == "RGB"
    assert out.size == image.size


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    seed=st.integers(0, 999),
    grow=st.integers(0, 6),
    feather=st.integers(0, 6),
    engine=st.sampled_from(ENGINES),
    window=st.sampled_from(["auto", "whole"]),
)
def test_what_is_outside_the_final_mask_never_changes(height, width, seed, grow, feather, engine, window):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 65536, (height, width, 3), dtype=np.uint16)
    mask = np.zeros((height, width), bool)
    row, col = rng.integers(0, height), rng.integers(0, width)
    mask[row : row + rng.integers(1, 12), col : col + rng.integers(1, 12)] = True
    wishes = {"engine": engine, "grow": grow, "feather": feather, "window": window}
    everything = grown(mask, grow).all() if grow else mask.all()
    if everything:
        with pytest.raises(freefill.InputError, match="the mask covers the whole picture"):
            freefill.inpaint(image, mask, **wishes)
        return
    result = freefill.inpaint(image, mask, **wishes)
    final = result.mask.hole
    assert (final | ~mask).all()
    assert np.array_equal(result.image[~final], image[~final])


def test_where_the_alpha_marks_the_hole_the_fill_is_opaque(tmp_path):
    path = tmp_path / "cut.png"
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[20:26, 20:30] = 0
    path.write_bytes(png(np.dstack([RGB8, alpha])))
    result = freefill.inpaint(path, "alpha", engine="telea")
    out = tmp_path / "out.png"
    result.save(out)
    filled = raw(out)
    assert (filled[..., 3] == 255).all()
    assert np.array_equal(filled[alpha > 0], np.dstack([RGB8, alpha])[alpha > 0])


def test_an_empty_mask_gives_the_picture_back_and_says_so():
    result = freefill.inpaint(RGB8, np.zeros((HEIGHT, WIDTH), bool))
    assert np.array_equal(result.image, RGB8)
    assert "empty" in result.notes[0]


def test_a_full_mask_is_refused():
    with pytest.raises(freefill.InputError, match="nothing to copy from"):
        freefill.inpaint(RGB8, np.ones((HEIGHT, WIDTH), bool))


def test_metadata_comes_back(tmp_path, hole):
    path, out = tmp_path / "photo.jpg", tmp_path / "out.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    Image.fromarray(RGB8).save(path, quality=83, subsampling=1, dpi=(300, 300), exif=exif, comment=b"hello")
    freefill.inpaint(path, hole, engine="telea").save(out)
    with Image.open(out) as second:
        assert second.getexif()[0x010F] == "Maker"
        assert second.info["dpi"] == (300, 300)
    before, after = (read_picture(each).extras.carry for each in (path, out))
    assert isinstance(before, JpegCarry)
    assert isinstance(after, JpegCarry)
    assert after.tables == before.tables
    assert after.comment == b"hello"


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:30, 12:36] = True
    one, two, other = (freefill.inpaint(RGB8, mask, engine="texture", seed=s).image for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
