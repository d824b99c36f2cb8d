"""One reader of masks: whatever says where the hole is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import ArrayLike
from PIL import Image

from freefill.errors import InputError
from freefill.images.arrays import from_array
from freefill.images.read import read_picture
from freefill.masks.colours import _MAPS
from freefill.masks.draw import disc_mask
from freefill.masks.sources import fit_mask, mask_from_alpha, mask_from_array, mask_from_picture
from freefill.values import Mask, Picture

HOLE = disc_mask((60, 80), (25, 30), 14)


def as_file(image: Image.Image, format: str = "PNG", **options: object) -> Picture:
    out = io.BytesIO()
    image.save(out, format, **options)
    return read_picture(io.BytesIO(out.getvalue()))


def painted(low: ArrayLike, high: ArrayLike) -> np.ndarray:
    return np.where(HOLE[:, :, None], high, low).astype(np.uint8)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "LA", "RGBA", "I;16", "CMYK"])
def test_white_is_hole_in_every_mode(mode: str) -> None:
    image = Image.fromarray(HOLE.astype(np.uint8) * 255)
    image = Image.fromarray(HOLE.astype(np.uint16) * 65535) if mode == "I;16" else image.convert(mode)
    mask = mask_from_picture(as_file(image, "TIFF" if mode == "CMYK" else "PNG"))
    assert np.array_equal(mask.hole, HOLE)
    assert mask.notes == ()


@pytest.mark.parametrize(
    "array",
    [
        HOLE,
        HOLE.astype(np.uint8),
        HOLE.astype(np.uint8) * 255,
        HOLE.astype(np.int64),
        HOLE.astype(np.int32) * 255,
        HOLE.astype(np.uint16) * 65535,
        HOLE.astype(np.float32),
        HOLE.astype(np.float64) * 255,
        HOLE.astype(np.float16),
        HOLE[:, :, None],
        HOLE[None],
        np.repeat(HOLE[:, :, None], 3, axis=2).astype(np.uint8) * 255,
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_of_every_kind_are_read(array: np.ndarray) -> None:
    before = array.copy()
    assert np.array_equal(mask_from_array(array).hole, HOLE)
    assert np.array_equal(array, before)


@given(arrays(np.uint8, (5, 6)))
def test_the_threshold_is_128_of_255(levels: np.ndarray) -> None:
    if levels.max() > 1:
        assert np.array_equal(mask_from_array(levels).hole, levels >= 128)
        assert np.array_equal(mask_from_picture(from_array(levels)).hole, levels >= 128)


@given(arrays(np.uint8, (5, 6)))
def test_inverting_gives_the_other_pixels(levels: np.ndarray) -> None:
    assert np.array_equal(mask_from_array(levels, invert=True).hole, ~mask_from_array(levels).hole)


def test_a_file_of_0_and_1_is_read_with_a_note() -> None:
    mask = mask_from_picture(as_file(Image.fromarray(HOLE.astype(np.uint8))))
    assert np.array_equal(mask.hole, HOLE)
    assert "0 and 1" in mask.notes[0]


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_the_noise_of_a_jpeg_mask_stays_at_the_border(quality: int) -> None:
    mask = mask_from_picture(as_file(Image.fromarray(HOLE.astype(np.uint8) * 255), "JPEG", quality=quality))
    wrong = mask.hole != HOLE
    assert wrong.mean() < 0.005
    inner, outer = disc_mask((60, 80), (25, 30), 12.5), disc_mask((60, 80), (25, 30), 15.5)
    assert not (wrong & (inner | ~outer)).any()


@pytest.mark.parametrize("name", [n for n in _MAPS if n != "hsv"])
def test_the_two_ends_of_a_colour_map_are_recognised(name: str) -> None:
    mask = mask_from_picture(from_array(painted(*_MAPS[name])))
    assert np.array_equal(mask.hole, HOLE)
    grey = name == "hot"  # its ends are nearly black and white: read as such
    assert grey or "is taken for hole" in mask.notes[0]


def test_a_colour_map_is_recognised_in_a_jpeg() -> None:
    mask = mask_from_picture(as_file(Image.fromarray(painted(*_MAPS["plasma"])), "JPEG", quality=85))
    assert (mask.hole != HOLE).mean() < 0.01


@pytest.mark.parametrize("pen", [(255, 0, 0), (0, 0, 255), (0, 200, 0), (255, 0, 255)])
def test_a_coloured_pen_on_black_is_hole(pen: tuple[int, int, int]) -> None:
    assert np.array_equal(mask_from_picture(from_array(painted((0, 0, 0), pen))).hole, HOLE)


def rgba(colours: ArrayLike, opaque: np.ndarray) -> Picture:
    colours = np.broadcast_to(np.asarray(colours, np.uint8), (*HOLE.shape, 3))
    return from_array(np.dstack([colours, opaque.astype(np.uint8) * 255]))


def test_paint_on_a_transparent_ground_is_hole() -> None:
    mask = mask_from_picture(rgba((255, 0, 60), HOLE))
    assert np.array_equal(mask.hole, HOLE)
    assert "paint" in mask.notes[0]


def test_the_part_cut_out_of_a_photograph_is_hole() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*HOLE.shape, 3))
    assert np.array_equal(mask_from_picture(rgba(photo, ~HOLE)).hole, HOLE)


def test_the_part_cut_out_of_black_is_hole() -> None:
    assert np.array_equal(mask_from_picture(rgba((0, 0, 0), ~HOLE)).hole, HOLE)


def test_black_and_white_beats_alpha() -> None:
    opaque = np.ones_like(HOLE)
    opaque[:5] = False
    assert np.array_equal(mask_from_picture(rgba(painted(0, 255), opaque)).hole, HOLE)


def test_an_alpha_that_is_opaque_everywhere_says_nothing() -> None:
    assert np.array_equal(mask_from_picture(rgba(painted(0, 255), np.ones_like(HOLE))).hole, HOLE)


def test_alpha_on_request() -> None:
    picture = rgba((255, 255, 255), HOLE)
    assert np.array_equal(mask_from_picture(picture, channel="opaque").hole, HOLE)
    assert np.array_equal(mask_from_picture(picture, channel="transparent").hole, ~HOLE)
    with pytest.raises(InputError, match="no alpha"):
        mask_from_picture(from_array(painted(0, 255)), channel="opaque")


def test_a_pictures_own_alpha_marks_the_hole() -> None:
    mask = mask_from_alpha(rgba((9, 80, 200), ~HOLE))
    assert mask.own_alpha
    assert np.array_equal(mask.hole, HOLE)
    with pytest.raises(InputError, match="opaque everywhere"):
        mask_from_alpha(rgba((9, 80, 200), np.ones_like(HOLE)))


def test_a_mask_that_looks_inverted_is_taken_as_given_and_said() -> None:
    mask = mask_from_array(~HOLE)
    assert np.array_equal(mask.hole, ~HOLE)
    assert "looks inverted" in mask.notes[0]
    assert "--invert" in mask.notes[0]
    assert mask_from_array(~HOLE, invert=True).notes == ()


def test_a_mask_below_half_says_why_it_is_empty() -> None:
    mask = mask_from_picture(from_array((HOLE * 40).astype(np.uint8)))
    assert not mask.hole.any()
    assert "below half" in mask.notes[0]


def test_another_size_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"mask\.png: picture is 160x120, mask 80x60; pass --mask-fit scale, or draw"):
        fit_mask(Mask(HOLE, "mask.png"), (120, 160))


def test_a_mask_is_scaled_on_request() -> None:
    scaled = fit_mask(Mask(HOLE), (120, 160), "scale")
    assert scaled.size == (120, 160)
    assert abs(scaled.share - HOLE.mean()) < 0.01
    assert "scaled" in scaled.notes[0]


@given(st.integers(0, 59), st.integers(0, 79), st.integers(3, 30), st.integers(3, 40))
def test_no_hole_is_lost_when_a_mask_gets_smaller(row: int, col: int, height: int, width: int) -> None:
    hole = np.zeros((60, 80), bool)
    hole[row, col] = True
    assert fit_mask(Mask(hole), (height, width), "scale").hole.any()


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_drawn_on_the_picture_as_it_lies_in_its_file_is_turned_with_it(orientation: int) -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(painted((0, 0, 0), (255, 255, 255))).save(out, "PNG", exif=exif)
    picture = read_picture(io.BytesIO(out.getvalue()))
    turned = picture.extras.orientation
    fitted = fit_mask(mask_from_array(HOLE), picture.size, turned=turned)
    assert np.array_equal(fitted.hole, picture.pixels[:, :, 0] > 128)
    assert "turned" in fitted.notes[0]


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.zeros((4, 4, 2)), "is"),
        (np.zeros(4), "is"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.zeros((4, 4), complex), "complex"),
        (np.array([["a"]]), "not supported"),
    ],
)
def test_arrays_that_are_no_masks_are_refused(array: np.ndarray, word: str) -> None:
    with pytest.raises(InputError, match=word):
        mask_from_array(array)
