"""The page by keyboard, by touch, and by axe-core."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .browsing import FILL_MS, PAINT, READ, fill, opened, panel

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "page" / "node_modules" / "axe-core" / "axe.min.js"
FOCUSED = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
PLACE = """(p) => { const {camera, root} = window.freefill.stage; const b = root.getBoundingClientRect();
  return [b.left + p[0] * camera.scale + camera.x, b.top + p[1] * camera.scale + camera.y] }"""


def barriers(page: Any) -> list[str]:
    """What axe-core finds, of any weight, but for what is only a matter of taste."""
    assert AXE.exists(), "axe-core is missing; run: make tests/web/page/node_modules"
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:120]}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_any_state(page: Any, scene: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    states = {"start": barriers(page)}
    page.keyboard.press("?")
    states["help"] = barriers(page)
    page.keyboard.press("Escape")
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    states["photo and mask"] = barriers(page)
    panel(page)
    page.get_by_text("More", exact=True).click()
    states["panel"] = barriers(page)
    panel(page, False)
    page.get_by_label("Box: cuts").click()
    states["box"] = barriers(page)
    page.get_by_label("Click on a thing").click()
    states["click"] = barriers(page)
    panel(page)
    page.get_by_role("button", name="Repair").click()
    page.locator("ul.legend, footer p:has-text('covers all')").first.wait_for(timeout=FILL_MS)
    states["repair"] = barriers(page)
    page.keyboard.press("Escape")
    panel(page, False)
    fill(page)
    page.get_by_label("Another try").click()
    page.get_by_text("Another fill").wait_for(timeout=FILL_MS)
    page.get_by_label("Compare with").click()
    panel(page)
    states["filled"] = barriers(page)
    page.get_by_text("Choose of 2").click()
    states["choose"] = barriers(page)
    assert not {state: found for state, found in states.items() if found}


def test_all_of_the_page_is_reached_by_tab(page: Any, scene: Path) -> None:
    """Also after a fill, when Tab held over the photo would show it as it was."""
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    fill(page)
    panel(page)
    page.mouse.move(1, 1)
    seen: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
    assert {"Open a photo", "Undo", "Download", "Brush", "People", "Brush size", "Another try", "Fill"} <= seen


def test_before_and_after_are_compared_by_keys(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    fill(page)
    zoom = page.evaluate("() => window.freefill.stage.camera.scale")
    page.keyboard.down("o")
    assert page.evaluate("() => window.freefill.stage.original")
    page.keyboard.up("o")
    assert not page.evaluate("() => window.freefill.stage.original")
    page.get_by_label("Compare with").click()
    slider = page.get_by_role("slider", name="Before and after")
    slider.press("ArrowRight")
    assert page.evaluate("() => window.freefill.stage.split") > 0.5
    slider.press("Home")
    assert slider.is_visible(), "at the border it can still be moved back"
    assert page.evaluate("() => window.freefill.stage.camera.scale") == zoom


def test_keys_do_nothing_while_somebody_types(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.evaluate(PAINT, [[100, 100], [140, 100]])
    panel(page)
    page.get_by_text("More", exact=True).click()
    field = page.get_by_label("Grow the hole first")
    field.press("e")
    field.press("Delete")
    assert page.get_by_role("button", name="Brush", exact=True).get_attribute("aria-pressed") == "true"
    assert sum(page.evaluate(READ)) > 0


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_a_stroke_goes_on_after_the_middle_button_or_space_moved_the_photo(page: Any, scene: Path) -> None:
    opened(page, scene)
    page.wait_for_timeout(200)
    page.mouse.move(*page.evaluate(PLACE, [100, 100]))
    page.mouse.down()
    x, y = page.evaluate(PLACE, [120, 100])
    page.mouse.move(x, y)
    page.keyboard.down(" ")
    page.mouse.move(x + 40, y + 30, steps=3)
    page.keyboard.up(" ")
    page.mouse.down(button="middle")
    page.mouse.move(x + 80, y + 30, steps=3)
    page.mouse.up(button="middle")
    page.mouse.move(*page.evaluate(PLACE, [160, 100]), steps=3)
    page.mouse.up()
    levels = np.array(page.evaluate(READ), bool).reshape(240, 320)
    assert levels[100, 100:160].all()
    assert not levels[:60].any()


def touch(page: Any, kind: str, *fingers: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    if not hasattr(page, "cdp"):
        page.cdp = page.context.new_cdp_session(page)
    page.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_by_touch_a_photo_is_painted_moved_filled_compared_and_downloaded(
    page: Any, scene: Path, tmp_path: Path
) -> None:
    opened(page, scene)
    page.wait_for_timeout(200)
    path = [(96, 96), (144, 96), (144, 114), (96, 114)]
    places = [tuple(page.evaluate(PLACE, [x, y])) for x, y in path]
    touch(page, "touchStart", places[0])
    for place in places[1:]:
        touch(page, "touchMove", place)
    touch(page, "touchEnd")
    painted = page.evaluate(READ)
    assert sum(painted) > 500
    before = page.evaluate("() => window.freefill.stage.camera.scale")
    (x, y) = places[0]
    touch(page, "touchStart", (x, y))
    touch(page, "touchStart", (x, y), (x + 60, y))
    for far in (80, 100, 120):
        touch(page, "touchMove", (x, y), (x + far, y))
    touch(page, "touchEnd")
    assert page.evaluate("() => window.freefill.stage.camera.scale") > 1.5 * before
    assert page.evaluate(READ) == painted, "two fingers paint nothing"
    fill(page)
    page.get_by_label("Compare with").tap()
    assert page.get_by_role("slider", name="Before and after").is_visible()
    with page.expect_download(timeout=FILL_MS) as download:
        page.get_by_label("Download").tap()
    mask, target = tmp_path / "mask.png", tmp_path / "by-command.png"
    Image.fromarray(np.array(painted, np.uint8).reshape(240, 320) * 255).save(mask)
    command = [sys.executable, "-m", "freefill", "inpaint", str(scene), str(mask), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    assert Path(download.value.path()).read_bytes() == target.read_bytes()


def test_people_are_found_in_one_click_or_the_way_to_it_is_said(page: Any) -> None:
    from freefill.detectors.people import WEIGHTS
    from freefill.web.app import EXAMPLE
    from freefill.weights.locate import state

    opened(page, EXAMPLE / "astronaut.jpg")
    panel(page)
    page.get_by_role("button", name="People", exact=True).click()
    if all(state(name) == "ready" for name in WEIGHTS):
        page.wait_for_function("() => !window.freefill.stage.mask.isEmpty", timeout=FILL_MS)
        levels = np.array(page.evaluate(READ), bool).reshape(512, 512)
        assert levels[60:250, 180:300].mean() > 0.9, "her face"
    else:
        page.get_by_text("freefill weights fetch").first.wait_for(timeout=FILL_MS)
