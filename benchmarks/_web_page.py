"""The page with a photo of 24 megapixels, and a throw-away page that does it the plain way; for web.py.

A quarter of the processor is Chromium's own throttle. What a frame costs is the page's own time in it: what it does
with the pointer's events since the last frame, and drawing.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from _web_service import serving

from freefill.web.app import EXAMPLE

WIDTH, HEIGHT = 6000, 4000
THROTTLE = 4
STROKES, MOVES = 200, 24
FILL_MS = 900_000
PLAIN = Path(__file__).parent / "_web_plain.html"

# Notes when the upload ended and when the preview was first on the screen, and what frames cost.
WATCH = """() => {
  const note = (window.noted = {costs: [], gaps: [], spent: 0, last: 0});
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (body) {
    this.upload.addEventListener("load", () => (note.sent = performance.now()));
    return send.call(this, body);
  };
  const look = (now) => {
    const seen = !note.painted && window.freefill?.stage.preview;
    if (seen) requestAnimationFrame(() => (note.painted = performance.now()));
    if (note.last) note.gaps.push(now - note.last);
    note.last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
TIMED = """() => {
  const {stage, pointer} = window.freefill; const note = window.noted;
  for (const name of ["down", "move", "up"]) {
    const own = pointer[name].bind(pointer);
    pointer[name] = (...all) => {
      const start = performance.now();
      own(...all);
      note.spent += performance.now() - start;
    };
  }
  const draw = stage.draw.bind(stage);
  stage.draw = () => {
    const start = performance.now();
    draw();
    note.costs.push(performance.now() - start + note.spent);
    note.spent = 0;
  };
}"""
PAINT = """() => { const {mask, size} = window.freefill.stage; const {width, height} = size; mask.begin();
  const side = Math.sqrt(0.02 * width * height) / 2; const [x, y] = [width / 2, height / 2];
  mask.polygon([[x - side, y - side], [x + side, y - side], [x + side, y + side], [x - side, y + side]], 1);
  window.freefill.changed(mask.end()); }"""


@contextmanager
def photo() -> Iterator[Path]:
    """A JPEG of 24 megapixels: one of the package's photos, enlarged, with the grain of a camera."""
    small = cv2.imread(str(EXAMPLE / "astronaut.jpg"))
    assert small is not None
    pixels = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    grain = np.random.default_rng(0).normal(0, 4, (HEIGHT, WIDTH, 1)).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        cv2.imwrite(str(path), np.clip(pixels + grain, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
        yield path


@contextmanager
def browsing() -> Iterator[tuple[Any, psutil.Process]]:
    """A page in Chromium at a quarter of the processor, and Chromium's process."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    assert program, "Chromium is missing; run: apt-get install chromium"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        mine = next(
            each
            for each in psutil.Process().children(recursive=True)
            if "chromium" in each.name() and "--type=" not in " ".join(each.cmdline())
        )
        yield page, mine
        browser.close()


def memory_mb(browser: psutil.Process) -> dict[str, float]:
    """What the page's process, and the one that draws for it, hold alone (USS)."""
    held = {"page": 0.0, "drawing": 0.0}
    for each in browser.children(recursive=True):
        words = " ".join(each.cmdline())
        kind = "page" if "--type=renderer" in words else "drawing" if "--type=gpu-process" in words else None
        if kind:
            held[kind] += each.memory_full_info().uss / 2**20
    return {kind: round(value) for kind, value in held.items()}


def strokes(page: Any, box: dict[str, float]) -> None:
    """Paint by mouse, all over the view."""
    rng = np.random.default_rng(0)
    for _ in range(STROKES):
        x, y = rng.uniform(0.1, 0.9, 2)
        turn, speed = rng.uniform(0, 6.28), 0.015
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        for _ in range(MOVES):
            turn += rng.normal(0, 0.3)
            x, y = np.clip((x + speed * np.cos(turn), y + speed * np.sin(turn)), 0.02, 0.98)
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.up()


def cuts(values: list[float]) -> dict[str, float]:
    """Return the middle, the slow ones and the slowest, ms."""
    found = np.percentile(values, (50, 95, 99, 100))
    return {name: round(float(cut), 1) for name, cut in zip(("median", "95 %", "99 %", "longest"), found, strict=True)}


def ours(with_fill: bool = True) -> dict[str, Any]:
    """The page: opening, 200 strokes, undo, a fill of 2 %."""
    with photo() as path, serving() as served, browsing() as (page, browser):
        page.add_init_script(f"({WATCH})()")
        page.goto(served.address)
        page.wait_for_function("() => window.freefill")
        empty = memory_mb(browser)
        page.locator("input[type=file]").first.set_input_files(str(path))
        page.wait_for_function("() => window.noted.painted", timeout=FILL_MS)
        seen_ms = page.evaluate("() => window.noted.painted - window.noted.sent")
        page.wait_for_timeout(1500)
        opened = memory_mb(browser)
        page.evaluate(TIMED)
        page.evaluate("() => { window.noted.gaps = []; }")
        strokes(page, page.locator("#stage").bounding_box())
        noted = page.evaluate("() => window.noted")
        painted = memory_mb(browser)
        undoable = page.evaluate("() => window.freefill.done.length")
        start = time.perf_counter()
        for _ in range(undoable):
            page.keyboard.press("Control+z")
        undo_s = time.perf_counter() - start
        assert page.evaluate("() => window.freefill.stage.mask.isEmpty"), "undo left something"
        for _ in range(undoable):
            page.keyboard.press("Control+Shift+z")
        again = memory_mb(browser)
        page.evaluate("() => window.freefill.clear()")
        sent = fill(page) if with_fill else {"not asked": 1}
        size = path.stat().st_size
        return {
            "photo": f"{WIDTH} x {HEIGHT}, {size / 1e6:.1f} MB",
            "preview on the screen after the upload ended, ms": round(seen_ms),
            "cost of a frame of a stroke, ms": cuts(noted["costs"]),
            "from frame to frame, ms": cuts(noted["gaps"]),
            "strokes that can be undone": undoable,
            "all undone in s": round(undo_s, 1),
            "memory MB": {
                "empty page": empty,
                "photo open": opened,
                "200 strokes": painted,
                "undone and done again": again,
            },
            "bytes of a fill of 2 %": sent,
            "photo's bytes over the fill's": round(size / sum(sent.values()), 1),
        }


def fill(page: Any) -> dict[str, int]:
    """Fill two per cent, and count what goes over the wire for it."""
    sent = {"up": 0, "down": 0}

    def up(told: dict[str, Any]) -> None:
        request = told["request"]
        lines = sum(len(name) + len(value) + 4 for name, value in request["headers"].items())
        sent["up"] += (
            lines
            + len(request["url"])
            + sum(len(each.get("bytes", "")) * 3 // 4 for each in request.get("postDataEntries", []))
        )

    def down(told: dict[str, Any]) -> None:
        sent["down"] += int(told["encodedDataLength"])

    page.evaluate(PAINT)
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable", {"maxPostDataSize": 1 << 24})
    wire.on("Network.requestWillBeSent", up)
    wire.on("Network.loadingFinished", down)
    page.evaluate("async () => { window.sentMask = (await window.freefill.piece()).png.size; }")
    page.locator("button.fill").click()
    page.get_by_text("Filled by").wait_for(timeout=FILL_MS)
    page.wait_for_timeout(1000)
    sent["up"] += page.evaluate("() => window.sentMask")  # files are not among what Chromium tells of a form
    return sent


def plain() -> dict[str, Any]:
    """The plain way: photo and mask each on one canvas of the photo's size; a fill sends and brings whole PNG."""
    with photo() as path, browsing() as (page, browser):
        page.goto(PLAIN.as_uri())
        page.locator("input").set_input_files(str(path))
        page.wait_for_function("() => window.noted.painted", timeout=FILL_MS)
        opened = memory_mb(browser)
        strokes(page, page.locator("#stage").bounding_box())
        page.wait_for_timeout(500)
        noted = page.evaluate("() => window.noted")
        painted = memory_mb(browser)
        sent = page.evaluate("async () => await window.sizes()")
        size = path.stat().st_size
        return {
            "photo on the screen after it was chosen, ms": round(noted["painted"] - noted["chosen"]),
            "cost of a frame of a stroke, ms": cuts(noted["costs"]),
            "from frame to frame, ms": cuts(noted["gaps"]),
            "memory MB": {"photo open": opened, "200 strokes": painted},
            "bytes of a fill": sent,
            "photo's bytes over the fill's": round(size / sum(sent.values()), 3),
        }
