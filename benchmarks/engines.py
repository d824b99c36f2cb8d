"""Which engine for which hole: the measurement behind `auto` and behind patchmatch's patch size.

    python benchmarks/engines.py                       all tables
    python benchmarks/engines.py --only widths         scratches, lettering, dust by their width
    python benchmarks/engines.py --engine texture --engine telea --cache /tmp/fills
    python benchmarks/engines.py --only look --save sheets       20 fills by four engines, for the eye

Needs ../shared, the extras `patchmatch` and `biharmonic`, and ST-LPIPS's weights.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import _cases as cases
import _fills as fills
import _measures as measures
import cv2

from freefill.errors import EngineError
from freefill.metrics.psnr import psnr_db

ENGINES = ("pm3", "pm5", "pm7", "telea", "ns", "biharmonic", "texture")
WIDTHS_PX = {"scratches": (1, 2, 4, 8, 16, 32), "lettering": (1, 3, 8), "dust": (1, 2, 4)}  # dust: radius
WIDTH_PHOTOS = (
    "bsds500/118072.jpg",
    "bsds500/33044.jpg",
    "bsds500/8068.jpg",
    "coco_other/000000000471.jpg",
    "coco_other/000000269314.jpg",
    "kodak/kodim08.webp",
    "kodak/kodim23.webp",
    "urban100/img_017.webp",
)
Row = dict[str, dict[str, float]]  # engine -> d, psnr, seconds


def main() -> None:
    """Read the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="the first is what ratios refer to")
    parser.add_argument("--cache", type=Path, help="keeps fills between runs; seconds are then of the first")
    parser.add_argument("--save", type=Path, help="writes sheets: masked, truth, and each engine's fill")
    parser.add_argument("--stlpips", help="alex_shift_tolerant.pth")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    arguments.engine = arguments.engine or list(ENGINES)
    arguments.distance = measures.load_distance(arguments.stlpips)
    answer: dict[str, object] = {"processor": fills.processor()}
    for section in arguments.only or [s for s in SECTIONS if s != "look"]:
        fills.say(arguments, f"\n## {section}")
        answer[section] = SECTIONS[section](arguments)
    if arguments.json:
        print(json.dumps(answer, indent=1))


def irregular(arguments: argparse.Namespace) -> list[dict]:
    """Photographs with irregular holes, by hole share, then by thickness."""
    rows = [measured(arguments, case) for case in cases.photo_cases("ph24") + cases.photo_cases("large")]
    for title, key, groups in (
        ("hole share, %", "bin", sorted({row["bin"] for row in rows})),
        ("radius, px", "thick", ("to 40", "40-60", "60-90", "over 90")),
    ):
        table(arguments, title, [(group, [row for row in rows if row[key] == group]) for group in groups])
    first, *others = arguments.engine
    for other in others:
        both = [row["engines"] for row in rows if first in row["engines"] and other in row["engines"]]
        ratios = [engines[other]["d"] / engines[first]["d"] for engines in both]
        if ratios:
            mean, count = measures.geometric_mean(ratios), measures.wins(ratios)
            fills.say(arguments, f"d of {other} over {first}: x{mean:.2f}, better/level/worse {count} of {len(ratios)}")
    return rows


def widths(arguments: argparse.Namespace) -> list[dict]:
    """Scratches, lettering and dust by the width of the stroke: where patches begin to win over diffusion."""
    draw = {
        "scratches": cases.scratches,
        "lettering": lambda size, width, _: cases.lettering(size, width),
        "dust": cases.dust,
    }
    rows = []
    for kind, wide in WIDTHS_PX.items():
        groups = []
        for width in wide:
            group = []
            for number, photo in enumerate(WIDTH_PHOTOS):
                truth = cases.read_rgb(cases.DATA / "photos_eval" / photo, 512)
                size = (truth.shape[0], truth.shape[1])
                hole = draw[kind](size, width, number)
                group.append(measured(arguments, cases.Case(f"{kind}{width}_{number}", truth, hole)))
            groups.append((f"{width} px ({statistics.median([2 * row['radius_px'] for row in group]):.0f})", group))
            rows += group
        table(arguments, f"{kind} (thickness)", groups)
    return rows


def tiny(arguments: argparse.Namespace) -> list[dict]:
    """Small pictures, a tenth missing: PSNR and seconds (the distance needs larger ones)."""
    rows = []
    for side in (16, 24, 32, 48, 64, 96):
        figures: dict[str, list[float]] = {}
        for photo in WIDTH_PHOTOS:
            square = cases.read_rgb(cases.DATA / "photos_eval" / photo, 512)
            square = square[: min(square.shape[:2]), : min(square.shape[:2])]
            truth = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
            hole = cases.ellipse((side, side), 0.1)
            for engine in arguments.engine:
                try:
                    fill = filler(engine)(truth, hole, 0)
                except EngineError:
                    continue
                figures.setdefault(engine, []).append(psnr_db(truth, fill, hole))
        rows.append({"side": side, **{engine: statistics.mean(values) for engine, values in figures.items()}})
        texts = "  ".join(f"{engine} {statistics.mean(values):5.2f}" for engine, values in figures.items())
        fills.say(arguments, f"{side:>3} px, dB:  {texts}")
    return rows


def look(arguments: argparse.Namespace) -> list[str]:
    """Write sheets of 20 photographs: masked and truth above, texture, pypatchmatch 3 and 5 and ns below."""
    folder, written = arguments.save or Path("sheets"), []
    for case in cases.photo_cases("ph24")[:20]:
        parts = [fills.masked(case), case.truth]
        for engine in ("texture", "pm3", "pm5", "ns"):
            cache = arguments.cache if engine != "texture" else None  # ours still changes
            parts.append(
                fills.cached(
                    cache,
                    f"{engine}_0",
                    case,
                    lambda engine=engine, case=case: filler(engine)(case.truth, case.hole, 0),
                )
            )
        written.append(str(fills.sheet(folder / f"engines_{case.name}.png", parts, across=3)))
        fills.say(arguments, written[-1])
    return written


def filler(name: str) -> fills.Filler:
    """Return pypatchmatch with a radius, or an engine of the registry."""
    return fills.pypatchmatch(int(name[2:])) if name.startswith("pm") else fills.ours(name)


def measured(arguments: argparse.Namespace, case: cases.Case) -> dict:
    """Fill one case with every engine."""
    radius = cases.thickness_px(case.hole)
    thick = "to 40" if radius <= 40 else "40-60" if radius <= 60 else "60-90" if radius <= 90 else "over 90"
    row: dict = {"case": case.name, "bin": case.bin, "radius_px": radius, "thick": thick, "engines": {}}
    for engine in arguments.engine:
        start = time.perf_counter()
        try:
            composite = fills.cached(
                arguments.cache, f"{engine}_0", case, lambda engine=engine: filler(engine)(case.truth, case.hole, 0)
            )
        except EngineError:
            continue  # too thick for it, by its own word
        seconds = time.perf_counter() - start
        figures = fills.cached_figures(
            arguments.cache,
            f"engines_{engine}_0",
            case,
            lambda composite=composite, seconds=seconds: {
                "d": arguments.distance.in_hole(case.truth, composite, case.hole),
                "psnr": psnr_db(case.truth, composite, case.hole),
                "seconds": seconds,
            },
        )
        row["engines"][engine] = figures
    print(".", end="", file=sys.stderr, flush=True)
    return row


def table(arguments: argparse.Namespace, title: str, groups: list[tuple[str, list[dict]]]) -> None:
    """Print for each group and engine: mean d, mean PSNR, median seconds; a dash where the engine declined."""
    fills.say(arguments, f"\n{title:<22} n  " + "".join(f"{engine:>20}" for engine in arguments.engine))
    for name, rows in groups:
        line = f"{name:<22} {len(rows):<3}"
        for engine in arguments.engine:
            done = [row["engines"][engine] for row in rows if engine in row["engines"]]
            if not rows or len(done) < len(rows):
                line += f"{'- (' + str(len(done)) + ')':>20}"
                continue
            d, db = (statistics.mean([figures[key] for figures in done]) for key in ("d", "psnr"))
            line += f"{d:8.3f} {db:5.1f} {statistics.median([f['seconds'] for f in done]):5.2f}"
        fills.say(arguments, line)


SECTIONS = {"irregular": irregular, "widths": widths, "tiny": tiny, "look": look}

if __name__ == "__main__":
    main()
