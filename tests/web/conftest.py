"""A real service in a process of its own, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")

from .serving import serving


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with serving() as served:
        yield served.address


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 96 x 64 px with 16 bits."""
    from freefill.images.write import write_picture
    from freefill.values import Picture

    rows, cols = np.mgrid[:64, :96]
    pixels = np.stack([rows * 900, cols * 600, (rows + cols) * 300], axis=-1).astype(np.uint16)
    path = tmp_path / "photo.png"
    write_picture(Picture(pixels), path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """A hole of 20 x 10 px at row 20, column 30 of that picture."""
    from PIL import Image

    levels = np.zeros((64, 96), np.uint8)
    levels[20:30, 30:50] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(levels).save(path)
    return path
