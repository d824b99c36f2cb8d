"""freefill demo: files and page; what it needs lies in the package."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import main
from freefill.demo.page import _line_at
from freefill.demo.scenes import SCENES, load

PHOTOS = Path(__file__).parents[2] / "src" / "freefill" / "demo" / "photos"


@pytest.fixture
def freefill(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the program; return (exit code, standard output, standard error)."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out, told.err

    return run


def test_it_writes_pictures_masks_fills_and_a_page(tmp_path: Path, freefill: Callable[..., tuple[int, str, str]]):
    output = tmp_path / "deep" / "demo"
    code, out, err = freefill("demo", "-o", str(output), "--only", "tower", "--only", "portrait", "--engine", "telea")
    assert code == 0
    assert Path(out.strip()) == output / "index.html"
    assert len(err.splitlines()) == 2
    for name in ("tower", "portrait"):
        image, mask, filled = (
            np.asarray(Image.open(output / f"{name}.{kind}.png")) for kind in ("image", "mask", "filled")
        )
        assert np.array_equal(image[~mask], filled[~mask])
        assert not np.array_equal(image[mask], filled[mask])
    assert (output / "portrait.not-from.png").exists()


class Page(HTMLParser):
    """Collects what the page would ask for, and its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.unnamed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        places = [found[key] or "" for key in ("src", "href", "srcset", "poster") if key in found]
        if tag == "a":
            self.links += places
        else:
            self.asked += places
        self.unnamed += (tag == "img" and "alt" not in found) or (
            tag == "input" and found.get("type") == "range" and not found.get("aria-label")
        )


def test_the_page_asks_for_nothing_else_and_names_its_parts(
    tmp_path: Path, freefill: Callable[..., tuple[int, str, str]]
):
    _, out, _ = freefill("demo", "-o", str(tmp_path), "--only", "tower", "--engine", "telea", "--json", "-q")
    text = Path(json.loads(out)["page"]).read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert all(place.startswith("data:") for place in page.asked)
    assert len(page.asked) == 4  # icon, before, after, mask
    assert not re.search(r"https?://|url\(|@import|fetch\(", text)
    assert page.unnamed == 0
    assert page.links == ["tower.image.png", "tower.mask.png", "tower.filled.png"]
    assert all((tmp_path / link).exists() for link in page.links)  # they open at full size
    assert page.tags.count("details") == page.tags.count("article") == 1
    assert "{{" not in text


def test_the_line_opens_beside_what_was_removed():
    hole = np.zeros((10, 100), bool)
    hole[:, 40:60] = True
    assert _line_at(hole) == 37
    hole[:, 0] = True
    assert _line_at(hole) == 2
    hole[:, 95] = True
    assert _line_at(hole) == 50  # all over the picture: half before, half after


def test_an_unknown_scene_is_told_in_one_line(tmp_path: Path, freefill: Callable[..., tuple[int, str, str]]):
    code, out, err = freefill("demo", "-o", str(tmp_path), "--only", "towr")
    assert (code, out) == (1, "")
    assert "did you mean 'tower'" in err


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_mask_covers_all_that_was_painted_over_the_photograph(scene):
    picture, mask = load(scene)
    photo = np.asarray(Image.open(PHOTOS / scene.photo))
    changed = (picture.pixels != photo.reshape(picture.pixels.shape)).any(axis=2)
    assert mask.size == picture.size
    assert not (changed & ~mask.hole).any()
    assert 0.002 < mask.share < 0.5


def test_every_photograph_has_its_terms_and_all_stay_small():
    terms = (PHOTOS / "LICENSES.md").read_text(encoding="utf-8")
    photos = [path for path in PHOTOS.iterdir() if path.suffix != ".md"]
    assert {scene.photo for scene in SCENES} == {path.name for path in photos}
    for path in photos:
        assert re.search(rf"\| {re.escape(path.name)} \|.*(CC0|public domain)", terms)
    assert sum(path.stat().st_size for path in photos) < 2_000_000


def test_scenes_have_names_of_their_own():
    names = [scene.name for scene in SCENES]
    assert len(names) == len(set(names)) >= 6
