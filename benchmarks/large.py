"""Large pictures through `freefill.inpaint`: seconds, peak memory, and how sharp the fill is against its ring.

    python benchmarks/large.py                         12, 24 and 100 megapixels, with engine auto
    python benchmarks/large.py --mpx 24 --save sheets  one size, with cut-outs for the eye

Each row runs in a process of its own, so that its peak memory is its own. Needs ../shared.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from pathlib import Path

import _cases as cases
import _fills as fills
import _measures as measures
import cv2
import numpy as np

HOLES = {"one hole, 3 %": "one", "twelve holes, 0.05 % each": "twelve"}
LARGE = cases.DATA / "photos_eval" / "large"


def main() -> None:
    """Read the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpx", type=int, choices=(12, 24, 100), action="append")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--save", type=Path, help="writes a cut-out around the first hole: picture, fill")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    fills.say(arguments, fills.processor())
    fills.say(
        arguments, f"{'picture':<10} {'holes':<26} seconds  peak GB (before)  sharp fill/ring  truth/ring  windows"
    )
    rows = []
    for mpx in arguments.mpx or (12, 24, 100):
        for title, kind in HOLES.items():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                row = pool.apply(one_row, (mpx, kind, arguments.engine, arguments.save))
            rows.append({"mpx": mpx, "holes": title, **row})
            fills.say(
                arguments,
                f"{mpx:>3} Mpx    {title:<26} {row['seconds']:7.1f}  {row['peak_gb']:.2f} ({row['before_gb']:.2f})"
                f"{'':<10} {row['sharp']:.2f}{'':<12} {row['truth']:.2f}{'':<8} {row['windows']}",
            )
    if arguments.json:
        print(json.dumps(rows, indent=1))


def one_row(mpx: int, kind: str, engine: str, save: Path | None) -> dict[str, float]:
    """Fill one picture in this process."""
    from freefill.inpainter import Inpainter

    pixels = picture(mpx)
    size = (pixels.shape[0], pixels.shape[1])
    hole = cases.ellipse(size, 0.03) if kind == "one" else twelve(size)
    inpaint = Inpainter(engine=engine)
    small = cases.photo_case(*cases.PH24[0])
    inpaint(cases.to_8_bits(small.truth), small.hole)  # kernels are compiled or read from their cache
    before, start = peak_gb(), time.perf_counter()
    result = inpaint(pixels, hole)
    seconds, peak = time.perf_counter() - start, peak_gb()
    row = {"seconds": seconds, "peak_gb": peak, "before_gb": before, "windows": len(result.plan.windows)}
    sharp, truth_sharp = [], []
    for number, box in enumerate(boxes(hole)):
        truth, filled, inside = cases.from_8_bits(pixels[box]), cases.from_8_bits(result.image[box]), hole[box]
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (65, 65))
        ring = cv2.dilate(inside.astype(np.uint8), kernel).astype(bool) & ~inside
        around = measures.gradient_root(truth, ring)
        sharp.append(measures.gradient_root(filled, inside) / around)
        truth_sharp.append(measures.gradient_root(truth, inside) / around)
        if save is not None:
            marked = np.where(inside[..., None], np.float32([1, 0, 1]), truth)
            fills.sheet(save / f"large_{mpx}_{kind}_{number}.png", [marked, filled])
    row["sharp"], row["truth"] = statistics.median(sharp), statistics.median(truth_sharp)
    return row


def picture(mpx: int) -> np.ndarray:
    """Return (H, W, 3) uint8: a photograph near 12 or of 24 megapixels, or a mosaic of photographs of 100."""
    if mpx == 12:
        return cv2.resize(_read(LARGE / "lomiri_sunset.jpg"), (4256, 2832), interpolation=cv2.INTER_AREA)
    if mpx == 24:
        return _read(next((cases.DATA / "published" / "hifill_large" / "1").glob("raw.*")))
    height, width, cell = 8165, 12247, (2722, 4083)
    names = ("lomiri_bridge", "lomiri_life", "lomiri_friends", "lomiri_wine", "lomiri_sunset", "mate_wood")
    mosaic = np.empty((height, width, 3), np.uint8)
    for number, (row, col) in enumerate(np.ndindex(3, 3)):
        part = mosaic[row * cell[0] : (row + 1) * cell[0], col * cell[1] : (col + 1) * cell[1]]
        photo = _read(LARGE / f"{names[number % len(names)]}.jpg")
        more = [(0, max(0, want - have)) for want, have in zip(part.shape[:2], photo.shape[:2], strict=True)]
        part[:] = np.pad(photo, (*more, (0, 0)), mode="symmetric")[: part.shape[0], : part.shape[1]]
    return mosaic


def twelve(size: tuple[int, int]) -> np.ndarray:
    """Return twelve ellipses on a grid of 3 x 4, each a two-thousandth of the picture."""
    hole = np.zeros(size, bool)
    part = size[0] // 3, size[1] // 4
    for row, col in np.ndindex(3, 4):
        place = hole[row * part[0] : (row + 1) * part[0], col * part[1] : (col + 1) * part[1]]
        place |= cases.ellipse(part, 0.0005 * 12)
    return hole


def boxes(hole: np.ndarray, margin_px: int = 100) -> list[tuple[slice, slice]]:
    """Return the box of each part of the hole, with a margin."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
    return [
        (
            slice(max(0, top - margin_px), min(hole.shape[0], top + height + margin_px)),
            slice(max(0, left - margin_px), min(hole.shape[1], left + width + margin_px)),
        )
        for left, top, width, height in stats[1:, :4].tolist()
    ]


def peak_gb() -> float:
    """Return this process's peak memory so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _read(path: Path) -> np.ndarray:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)  # not through floats: they would be the peak
    if bgr is None:
        sys.exit(f"{path}: not there; this benchmark needs the data set in ../shared")
    return np.ascontiguousarray(bgr[..., ::-1])


if __name__ == "__main__":
    main()
