"""What the tests of the command line share."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def files(tmp_path, monkeypatch):
    """photo.png (60 x 40) and mask.png in the working folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(90, 120, (40, 60, 3), dtype=np.uint8)).save("photo.png")
    mask = Image.new("L", (60, 40))
    mask.paste(255, (20, 15, 26, 20))
    mask.save("mask.png")
    return tmp_path
