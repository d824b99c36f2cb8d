"""A real service in a process of its own, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")

from .serving import serving


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with serving() as served:
        yield served.address


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 96 x 64 px with 16 bits."""
    from freefill.images.write import write_picture
    from freefill.values import Picture

    rows, cols = np.mgrid[:64, :96]
    pixels = np.stack([rows * 900, cols * 600, (rows + cols) * 300], axis=-1).astype(np.uint16)
    path = tmp_path / "photo.png"
    write_picture(Picture(pixels), path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """A hole of 20 x 10 px at row 20, column 30 of that picture."""
    from PIL import Image

    levels = np.zeros((64, 96), np.uint8)
    levels[20:30, 30:50] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(levels).save(path)
    return path


# --- the page ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
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
