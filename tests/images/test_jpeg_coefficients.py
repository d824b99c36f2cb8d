"""Our coefficients are those that libjpeg itself reads: jpeglib hands them out."""

from __future__ import annotations

import io
from pathlib import Path

import jpeglib
import numpy as np
import picture_files as files
import pytest
from numpy.typing import NDArray

from freefill.images.jpeg import blocks as jpeg_blocks
from freefill.images.read import read_picture
from freefill.images.write import write_picture

KINDS = {
    "420": {"quality": 80, "subsampling": 2},
    "422": {"quality": 85, "subsampling": 1},
    "444 of the best quality": {"quality": 100, "subsampling": 0},
    "progressive": {"quality": 75, "subsampling": 2, "progressive": True},
    "restart markers": {"quality": 75, "subsampling": 2, "restart_marker_blocks": 2},
    "grey": {"mode": "L", "quality": 70},
    "inks": {"mode": "CMYK", "quality": 80},
}


def photo(**options: object) -> bytes:
    return files.saved(files.pil(str(options.pop("mode", "RGB"))), "JPEG", **options)


def by_libjpeg(data: bytes, folder: Path) -> list[NDArray[np.int16]]:
    """Each component's (blocks down, blocks across, 8, 8), rows first."""
    path = folder / "a.jpg"
    path.write_bytes(data)
    read = jpeglib.read_dct(str(path))
    parts = [np.array(part) for part in (read.Y, read.Cb, read.Cr, read.K) if part is not None]
    return parts


def zigzag() -> list[tuple[int, int]]:
    """The places of a block's 64 numbers, along its diagonals to and fro (T.81, figure A.6)."""
    diagonals = [[(row, total - row) for row in range(8) if 0 <= total - row < 8] for total in range(15)]
    return [place for total, line in enumerate(diagonals) for place in (line if total % 2 else line[::-1])]


def by_us(data: bytes) -> list[NDArray[np.int16]]:
    blocks = jpeg_blocks.read_blocks(data)
    assert blocks is not None
    grids = [blocks.grid(i) for i in range(len(blocks.sampling))]
    squares = []
    for grid in grids:
        square = np.zeros((*grid.shape[:2], 8, 8), np.int16)
        for place, (row, col) in enumerate(zigzag()):
            square[:, :, row, col] = grid[:, :, place]
        squares.append(square)
    return squares


@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_read_are_those_that_libjpeg_reads(kind: str, tmp_path: Path) -> None:
    data = photo(**KINDS[kind])
    ours, theirs = by_us(data), by_libjpeg(data, tmp_path)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert np.array_equal(mine[: other.shape[0], : other.shape[1]], other)


@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_written_are_those_that_libjpeg_reads(kind: str, tmp_path: Path) -> None:
    data = photo(**KINDS[kind])
    out = io.BytesIO()
    write_picture(read_picture(io.BytesIO(data)), out)
    assert out.getvalue() != data
    for before, after in zip(by_libjpeg(data, tmp_path), by_libjpeg(out.getvalue(), tmp_path), strict=True):
        assert np.array_equal(before, after)
