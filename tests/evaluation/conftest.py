"""Three small photographs on disk, masks beside them, and a run over them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path) -> Path:
    """Folder `photos` with three pictures of 80 x 64."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        rows, cols = np.mgrid[:64, :80]
        wave = 120 + 50 * np.sin(cols / rng.uniform(4, 9)) + 30 * np.cos(rows / rng.uniform(4, 9))
        image = np.stack([wave, wave * 0.8, wave * 0.6], axis=2) + rng.normal(0, 3, (64, 80, 3))
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def masks(tmp_path) -> Path:
    """Folder `masks` with a small and a large hole."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for name, side in (("small", 10), ("wide", 30)):
        mask = Image.new("L", (64, 64))
        mask.paste(255, (16, 16, 16 + side, 16 + side))
        mask.save(folder / f"{name}.png")
    return folder
