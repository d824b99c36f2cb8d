"""The page in a real browser, against the running service; nothing but the service is asked."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .browsing import FILL_MS, PAINT, READ, fill, opened, panel

pytestmark = pytest.mark.browser


def test_painting_filling_and_downloading_gives_what_the_command_line_gives(
    page: Any, scene: Path, tmp_path: Path
) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[96, 96], [144, 96], [144, 114], [96, 114], [96, 96]])
    levels = np.array(page.evaluate(READ), np.uint8).reshape(240, 320) * 255
    mask = tmp_path / "mask.png"
    Image.fromarray(levels).save(mask)
    fill(page)
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
    fill(page)
    assert sum(page.evaluate(READ)) == 0
    assert page.evaluate("() => window.freefill.stage.patches.length") == 1
    page.get_by_role("button", name="Undo", exact=True).click()
    assert page.evaluate(READ) == before
    assert page.evaluate("() => window.freefill.stage.patches.length") == 0


def test_tries_are_shown_side_by_side_and_one_is_taken(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    panel(page)
    page.get_by_label("Engine").select_option("texture")
    panel(page, False)
    fill(page)
    first = page.evaluate("() => window.freefill.stage.patches[0].id")
    page.get_by_label("Another try").click()
    page.get_by_text("Another fill").wait_for(timeout=FILL_MS)
    assert page.evaluate("() => window.freefill.stage.patches[0].id") != first
    panel(page)
    page.get_by_text("Choose of 2").click()
    page.locator("dialog.choose button[aria-pressed=false]").click()
    assert page.evaluate("() => window.freefill.stage.patches[0].id") == first


def test_a_fill_is_judged_in_words(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    fill(page)
    panel(page)
    page.locator("aside").get_by_text("Look").first.wait_for(timeout=FILL_MS)  # "Look twice" or "Looked over"


def test_a_fill_goes_on_while_the_page_is_loaded_anew(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    page.wait_for_timeout(800)  # until the mask is kept
    with page.expect_response(lambda answer: answer.url.endswith("/fill")):
        page.locator("button.fill").click()
    page.wait_for_timeout(50)
    page.reload()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)
    assert page.evaluate("() => window.freefill.stage.patches.length") == 1
    assert sum(page.evaluate(READ)) == 0


def test_a_reload_keeps_the_fills(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    fill(page)
    shown = page.evaluate("() => window.freefill.stage.patches[0].id")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_function("() => window.freefill?.stage.patches.length === 1", timeout=20_000)
    assert page.evaluate("() => window.freefill.stage.patches[0].id") == shown


def test_clicks_cut_out_one_thing_and_undo_takes_it_away(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.get_by_label("Click on a thing").click()
    at = "(p) => { const {camera, root} = window.freefill.stage; const b = root.getBoundingClientRect();"
    at += "return [b.left + p[0] * camera.scale + camera.x, b.top + p[1] * camera.scale + camera.y] }"
    page.mouse.click(*page.evaluate(at, [120, 105]))
    page.wait_for_function("() => !window.freefill.stage.mask.isEmpty", timeout=FILL_MS)
    page.locator(".busy").wait_for(state="detached")
    levels = np.array(page.evaluate(READ), bool).reshape(240, 320)
    assert levels[95:115, 105:135].mean() > 0.9
    page.get_by_label("Not it").click()
    page.mouse.click(*page.evaluate(at, [250, 200]))
    page.wait_for_timeout(300)
    page.locator(".busy").wait_for(state="detached", timeout=FILL_MS)
    assert not np.array(page.evaluate(READ), bool).reshape(240, 320)[195:205, 245:255].any()
    page.get_by_role("button", name="Undo", exact=True).click()
    assert sum(page.evaluate(READ)) == 0


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
