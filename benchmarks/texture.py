"""Patch synthesis of our own against pypatchmatch 3 and 5, in one run.

    python benchmarks/texture.py                                   every section, on the 24 pictures
    python benchmarks/texture.py --only quality --set ph12 --cache /tmp/fills   the tuning run
    python benchmarks/texture.py --only look --save sheets         side by side, for the eye

Needs ../shared, the extra `patchmatch`, and ST-LPIPS's weights (--stlpips, $FREEFILL_STLPIPS, or the weights folder).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")

import _cases as cases
import _fills as fills
import _measures as measures
import _speed as speed
import cv2
import numpy as np

from freefill.values import Guide


def main() -> None:
    """Read the options and run the sections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="may be given more than once")
    parser.add_argument("--set", choices=(*cases.SETS, "both"), default="both", help="both = ph24 and large")
    parser.add_argument("--engine", default="texture", help="the engine that is ours")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, help="keeps pypatchmatch's fills and figures between runs")
    parser.add_argument("--save", type=Path, help="writes sheets: masked, truth, pm5, ours (look: also published)")
    parser.add_argument("--stlpips", help="alex_shift_tolerant.pth")
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    arguments = parser.parse_args()
    figures: dict[str, object] = {"processor": fills.processor(), "engine": arguments.engine}
    for section in arguments.only or [s for s in SECTIONS if s != "look" or arguments.save]:
        print(f"\n## {section}", file=sys.stderr if arguments.json else sys.stdout)
        figures[section] = SECTIONS[section](arguments)
    if arguments.json:
        print(json.dumps(figures, indent=1))


# --- sections ----------------------------------------------------------------------------------------------------


def quality(arguments: argparse.Namespace) -> dict[str, object]:
    """Irregular holes in photographs: distance, PSNR, seam, sharpness."""
    distance = measures.load_distance(arguments.stlpips)
    names = ("ph24", "large") if arguments.set == "both" else (arguments.set,)
    fillers = {"pm3": fills.pypatchmatch(3), "pm5": fills.pypatchmatch(5), "ours": fills.ours(arguments.engine)}
    answer: dict[str, object] = {}
    for name in names:
        rows = []
        fills.say(arguments, f"\n{name:<28} hole    pm3    pm5   ours   /pm3  psnr 3/ours  seam  sharp      s")
        for case in cases.photo_cases(name):
            figures: dict[str, dict[str, float]] = {}
            composites: dict[str, np.ndarray] = {}
            for who, filler in fillers.items():
                folder = None if who == "ours" else arguments.cache
                start = time.perf_counter()
                composites[who] = fills.cached(
                    folder,
                    f"{who}_{arguments.seed}",
                    case,
                    lambda filler=filler, case=case: filler(case.truth, case.hole, arguments.seed),
                )
                seconds = time.perf_counter() - start
                figures[who] = fills.cached_figures(
                    folder,
                    f"{who}_{arguments.seed}",
                    case,
                    lambda who=who, case=case, composites=composites: measures.measure(
                        distance, case.truth, composites[who], case.hole
                    ),
                )
                figures[who]["seconds"] = seconds
            rows.append({"case": case.name, "bin": case.bin, "hole": float(case.hole.mean()), **figures})
            pm3, pm5, mine = (figures[who] for who in fillers)
            fills.say(
                arguments,
                f"{case.name:<28} {case.hole.mean():.2f}  {pm3['d']:.3f}  {pm5['d']:.3f}  {mine['d']:.3f}  "
                f"{mine['d'] / pm3['d']:.2f}   {pm3['psnr']:5.2f} {mine['psnr']:5.2f}  {mine['seam']:.2f}  "
                f"{mine['sharp']:.2f}  {mine['seconds']:6.2f}",
            )
            if arguments.save:
                fills.sheet(
                    arguments.save / f"{name}_{case.name}.png",
                    [fills.masked(case), case.truth, composites["pm5"], composites["ours"]],
                )
        summary = summarise(rows)
        answer[name] = {"summary": summary, "rows": rows}
        for line in summary:
            fills.say(arguments, line)
    return answer


def summarise(rows: list[dict]) -> list[str]:
    """Return the lines of the table in docs/results."""
    lines = []
    for other in ("pm3", "pm5"):
        ratios = [row["ours"]["d"] / row[other]["d"] for row in rows]
        bins = sorted({row["bin"] for row in rows})
        by_bin = {
            b: measures.geometric_mean([r for r, row in zip(ratios, rows, strict=True) if row["bin"] == b])
            for b in bins
        }
        texts = "  ".join(f"{b}: {ratio:.2f}" for b, ratio in by_bin.items())
        lines.append(
            f"d against {other}: x{measures.geometric_mean(ratios):.3f}  win/tie/loss {measures.wins(ratios)}   {texts}"
        )
    halves = [row["ours"]["d"] / row["pm3"]["d"] for row in rows]
    if len(rows) == 24:
        lines.append(
            f"  first 12 (tuning) x{measures.geometric_mean(halves[:12]):.3f}, "
            f"last 12 x{measures.geometric_mean(halves[12:]):.3f}"
        )
    for key, kind in (("psnr", statistics.mean), ("seam", statistics.median), ("sharp", statistics.median)):
        values = "  ".join(f"{who} {kind([row[who][key] for row in rows]):.2f}" for who in ("ours", "pm3", "pm5"))
        lines.append(f"{key} ({kind.__name__}): {values}")
    return lines


def guided(arguments: argparse.Namespace) -> dict[str, object]:
    """MI-GAN's published fill at an eighth as the guide; then a guide that knows nothing."""
    distance = measures.load_distance(arguments.stlpips)
    plain, rows = fills.ours(arguments.engine), []
    fills.say(arguments, f"{'case':<44} hole    pm3  plain guided  migan  guided/plain")
    for path in cases.FREEFORM:
        case = cases.published_case(path)
        assert case.published is not None
        small = fills.reduced(case.published, 8)
        composites = {
            "pm3": fills.cached(
                arguments.cache, "pm3", case, lambda case=case: fills.pypatchmatch(3)(case.truth, case.hole, 0)
            ),
            "plain": plain(case.truth, case.hole, arguments.seed),
            "guided": fills.ours(arguments.engine, Guide("image", small))(case.truth, case.hole, arguments.seed),
            "migan": case.published,
        }
        d = {who: distance.in_hole(case.truth, fill, case.hole) for who, fill in composites.items()}
        sharp = {
            who: measures.gradient_root(f, case.hole) / measures.gradient_root(case.truth, case.hole)
            for who, f in composites.items()
        }
        rows.append({"case": case.name, "hole": float(case.hole.mean()), "d": d, "sharp": sharp})
        fills.say(
            arguments,
            f"{case.name:<44} {case.hole.mean():.2f}  {d['pm3']:.3f}  {d['plain']:.3f}  {d['guided']:.3f}  "
            f"{d['migan']:.3f}  {d['guided'] / d['plain']:.2f}",
        )
        if arguments.save:
            parts = [fills.masked(case), case.truth, composites["plain"], composites["guided"], composites["migan"]]
            fills.sheet(arguments.save / f"guided_{case.name}.png", parts)
    mean = {who: statistics.mean([row["d"][who] for row in rows]) for who in ("pm3", "plain", "guided", "migan")}
    closed = (mean["pm3"] - mean["guided"]) / (mean["pm3"] - mean["migan"])
    lines = [
        "mean d: " + "  ".join(f"{who} {value:.3f}" for who, value in mean.items()),
        f"guided against plain: {mean['guided'] / mean['plain'] - 1:+.1%}; "
        f"share of the gap from pm3 to MI-GAN closed: {closed:.0%}",
        "sharp (median): " + "  ".join(f"{w} {statistics.median([r['sharp'][w] for r in rows]):.2f}" for w in mean),
    ]
    ratios = []
    for case in (case for case in cases.photo_cases("ph24") if case.bin != "00-10"):
        guide = Guide("image", fills.reduced(fills.push_pull(case.truth, case.hole), 8))
        with_it = fills.ours(arguments.engine, guide)(case.truth, case.hole, arguments.seed)
        without = plain(case.truth, case.hole, arguments.seed)
        ratios.append(
            distance.in_hole(case.truth, with_it, case.hole) / distance.in_hole(case.truth, without, case.hole)
        )
    lines.append(
        f"weak guide (push-pull at 1/8), holes of 10 to 40 %, {len(ratios)} pictures: "
        f"d x{measures.geometric_mean(ratios):.3f}"
    )
    for line in lines:
        fills.say(arguments, line)
    return {"summary": lines, "rows": rows, "weak": ratios}


def grain(arguments: argparse.Namespace) -> dict[str, float]:
    """Noise energy of the fill over that around it, on smooth photographs to which grain was added."""
    rows, rng = {}, np.random.default_rng(3)
    for name in ("mate_aqua.jpg", "mate_freshflower.jpg", "mate_yellowflower.jpg", "lomiri_sunset.jpg"):
        smooth = cv2.GaussianBlur(cases.read_rgb(cases.DATA / "photos_eval" / "large" / name, 512), (0, 0), 1.5)
        noisy = np.clip(0.1 + 0.8 * smooth + rng.normal(0, 0.02, smooth.shape), 0, 1).astype(np.float32)
        hole = cases.ellipse((noisy.shape[0], noisy.shape[1]), 0.06)
        composites = {
            "truth": noisy,
            "ours": fills.ours(arguments.engine)(noisy, hole, 0),
            "pm3": fills.pypatchmatch(3)(noisy, hole, 0),
        }
        rows[name] = {who: measures.grain_ratio(fill, hole) for who, fill in composites.items()}
        fills.say(arguments, f"{name:<24} " + "  ".join(f"{who} {value:.2f}" for who, value in rows[name].items()))
    medians = {who: statistics.median([row[who] for row in rows.values()]) for who in ("truth", "ours", "pm3")}
    fills.say(
        arguments, "noise energy, hole over ring (median): " + "  ".join(f"{w} {v:.2f}" for w, v in medians.items())
    )
    return medians


def look(arguments: argparse.Namespace) -> dict[str, str]:
    """Write sheets of the published cases: masked, pm5, published, ours."""
    if arguments.save is None:
        sys.exit("look needs --save FOLDER")
    written = {}
    for path in cases.OFFICIAL + cases.OBJECTS + cases.FREEFORM:
        case = cases.published_case(path)
        theirs = fills.cached(
            arguments.cache, "pm5", case, lambda case=case: fills.pypatchmatch(5)(case.truth, case.hole, 0)
        )
        mine = fills.ours(arguments.engine)(case.truth, case.hole, arguments.seed)
        published = case.published if case.published is not None else fills.masked(case)
        parts = [fills.masked(case), theirs, published, mine]
        written[case.name] = str(fills.sheet(arguments.save / f"look_{case.name}.png", parts, across=2))
        fills.say(arguments, written[case.name])
    return written


SECTIONS = {
    "quality": quality,
    "guided": guided,
    "grain": grain,
    "time": speed.times,
    "memory": speed.memory,
    "busy": speed.busy,
    "look": look,
}

if __name__ == "__main__":
    main()
