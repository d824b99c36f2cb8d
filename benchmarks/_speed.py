"""How long our patch synthesis takes against pypatchmatch 3, how much memory, and what a busy core costs it."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time

import _cases as cases
import _fills as fills
import cv2
import numpy as np

from freefill.engines import registry
from freefill.values import Crop, EngineSettings


def timed_cases() -> list[tuple[str, np.ndarray, np.ndarray, int]]:
    """Return name, picture, hole and repetitions of each row of the table of times."""
    large = cases.DATA / "photos_eval" / "large" / "lomiri_friends.jpg"
    small, middle = cases.read_rgb(large, 512), cases.read_rgb(large, 2048)
    twelve = cv2.resize(cases.read_rgb(cases.DATA / "photos_eval" / "large" / "lomiri_sunset.jpg"), (4256, 2832))
    half = cases.photo_case("bsds500/5096.jpg", "50-60/mixed_000000576939_0_min3_max7_026490.png")
    return [
        ("512, 5 %", small, cases.ellipse(small.shape[:2], 0.05), 5),
        ("half the picture missing", half.truth, half.hole, 5),
        ("2048, 5 %", middle, cases.ellipse(middle.shape[:2], 0.05), 3),
        ("12 megapixels, 2 %", twelve, cases.ellipse(twelve.shape[:2], 0.02), 2),
    ]


def time_pair(truth: np.ndarray, hole: np.ndarray, name: str, repetitions: int) -> tuple[float, float, float]:
    """Return median seconds of ours and of pypatchmatch 3, and the median of their ratios; the two take turns."""
    mine, theirs = fills.ours(name), fills.pypatchmatch(3)
    seconds: dict[str, list[float]] = {"ours": [], "pm3": []}
    for _ in range(repetitions):
        for who, filler in (("pm3", theirs), ("ours", mine)):
            start = time.perf_counter()
            filler(truth, hole, 0)
            seconds[who].append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["pm3"], strict=True)]
    return statistics.median(seconds["ours"]), statistics.median(seconds["pm3"]), statistics.median(ratios)


def times(arguments: argparse.Namespace) -> dict[str, object]:
    """Seconds against pypatchmatch 3, taking turns; kernels are compiled before."""
    warm = cases.photo_case(*cases.PH24[0])
    fills.ours(arguments.engine)(warm.truth, warm.hole, 0)
    answer = {}
    fills.say(arguments, f"{'case':<28} ours s   pm3 s   ratio   load {os.getloadavg()[0]:.1f}")
    for name, truth, hole, repetitions in timed_cases():
        mine, theirs, ratio = time_pair(truth, hole, arguments.engine, repetitions)
        answer[name] = {"ours_s": mine, "pm3_s": theirs, "ratio": ratio}
        fills.say(arguments, f"{name:<28} {mine:6.2f}  {theirs:6.2f}   {ratio:.2f}")
    return answer


def busy(arguments: argparse.Namespace) -> dict[str, float]:
    """The time with a process that spins on one core, over the quiet time."""
    warm = cases.photo_case(*cases.PH24[0])
    fills.ours(arguments.engine)(warm.truth, warm.hole, 0)
    answer = {}
    for name, truth, hole, _ in timed_cases()[:3]:
        seconds: dict[bool, list[float]] = {False: [], True: []}
        filler = fills.ours(arguments.engine)
        for _ in range(7):
            for loaded in (False, True):
                spinner = multiprocessing.get_context("spawn").Process(target=spin, daemon=True) if loaded else None
                if spinner:
                    spinner.start()
                    time.sleep(1.0)  # until it has started to spin
                start = time.perf_counter()
                filler(truth, hole, 0)
                seconds[loaded].append(time.perf_counter() - start)
                if spinner:
                    spinner.terminate()
                    spinner.join()
        quiet, loud = statistics.median(seconds[False]), statistics.median(seconds[True])
        answer[name] = loud / quiet
        fills.say(arguments, f"{name:<28} quiet {quiet:.2f} s, other core busy {loud:.2f} s: x{loud / quiet:.2f}")
    return answer


def spin() -> None:
    """Keep one core busy until terminated."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    while True:
        pass


def memory(arguments: argparse.Namespace) -> dict[str, object]:
    """Peak memory of a child process that does one fill; in brackets what it had just before."""
    answer = {}
    for megapixels in (12, 100):
        for door in ("engine", "inpaint"):
            if door == "engine" and megapixels == 100:
                continue  # the picture alone, as float, is 1.2 GB
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                before, peak, seconds = pool.apply(one_fill, (megapixels, door, arguments.engine))
            answer[f"{megapixels} {door}"] = {"before_gb": before, "peak_gb": peak, "seconds": seconds}
            fills.say(
                arguments,
                f"{megapixels} megapixels, 2 %, {door:<8} peak {peak:.2f} GB (before {before:.2f}), {seconds:.1f} s",
            )
    return answer


def one_fill(megapixels: int, door: str, engine: str) -> tuple[float, float, float]:
    """Fill 2 % of a large picture, in this process; return peak memory before and after, GB, and seconds."""
    import resource

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    pixels = large_picture(megapixels)
    hole = cases.ellipse(pixels.shape[:2], 0.02)
    if door == "inpaint":
        from freefill.inpainter import Inpainter

        fill = Inpainter(engine=engine)
        before, start = peak(), time.perf_counter()
        fill(pixels, hole)
    else:
        crop, loaded = (
            Crop(cases.from_8_bits(pixels), hole),
            registry.load(registry.find(engine), EngineSettings()).engine,
        )
        before, start = peak(), time.perf_counter()
        loaded.fill(crop, 0)
    return before, peak(), time.perf_counter() - start


def large_picture(megapixels: int) -> np.ndarray:
    """Return (H, W, 3) uint8 of that size, tiled of a photograph and its mirror images; made without a large detour."""
    path = str(cases.DATA / "photos_eval" / "large" / "lomiri_sunset.jpg")
    tile = cv2.imread(path)[..., ::-1]
    height, width = round(np.sqrt(megapixels * 1e6 / 1.5)), round(np.sqrt(megapixels * 1e6 * 1.5))
    picture = np.empty((height, width, 3), np.uint8)
    for row, top in enumerate(range(0, height, tile.shape[0])):
        for col, left in enumerate(range(0, width, tile.shape[1])):
            turned = tile[:: -1 if row % 2 else 1, :: -1 if col % 2 else 1]
            part = picture[top : top + tile.shape[0], left : left + tile.shape[1]]
            part[:] = turned[: part.shape[0], : part.shape[1]]
    return picture
