"""What tests of the page in a browser have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FILL_MS = 120_000
PAINT = """async (points) => {
  const {mask} = window.freefill.stage; mask.begin();
  for (let i = 1; i < points.length; i++) mask.sweep(...points[i - 1], ...points[i], 9.5, 1);
  window.freefill.changed(mask.end());
}"""
READ = """() => { const {mask, size} = window.freefill.stage;
  return Array.from(mask.read({left: 0, top: 0, ...size})) }"""


def opened(page: Any, photo: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(str(photo))
    page.wait_for_function("() => window.freefill.stage.preview && window.freefill.stage.mask")


def fill(page: Any) -> None:
    page.locator("button.fill").click()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)


def panel(page: Any, wanted: bool = True) -> None:
    """Open or close the side panel; it is always there but on a phone."""
    button = page.get_by_label("Mask and settings").first
    if button.is_visible() and (button.get_attribute("aria-pressed") == "true") != wanted:
        button.click()
