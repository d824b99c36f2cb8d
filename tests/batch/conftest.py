"""Small folders of pictures and masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a maker of `photos/` and `masks/` with pictures of these names."""

    def make(*names: str, size: int = 48) -> Path:
        rng = np.random.default_rng(0)
        for name in names:
            photo, mask = tmp_path / "photos" / name, (tmp_path / "masks" / name).with_suffix(".png")
            photo.parent.mkdir(parents=True, exist_ok=True)
            mask.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8)).save(photo)
            hole = np.zeros((size, size), bool)
            hole[size // 3 : size // 2, size // 4 : size // 2] = True
            Image.fromarray(hole).save(mask)
        return tmp_path

    return make
