"""What a screen shows of a picture: 8 bits of sRGB, squares behind what is transparent, tiles that join."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from freefill.values import Picture
from freefill.web import views

RNG = np.random.default_rng(0)


def decoded(data: bytes | None, flags: int = cv2.IMREAD_UNCHANGED) -> NDArray[np.uint8]:
    assert data is not None
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), flags), np.uint8)


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    row, col = np.mgrid[:height, :width]
    return np.stack([row * 255 / height, col * 255 / width, np.full(row.shape, 90)], axis=2).astype(np.uint8)


def test_eight_bits_of_colour_are_shown_as_they_are():
    pixels = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    assert np.array_equal(views.shown(Picture(pixels)), pixels)
    assert np.array_equal(views.shown(Picture(pixels), slice(1, 4), slice(2, 5)), pixels[1:4, 2:5])


def test_grey_and_sixteen_bits_become_eight_bits_of_colour(monkeypatch: pytest.MonkeyPatch):
    grey = RNG.integers(0, 256, (7, 6, 1), dtype=np.uint8)
    shown = views.shown(Picture(grey))
    assert np.array_equal(shown, grey.repeat(3, axis=2))
    monkeypatch.setattr(views, "STRIP_ROWS", 3)
    assert np.array_equal(views.shown(Picture(grey.astype(np.uint16) * 257)), shown)


def test_behind_what_is_transparent_are_squares_that_join_from_tile_to_tile():
    pixels = np.full((24, 24, 3), 10, np.uint8)
    alpha = np.zeros((24, 24), np.uint8)
    alpha[:, 20:] = 255
    picture = Picture(pixels, alpha)
    whole = views.shown(picture)
    assert (whole[:, 20:] == 10).all()
    assert [int(whole[row, col, 0]) for row, col in ((0, 0), (0, 8), (8, 8), (7, 7))] == [153, 204, 153, 153]
    assert np.array_equal(views.shown(picture, slice(5, 20), slice(3, 17)), whole[5:20, 3:17])
    half = views.shown(Picture(pixels[:1, :1], np.full((1, 1), 128, np.uint8)))
    assert half[0, 0, 0] == round(10 * 128 / 255 + 153 * 127 / 255)


@pytest.mark.parametrize(
    ("size", "expected"), [((30, 40), (30, 40)), ((3000, 1500), (2048, 1024)), ((1, 6000), (1, 2048))]
)
def test_a_preview_is_at_most_so_long_and_never_larger_than_the_picture(size: tuple[int, int], expected: tuple):
    small = decoded(views.preview(smooth(*size)), cv2.IMREAD_COLOR)
    assert small.shape[:2] == expected


def test_tiles_cover_the_picture_and_nothing_lies_beyond(tmp_path: Path):
    whole = smooth(600, 1100)
    np.save(tmp_path / "shown.npy", whole)
    first, corner = decoded(views.tile(tmp_path, 0, 0, 0)), decoded(views.tile(tmp_path, 0, 1, 2))
    assert first.shape == (512, 512, 3)
    assert corner.shape == (88, 76, 3)
    assert np.abs(corner[..., ::-1].astype(int) - whole[512:, 1024:]).mean() < 2
    for level, row, col in ((0, 2, 0), (0, 0, 3), (0, -1, 0), (0, 0, -1), (-1, 0, 0), (6, 0, 0), (1, 1, 0)):
        assert views.tile(tmp_path, level, row, col) is None


def test_each_level_halves_the_scale_and_rounds_up(tmp_path: Path):
    whole = smooth(601, 1101)
    np.save(tmp_path / "shown.npy", whole)
    half = decoded(views.tile(tmp_path, 1, 0, 1))
    assert half.shape[:2] == (301, 39)
    assert decoded(views.tile(tmp_path, 5, 0, 0)).shape[:2] == (19, 35)
    assert np.abs(half[100, 20, ::-1].astype(int) - whole[200, 1064]).max() < 6


def test_of_a_fill_only_the_hole_is_shown():
    part = smooth(20, 30)
    hole = np.zeros((20, 30), bool)
    hole[5:15, 5:25] = True
    levels = decoded(views.webp(part, hole))
    assert np.array_equal(levels[..., 3] > 0, hole)
    assert np.abs(levels[8:12, 8:20, 2::-1].astype(int) - part[8:12, 8:20]).mean() < 8


def test_what_is_too_wide_for_webp_is_a_png():
    hole = np.ones((1, views.MOST_WEBP_PX + 1), bool)
    part = np.zeros((1, views.MOST_WEBP_PX + 1, 3), np.uint8)
    assert views.webp(part, hole)[:4] == b"\x89PNG"
    assert views.webp(part[:, :-1], hole[:, :-1])[:4] == b"RIFF"


def test_a_mask_goes_as_a_png_unchanged():
    mask = RNG.integers(0, 2, (9, 11)).astype(np.uint8) * 255
    assert np.array_equal(decoded(views.png(mask)), mask)
    assert np.array_equal(decoded(views.png(mask.T)), mask.T)
