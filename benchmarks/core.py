"""What the core costs: overhead, windows, processes, memory. One table, with ratios from one run.

    python benchmarks/core.py                    all parts
    python benchmarks/core.py overhead memory    some of them

Every figure is measured in a process of its own; what is compared takes turns in it, and the median counts. The parts
`memory`, `windows` and `overhead` need ../shared (a photograph of 24 megapixels) and are left out where it is absent.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LARGE = Path(__file__).resolve().parents[2] / "shared" / "data" / "published" / "hifill_large" / "1"
PHOTOS = Path(__file__).resolve().parents[1] / "src" / "freefill" / "demo" / "photos"
ENGINES = ("patchmatch", "texture")


# --- parts, each run in a child --------------------------------------------------------------------------------------


def overhead() -> list[dict[str, Any]]:
    """A direct call of the engine on 1 megapixel against freefill on the same, whole picture in one window."""
    import numpy as np

    from freefill.engines import registry
    from freefill.inpainter import Inpainter
    from freefill.values import Crop, EngineSettings, Mask, Options, Picture

    pixels, hole = _large(1.0)
    picture, mask = Picture(pixels), Mask(hole)
    rows = []
    for name in ENGINES:
        engine = registry.load(registry.find(name), EngineSettings()).engine
        inpainter = Inpainter(name)
        options = Options(window="whole", texture="never", structure="never")  # the direct call makes no layout either

        def direct(engine: Any = engine) -> None:
            crop = Crop((pixels / np.float32(255)).astype(np.float32), hole)
            engine.fill(crop, 0)

        def ours(inpainter: Inpainter = inpainter, options: Options = options) -> None:
            inpainter.run(picture, mask, options)

        times = _turns([direct, ours], 7)
        ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
        rows.append(
            {
                "what": f"overhead at 1 MP, {name}",
                "value": f"{_ms(times[0])} direct, {_ms(times[1])} freefill",
                "ratio": f"{100 * (ratio - 1):+.1f} %",
                "bar": "below +10 %",
                "met": ratio < 1.10,
            }
        )
    return rows


def windows() -> list[dict[str, Any]]:
    """Two holes of 1 % each, far apart, in 12 megapixels: windows against the engine on the whole picture."""
    import numpy as np

    from freefill.inpainter import Inpainter
    from freefill.values import Mask, Options, Picture

    pixels, _ = _large(12.0)
    height, width = pixels.shape[:2]
    side = round((0.01 * height * width) ** 0.5)
    hole = np.zeros((height, width), bool)
    hole[height // 8 : height // 8 + side, width // 8 : width // 8 + side] = True
    hole[height // 2 : height // 2 + side, width * 3 // 4 : width * 3 // 4 + side] = True
    picture, mask = Picture(pixels), Mask(hole)
    entire = Options(window="whole", texture="never", max_memory_bytes=8 << 30)
    rows = []
    for name in ENGINES:
        inpainter = Inpainter(name)
        small = np.zeros((height, width), bool)
        small[100:110, 100:110] = True
        inpainter.run(picture, Mask(small))  # loads and compiles
        count = len(inpainter.run(picture, mask).plan.windows)
        fast, plain, whole = _turns(
            [
                lambda inpainter=inpainter: inpainter.run(picture, mask),
                lambda inpainter=inpainter: inpainter.run(picture, mask, Options(texture="never")),
                lambda inpainter=inpainter: inpainter.run(picture, mask, entire),
            ],
            3,
            warm=0,
        )
        ratio = statistics.median(fast) / statistics.median(whole)
        rows.append(
            {
                "what": f"two 1 % holes in 12 MP, {name}",
                "value": f"{_s(fast)} in {count} windows (--texture never: {_s(plain)}), {_s(whole)} whole",
                "ratio": f"{ratio:.3f}",
                "bar": "below 0.1 (patchmatch)",
                "met": ratio < 0.1 if name == "patchmatch" else None,
            }
        )
    return rows


def jobs() -> list[dict[str, Any]]:
    """40 pictures by one process and by two."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _many(root, 40, 512)
        for name in ENGINES:

            def batch(count: int, name: str = name) -> Callable[[], None]:
                words = [sys.executable, "-m", "freefill", "batch", "photos", "masks", "-o", "out", "-q"]
                words += ["--engine", name, "--jobs", str(count)]
                return lambda: subprocess.run(words, cwd=root, check=True) and None

            times = _turns([batch(1), batch(2)], 3, warm=0)
            ratio = statistics.median(a / b for a, b in zip(*times, strict=True))
            rows.append(
                {
                    "what": f"--jobs 2 against --jobs 1, 40 pictures, {name}",
                    "value": f"{_s(times[0])} one, {_s(times[1])} two",
                    "ratio": f"{ratio:.2f}",
                    "bar": "at least 1.7 (patchmatch)",
                    "met": ratio >= 1.7 if name == "patchmatch" else None,
                }
            )
    return rows


def memory() -> list[dict[str, Any]]:
    """The most memory that one fill of a 24-megapixel photograph takes, program and all."""
    rows = []
    for name in ENGINES:
        with tempfile.TemporaryDirectory() as folder:
            out = str(Path(folder) / "out.jpg")
            words = ["inpaint", str(LARGE / "raw.jpg"), str(LARGE / "mask.png"), "-o", out, "--engine", name, "-q"]
            code = (
                "import sys\nfrom freefill.cli.main import main\n"
                "try:\n    main(sys.argv[1:])\nexcept SystemExit as stopped:\n    assert not stopped.code\n"
                "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
            )
            begun = time.perf_counter()
            ended = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)
            seconds = time.perf_counter() - begun
        peak_mb = int(ended.stdout.split()[-1]) / 1024
        rows.append(
            {
                "what": f"peak memory, 24 MP with a 2 % hole, {name}",
                "value": f"{peak_mb:.0f} MB, {seconds:.1f} s",
                "ratio": f"{peak_mb / 1228.8:.2f} of the bar",
                "bar": "below 1.2 GB",
                "met": peak_mb < 1228.8,
            }
        )
    return rows


def flat() -> list[dict[str, Any]]:
    """How a worker's memory grows over 500 pictures, after the first 20."""
    import psutil

    from freefill.batch.pairs import Pair
    from freefill.batch.records import Work
    from freefill.batch.run import task_of
    from freefill.request import Request
    from freefill.running.processes import Processes

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _many(root, 20, 384)
        pairs = [
            Pair(str(root / f"photos/{n % 20:02}.png"), str(root / f"masks/{n % 20:02}.png"), f"{n:03}.png")
            for n in range(500)
        ]
        sizes = []
        with Processes(task_of(Work(Request(engine="texture")), str(root / "out"))) as pool:
            for done in pool.run(pairs):
                assert done.answer.status == "done", done.answer.error
                sizes += [psutil.Process(worker.pid).memory_info().rss / 2**20 for worker in pool.workers] or sizes[-1:]
    first, last = max(sizes[:20]), max(sizes[480:])
    growth = last / first - 1
    return [
        {
            "what": "memory over 500 pictures, texture",
            "value": f"{first:.0f} MB after 20, {last:.0f} MB after 500, at most {max(sizes):.0f} MB",
            "ratio": f"{100 * growth:+.1f} %",
            "bar": "below +5 %",
            "met": growth < 0.05,
        }
    ]


PARTS = {"overhead": overhead, "windows": windows, "jobs": jobs, "memory": memory, "flat": flat}
NEED_LARGE = ("overhead", "windows", "memory")


# --- pictures and times ----------------------------------------------------------------------------------------------


def _large(mpx: float) -> tuple[Any, Any]:
    """The 24-megapixel photograph and its mask, scaled to so many megapixels."""
    import cv2

    pixels = cv2.cvtColor(cv2.imread(str(LARGE / "raw.jpg")), cv2.COLOR_BGR2RGB)
    hole = cv2.imread(str(LARGE / "mask.png"), cv2.IMREAD_GRAYSCALE)
    scale = (mpx * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return pixels, cv2.resize(hole, size, interpolation=cv2.INTER_AREA) >= 128


def _many(root: Path, count: int, side: int) -> None:
    """Cut photographs and masks of one size, each mask with two blots of about 2 % each."""
    import numpy as np
    from PIL import Image

    photos = sorted(PHOTOS.glob("*.jpg"))
    for name in ("photos", "masks"):
        (root / name).mkdir()
    rng = np.random.default_rng(0)
    rows, cols = np.ogrid[:side, :side]
    for number in range(count):
        with Image.open(photos[number % len(photos)]) as photo:
            picture = photo.convert("RGB").resize((side, side))
        hole = np.zeros((side, side), bool)
        for _ in range(2):
            row, col = rng.uniform(0.15, 0.85, 2) * side
            hole |= (rows - row) ** 2 + (cols - col) ** 2 < (0.08 * side) ** 2
        picture.save(root / "photos" / f"{number:02}.png", compress_level=1)
        Image.fromarray(hole).save(root / "masks" / f"{number:02}.png")


def _turns(calls: list[Callable[[], None]], count: int, warm: int = 1) -> list[list[float]]:
    """Let calls take turns; return the seconds of each."""
    for _ in range(warm):
        for call in calls:
            call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(count):
        for call, seconds in zip(calls, times, strict=True):
            begun = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begun)
    return times


def _ms(times: list[float]) -> str:
    return f"{1000 * statistics.median(times):.0f} ms"


def _s(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} s"


def main(words: list[str]) -> int:
    """Run the parts, each in a child, and print the table."""
    if words[:1] == ["--part"]:
        print(json.dumps(PARTS[words[1]]()))
        return 0
    if not set(words) <= set(PARTS):  # --help too: the measurements take minutes, and are not begun for a slip
        print(f"{__doc__}\nParts: {' '.join(PARTS)}")
        return 2
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    print(f"{model}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}\n")
    print("| what | measured | ratio | bar | met |\n| --- | --- | --- | --- | --- |", flush=True)
    missed = 0
    for part in words or list(PARTS):
        if part in NEED_LARGE and not LARGE.exists():
            print(f"| {part} | {LARGE} is absent: left out | | | |")
            continue
        told = subprocess.run([sys.executable, __file__, "--part", part], check=True, stdout=subprocess.PIPE, text=True)
        for row in json.loads(told.stdout.splitlines()[-1]):
            met = {True: "yes", False: "NO", None: "no bar"}[row["met"]]
            missed += row["met"] is False
            print(f"| {row['what']} | {row['value']} | {row['ratio']} | {row['bar']} | {met} |", flush=True)
    return 1 if missed else 0


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
