"""The page in a real browser, against the running service; nothing but the service is asked."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

FILL_MS = 120_000
PAINT = """async (points) => {
  const {mask} = window.freefill.stage; mask.begin();
  for (let i = 1; i < points.length; i++) mask.sweep(...points[i - 1], ...points[i], 9.5, 1);
  window.freefill.changed(mask.end());
}"""
READ = """() => { const {mask, size} = window.freefill.stage;
  return Array.from(mask.read({left: 0, top: 0, ...size})) }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    assert program, "Chromium is missing; run: apt-get install chromium"
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    phone = request.param == "phone"
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
    context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone, accept_downloads=True)
    page = context.new_page()
    foreign: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((address, "blob:", "data:")) else foreign.append(r.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" and "429" not in said.text else None
    )
    page.goto(address)
    yield page
    context.close()
    assert not foreign, "the page asked somebody else"
    assert not [error for error in errors if "429" not in error]  # a test answers 429 itself


def opened(page: Any, photo: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(str(photo))
    page.wait_for_function("() => window.freefill.stage.preview && window.freefill.stage.mask")


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A photo with a dark thing on smooth ground, 16 bits."""
    from freefill.images.write import write_picture
    from freefill.values import Picture

    rows, cols = np.mgrid[:240, :320]
    pixels = np.stack([20000 + rows * 60, 30000 + cols * 40, np.full_like(rows, 26000)], axis=-1).astype(np.uint16)
    pixels[90:120, 100:140] = 3000
    path = tmp_path / "scene.png"
    write_picture(Picture(pixels), path)
    return path


def test_painting_filling_and_downloading_gives_what_the_command_line_gives(
    page: Any, scene: Path, tmp_path: Path
) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[96, 96], [144, 96], [144, 114], [96, 114], [96, 96]])
    levels = np.array(page.evaluate(READ), np.uint8).reshape(240, 320) * 255
    mask = tmp_path / "mask.png"
    Image.fromarray(levels).save(mask)
    page.locator("button.fill").click()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)
    with page.expect_download(timeout=FILL_MS) as download:
        page.get_by_label("Download").click()
    target = tmp_path / "by-command.png"
    command = [sys.executable, "-m", "freefill", "inpaint", str(scene), str(mask), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    assert download.value.suggested_filename == "scene.filled.png"
    assert Path(download.value.path()).read_bytes() == target.read_bytes()


def test_a_stroke_covers_what_a_round_brush_covers(page: Any, scene: Path) -> None:
    """Against distances from the segment, computed by NumPy."""
    opened(page, scene)
    rng = np.random.default_rng(5)
    for _ in range(6):
        (ax, ay, bx, by), r = rng.uniform(0, 300, 4), float(rng.uniform(0.6, 60))
        page.evaluate(
            "([...s]) => { const m = window.freefill.stage.mask; m.clear(); m.sweep(...s, 1); }",
            [ax, ay, bx, by, r],
        )
        got = np.array(page.evaluate(READ), bool).reshape(240, 320)
        rows, cols = np.mgrid[:240, :320] + 0.5
        along = np.clip(((cols - ax) * (bx - ax) + (rows - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2), 0, 1)
        distance = np.hypot(cols - ax - along * (bx - ax), rows - ay - along * (by - ay))
        differs = got != (distance <= r)
        assert not (differs & (np.abs(distance - r) > 1e-6)).any()


def test_a_stroke_that_leaves_the_window_is_kept_and_undone_as_one(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.wait_for_timeout(200)
    box = page.locator("#stage").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(-50, middle[1], steps=5)
    page.mouse.move(*middle, steps=5)
    page.mouse.up()
    assert sum(page.evaluate(READ)) > 100
    page.keyboard.press("Control+z")
    assert sum(page.evaluate(READ)) == 0
    page.keyboard.press("Control+Shift+z")
    assert sum(page.evaluate(READ)) > 100


def test_a_reload_loses_nothing(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[50, 50], [80, 60]])
    before = page.evaluate(READ)
    page.wait_for_timeout(1500)
    page.reload()
    page.wait_for_function("() => window.freefill?.stage.mask && !window.freefill.stage.mask.isEmpty", timeout=20_000)
    assert page.evaluate(READ) == before


def test_undo_goes_back_over_a_fill_and_gives_the_mask_back(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    before = page.evaluate(READ)
    page.locator("button.fill").click()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)
    assert sum(page.evaluate(READ)) == 0
    assert page.evaluate("() => window.freefill.stage.patches.length") == 1
    page.get_by_role("button", name="Undo", exact=True).click()
    assert page.evaluate(READ) == before
    assert page.evaluate("() => window.freefill.stage.patches.length") == 0


def test_another_try_keeps_both_to_choose_from(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    page.locator("button.fill").click()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)
    page.get_by_label("Another try").click()
    page.wait_for_function("() => document.querySelectorAll('.tries button').length === 2", timeout=FILL_MS)


def test_an_error_is_a_sentence_and_the_mask_stays(page: Any, scene: Path, tmp_path: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    before = page.evaluate(READ)
    page.route("**/fill", lambda route: route.fulfill(status=429, json={"detail": "too much is waiting already"}))
    page.locator("button.fill").click()
    page.get_by_text("too much is waiting").wait_for()
    assert page.evaluate(READ) == before


def test_the_mask_travels_as_one_bit_of_its_box(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    left, top, content = page.evaluate(
        """async () => { const {left, top, png} = await window.freefill.piece();
        return [left, top, Array.from(new Uint8Array(await png.arrayBuffer()))] }"""
    )
    box = Image.open(io.BytesIO(bytes(content)))
    # centres of pixels within 9.5 px of the line from (100, 100) to (140, 100)
    assert (left, top, box.mode, box.size) == (91, 90, "1", (58, 20))
    whole = np.zeros((240, 320), bool)
    whole[top : top + 20, left : left + 58] = np.asarray(box)
    assert whole.ravel().tolist() == [bool(level) for level in page.evaluate(READ)]
