"""The gallery's script: every scene has its strip, its command and its credit, and the page is what it writes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.demo.scenes import SCENES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script writes, of a demo in which all pictures are grey."""
    folder = tmp_path_factory.mktemp("gallery")
    for scene in SCENES:
        for kind, level in (("image", 90), ("mask", 255), ("filled", 200)):
            Image.fromarray(np.full((40, 60), level, np.uint8)).save(folder / f"{scene.name}.{kind}.png")
    runpy.run_path(str(ROOT / "docs" / "gallery.py"))["main"](str(folder), str(folder))
    return folder


def test_the_page_in_docs_is_what_the_script_writes(written: Path):
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == (written / "gallery.md").read_text("utf-8")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_shows_before_mask_and_after_and_tells_the_terms_of_its_photograph(written: Path, scene):
    panels = np.array_split(np.asarray(Image.open(written / "pictures" / f"{scene.name}.jpg")).astype(int), 3, axis=1)
    before, marked, after = (panel[100, panel.shape[1] // 2] for panel in panels)
    assert abs(before - 90).max() < 6
    assert abs(after - 200).max() < 6
    assert marked[0] > marked[1] + 100  # tinted
    page = (written / "gallery.md").read_text("utf-8").split(f"## {scene.title}\n")[1].split("## ")[0]
    assert f"freefill inpaint {scene.name}.image.png {scene.name}.mask.png" in page
    assert "CC0" in page or "public domain" in page
    assert (ROOT / "docs" / "pictures" / f"{scene.name}.jpg").exists()
