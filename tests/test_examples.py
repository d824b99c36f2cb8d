"""The programs in examples/ are run as a person would run them, and what they make is looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.web.serving import serving

EXAMPLES = Path(__file__).parents[1] / "examples"
SIZE = (64, 96)
HOLE = np.s_[20:30, 30:50]


def make(folder: Path, name: str = "photo.png") -> np.ndarray:
    """Write a photograph with a red thing in it, and its mask; return its pixels."""
    rows, cols = np.mgrid[: SIZE[0], : SIZE[1]]
    pixels = np.stack([rows, 60 + 20 * (cols // 4 % 2), 90 + rows], axis=-1).astype(np.uint8)
    pixels[HOLE] = (255, 0, 0)
    mask = np.zeros(SIZE, np.uint8)
    mask[HOLE] = 255
    (folder / "masks").mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)
    Image.fromarray(mask).save(folder / "mask.png")
    Image.fromarray(mask).save(folder / "masks" / Path(name).with_suffix(".png").name)
    return pixels


def run(folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=dict(os.environ))


def red_px(path: Path) -> int:
    """How much of the thing is left."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return int(((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).sum())


def test_one_picture(tmp_path: Path):
    before = make(tmp_path)
    done = run(tmp_path, "one_picture.py", "photo.png", "mask.png", "out.png")
    assert done.returncode == 0, done.stderr
    assert red_px(tmp_path / "out.png") == 0
    after = np.asarray(Image.open(tmp_path / "out.png"))
    assert np.array_equal(after[:10], before[:10])
    assert "out.png: filled by" in done.stdout
    assert "the diagnosis calls it" in done.stdout


def test_one_picture_that_is_not_there_is_one_line(tmp_path: Path):
    make(tmp_path)
    done = run(tmp_path, "one_picture.py", "other.png", "mask.png", "out.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "other.png" in done.stderr


def test_a_folder_where_one_file_is_broken(tmp_path: Path):
    (tmp_path / "photos").mkdir()
    for name in ("photos/a.png", "photos/b.png"):
        make(tmp_path, name)
    (tmp_path / "photos" / "c.png").write_bytes(b"no picture")
    done = run(tmp_path, "folder.py", "photos", "masks", "filled")
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "filled").iterdir()) == ["a.png", "b.png"]
    assert red_px(tmp_path / "filled" / "b.png") == 0
    assert "c.png" in done.stderr


def test_persons_of_coco_are_taken_out_and_pictures_without_any_left_alone(tmp_path: Path):
    make(tmp_path, "a.png")
    make(tmp_path, "b.png")
    rows, cols = HOLE
    outline = [cols.start, rows.start, cols.stop, rows.start, cols.stop, rows.stop, cols.start, rows.stop]
    content = {
        "images": [{"id": n, "file_name": name, "height": 64, "width": 96} for n, name in ((1, "a.png"), (2, "b.png"))],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"id": n, "image_id": n, "category_id": n, "iscrowd": 0, "segmentation": [outline]} for n in (1, 2)
        ],
    }
    (tmp_path / "instances.json").write_text(json.dumps(content))
    done = run(tmp_path, "persons_of_coco.py", "instances.json", ".", "out", "5")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]  # b.png shows a dog
    assert red_px(tmp_path / "out" / "a.png") == 0


def test_a_second_engine(tmp_path: Path):
    before = make(tmp_path)
    done = run(tmp_path, "second_engine.py", "photo.png", "mask.png")
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["texture", "mirror"]
    after = np.asarray(Image.open(tmp_path / "mirror.png"))
    assert red_px(tmp_path / "mirror.png") == 0
    changed = (after != before).any(axis=-1)
    changed[HOLE] = False
    assert not changed.any()


def test_a_client_of_the_service(tmp_path: Path):
    pytest.importorskip("fastapi")
    make(tmp_path)
    with serving() as served:
        done = run(tmp_path, "service_client.py", served.address, "photo.png", "mask.png", "out.png")
        assert done.returncode == 0, done.stderr
        assert red_px(tmp_path / "out.png") == 0
        (tmp_path / "mask.png").write_bytes(b"no mask")
        done = run(tmp_path, "service_client.py", served.address, "photo.png", "mask.png", "out.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
