"""Small runs for the tests: real photographs' stand-ins on disk, the real loop, networks of four channels."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TINY = """
task = "deepfill"
steps = 6
batch = 2
masks = { strokes = 0.5, halves = 0.5 }
workers = 0
speed = "fp32"
[data]
side_px = 32
fit = "crop"
held_out_share = 0.3
held_out_views = 2
[rate]
average = 0.9
[every]
log = 1
score = 100
samples = 100
snapshot = 3
[settings]
width = 4
discriminator_width = 4
"""


def jpeg(seed: int, height: int = 48, width: int = 56) -> bytes:
    """A photograph-like picture: soft colours with some noise."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (4, 5, 3), np.uint8)
    picture = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of eight photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        (folder / f"photo{number}.jpg").write_bytes(jpeg(number))
    return folder


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """The same photographs in a tar, as WebDataset lays them out: with a text beside each."""
    path = tmp_path / "shard.tar"
    with tarfile.open(path, "w") as tar:
        for number in range(8):
            for ending, data in (("jpg", jpeg(number)), ("txt", b"a caption")):
                member = tarfile.TarInfo(f"photo{number}.{ending}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path
