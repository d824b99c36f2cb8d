"""Pixels as blocks: OpenCV's cosine transform and Pillow's reader say the same."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from freefill.images.jpeg.blocks import ZIGZAG_COL, ZIGZAG_ROW
from freefill.images.jpeg.encode import encode

FLAT = [1] * 64
RNG = np.random.default_rng(0)


def coefficients(plane: np.ndarray) -> np.ndarray:
    """OpenCV's transform of each 8 x 8 block, in zigzag order."""
    rows, cols = plane.shape[0] // 8, plane.shape[1] // 8
    out = np.empty((rows, cols, 64))
    for row in range(rows):
        for col in range(cols):
            block = plane[8 * row : 8 * row + 8, 8 * col : 8 * col + 8].astype(np.float64) - 128
            out[row, col] = cv2.dct(block)[ZIGZAG_ROW, ZIGZAG_COL]
    return out


def test_coefficients_are_those_of_another_transform():
    pixels = RNG.integers(0, 256, (16, 24, 3), dtype=np.uint8)
    blocks = encode(pixels, ((1, 1), (1, 1), (1, 1)), [FLAT], rgb=True)
    assert blocks is not None
    for channel in range(3):
        expected = np.rint(coefficients(pixels[:, :, channel]))
        assert np.abs(blocks.grid(channel) - expected).max() <= 1
        assert (blocks.grid(channel) == expected).mean() > 0.99


def test_each_component_is_divided_by_its_own_table_and_the_last_stands_for_the_rest():
    pixels = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    steps = [2 + n // 8 for n in range(64)]  # in natural order: by rows
    blocks = encode(pixels, ((1, 1),) * 3, [FLAT, steps], rgb=True)
    assert blocks is not None
    for channel, table in enumerate((FLAT, steps, steps)):
        divisors = np.array(table).reshape(8, 8)[ZIGZAG_ROW, ZIGZAG_COL]
        expected = coefficients(pixels[:, :, channel]) / divisors
        assert np.abs(blocks.grid(channel) - expected).max() <= 0.5 + 1e-6


def test_colours_become_luma_and_chroma_as_jfif_says():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[...] = (200, 40, 90)
    blocks = encode(pixels, ((1, 1),) * 3, [FLAT], rgb=False)
    assert blocks is not None
    y, cr, cb = cv2.cvtColor(pixels[:1, :1].astype(np.float32) / 255, cv2.COLOR_RGB2YCrCb)[0, 0] * 255
    # In float OpenCV puts the middle of chroma at a half of 255.
    for channel, level in enumerate((y - 128, cb - 127.5, cr - 127.5)):
        assert blocks.grid(channel)[0, 0, 0] == pytest.approx(8 * level, abs=1)
        assert not blocks.grid(channel)[0, 0, 1:].any()


@pytest.mark.parametrize(
    ("sampling", "rows", "cols"), [(((4, 1), (1, 1), (1, 1)), 1, 4), (((1, 2), (1, 1), (1, 1)), 2, 1)]
)
def test_chroma_is_the_mean_of_what_it_stands_for(sampling: tuple, rows: int, cols: int):
    pixels = RNG.integers(0, 256, (8 * rows * 2, 8 * cols * 3, 3), dtype=np.uint8)
    blocks = encode(pixels, sampling, [FLAT], rgb=True)
    assert blocks is not None
    small = pixels[:, :, 1].reshape(16, rows, 24, cols).mean(axis=(1, 3))
    expected = coefficients(small)
    assert np.abs(blocks.grid(1)[: expected.shape[0], : expected.shape[1]] - expected).max() <= 0.5 + 1e-6
    whole = coefficients(pixels[:, :, 0])  # which stands for itself alone
    assert np.abs(blocks.grid(0)[: whole.shape[0], : whole.shape[1]] - whole).max() <= 0.5 + 1e-6


def test_beyond_the_picture_its_border_goes_on():
    pixels = RNG.integers(0, 256, (5, 11, 3), dtype=np.uint8)
    blocks = encode(pixels, ((1, 1),) * 3, [FLAT], rgb=True)
    assert blocks is not None
    padded = np.pad(pixels, ((0, 3), (0, 5), (0, 0)), mode="edge")
    assert np.abs(blocks.grid(2) - coefficients(padded[:, :, 2])).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("sampling", [((2, 1), (1, 1)), ((3, 1), (2, 1), (1, 1)), ((1, 3), (1, 2), (1, 1))])
def test_what_is_no_whole_part_is_left_to_others(sampling: tuple):
    assert encode(np.zeros((8, 8, 3), np.uint8), sampling, [FLAT], rgb=True) is None
