"""What `--tries` is worth: the first fill against the one that the diagnosis chose.

    python benchmarks/diagnosis_tries.py fill objects ../shared/data --out objects     # of things' shapes
    python benchmarks/diagnosis_tries.py fill objects ../shared/data --out new --seed 29   # other holes
    python benchmarks/diagnosis_tries.py pairs objects --out pairs --count 40          # side by side, order hidden
    python benchmarks/diagnosis_tries.py verdicts pairs                                # after somebody judged them
    python benchmarks/diagnosis_tries.py fill bins ../shared/data --out bins           # six bins of hole share
    python benchmarks/diagnosis_tries.py bins bins                                     # against the truth; objects too

`fill` keeps what it has made: started again, it goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from _coco_people import scenes
from _jobs_page import write_pair

from freefill.evaluation.cases import Case
from freefill.evaluation.measures import Measurer, choose
from freefill.evaluation.statistics import paired
from freefill.inpainter import Inpainter
from freefill.tries import MOST_HOLE, best_of, margin
from freefill.values import Mask, Options, Picture

SIDES_PX = {"objects": 640, "bins": 256}  # long side of a picture
TRIES = 3
SEED = 28  # of the holes of objects, unless told
STEP = {"objects": 1, "bins": 5}  # every so many-th photograph
MEASURES = ("st_lpips", "psnr_hole", "edge_error")


def photographs(data: Path, side_px: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and picture, (H, W, 3) uint8, in the order of the index."""
    with (data / "photos_eval" / "index.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    for name in names:
        image = cv2.cvtColor(cv2.imread(str(data / "photos_eval" / name)), cv2.COLOR_BGR2RGB)
        ratio = min(1.0, side_px / max(image.shape[:2]))
        yield Path(name).stem, cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)


def objects(data: Path, seed: int = SEED) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield photographs with a hole of a person's shape, 3 to 12 % of the picture, where it crosses most edges of four.

    The shapes are those of coco_people in turn; every photograph comes twice, with other holes. Another seed gives
    other shapes, sizes and places, and names that say so: new cases beside the old ones.
    """
    shapes = [person.hole for scene in scenes() for person in scene.persons if person.size_px > 60]
    photos = list(photographs(data, SIDES_PX["objects"]))
    photos += [(f"{name}-again", image) for name, image in photos]
    for number, (name, image) in enumerate(photos):
        rng = np.random.default_rng([seed, number])
        shape = shapes[(7 * number + seed - SEED) % len(shapes)]
        rows, cols = np.nonzero(shape)
        cut = shape[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1].astype(np.uint8)
        height, width = image.shape[:2]
        ratio = float(np.sqrt(rng.uniform(0.03, 0.12) * height * width / cut.sum()))
        ratio = min(ratio, 0.9 * height / cut.shape[0], 0.9 * width / cut.shape[1])
        cut = cv2.resize(cut, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_NEAREST)
        light = cv2.GaussianBlur(image.mean(axis=2).astype(np.float32), (0, 0), 1.5)
        edges = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
        placed = []
        for _ in range(4):
            hole = np.zeros((height, width), np.uint8)
            top, left = rng.integers(0, height - cut.shape[0] + 1), rng.integers(0, width - cut.shape[1] + 1)
            hole[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
            rim = cv2.morphologyEx(hole, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
            placed.append((float(np.percentile(edges[rim], 80)), hole > 0))
        called = name if seed == SEED else f"{name}-seed{seed}"
        yield called, image, max(placed, key=lambda each: each[0])[1]


def bins(data: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield photographs with one irregular mask of each bin of hole share."""
    with (data / "masks_irregular" / "index.csv").open() as file:
        masks = [row["file"] for row in csv.DictReader(file)]
    for number, (name, image) in enumerate(photographs(data, SIDES_PX["bins"])):
        for bin_ in sorted({Path(mask).parts[0] for mask in masks}):
            files = sorted(mask for mask in masks if Path(mask).parts[0] == bin_)
            mask = cv2.imread(str(data / "masks_irregular" / files[number % len(files)]), cv2.IMREAD_GRAYSCALE)
            hole = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 127
            yield f"{name}@{bin_}", image, hole


def fill(arguments: argparse.Namespace) -> None:
    """Fill every case in several ways; keep picture, hole, and each fill with its score, the user's own first."""
    arguments.out.mkdir(exist_ok=True)
    made = bins(arguments.data) if arguments.kind == "bins" else objects(arguments.data, arguments.seed)
    per = 6 if arguments.kind == "bins" else 1
    engine = Inpainter("auto")
    for number, (name, image, hole) in enumerate(made):
        kept = arguments.out / f"{name}.npz"
        if (number // per - arguments.first) % STEP[arguments.kind] or kept.exists():
            continue
        if hole.mean() > MOST_HOLE:
            continue  # the first fill stays, whatever the others look like: what is kept less the first is nothing
        start = time.perf_counter()
        # Without a bound of time: a busy machine would try less.
        tries = best_of(Picture(image), Mask(hole), Options(), engine, TRIES, bound_s=1e9)
        kinds = {each.kind: each for each in tries}
        own = engine.engine_for(Mask(hole))  # the first try is named by its engine alone
        order = [own, *(kind for kind in kinds if kind != own)]
        table = [{"kind": kind, "score": kinds[kind].diagnosis.score} for kind in order]
        fills = np.stack([kinds[kind].result.picture.pixels for kind in order])
        np.savez_compressed(kept, image=image, hole=hole, fills=fills, table=json.dumps(table))
        said = ", ".join(f"{row['kind']} {row['score']:.2f}" for row in table)
        print(f"{name}: {said} ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)


def chosen(folder: Path) -> Iterator[tuple[str, dict, int]]:
    """Yield every case with which of its fills `--tries` keeps: the first unless another is better by its margin."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as case:
            read = {name: case[name] for name in case.files}
        own, *others = json.loads(str(read["table"]))
        scores = [own["score"], *(row["score"] + margin(row["kind"]) for row in others)]
        yield path.stem, read, int(np.argmin(scores)) if read["hole"].mean() <= MOST_HOLE else 0


def pairs(arguments: argparse.Namespace) -> None:
    """Write the cases in which `--tries` keeps another fill than the first, evenly taken; the key lies beside."""
    differ = [(name, case, best) for name, case, best in chosen(arguments.cases) if best]
    total = len(list(arguments.cases.glob("*.npz")))
    take = [differ[k] for k in np.linspace(0, len(differ) - 1, min(arguments.count, len(differ))).astype(int)]
    arguments.out.mkdir(exist_ok=True)
    rng, key = np.random.default_rng(28), [("name", "x", "y", "kept")]
    for number, (name, case, best) in enumerate(take, 1):
        swapped = bool(rng.integers(2))
        two = (0, best) if not swapped else (best, 0)
        image = case["image"][..., ::-1]
        shown = {side: np.ascontiguousarray(case["fills"][k][..., ::-1]) for side, k in zip("xy", two, strict=True)}
        called = f"{number:02}_{name}"
        crops = write_pair(arguments.out, called, np.ascontiguousarray(image), case["hole"], shown)
        _side_by_side(arguments.out, called, crops)
        x, y = ("chosen", "first") if swapped else ("first", "chosen")
        key.append((called, x, y, json.loads(str(case["table"]))[best]["kind"]))
    with arguments.out.with_suffix(".key.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(key)
    print(f"{len(differ)} of {total} differ from the first fill; {len(take)} pairs in {arguments.out}")


def _side_by_side(folder: Path, name: str, crops: int) -> None:
    """Put x left and y right of a white line, whole with the hole's contour before them, and each crop at 100 %."""
    for part in ("", *(f"_crop{number}" for number in range(1, crops + 1))):
        shown = [cv2.imread(str(folder / f"{name}_{side}{part}.png")) for side in ("before", "x", "y")]
        line = np.full((shown[0].shape[0], 8, 3), 255, np.uint8)
        both = [shown[0], line, shown[1], line, shown[2]] if not part else [shown[1], line, shown[2]]
        cv2.imwrite(str(folder / f"{name}_both{part}.png"), np.concatenate(both, axis=1))


def verdicts(arguments: argparse.Namespace) -> None:
    """Print what a blind judge said: NAME.verdicts.csv beside the folder has name, better (x, y or same)."""
    with arguments.pairs.with_suffix(".key.csv").open() as file:
        key = {row["name"]: row for row in csv.DictReader(file)}
    with arguments.pairs.with_suffix(".verdicts.csv").open() as file:
        said = [(row["name"], row["better"]) for row in csv.DictReader(file)]
    words = [key[name][side] if side in ("x", "y") else "same" for name, side in said]
    better, worse = words.count("chosen"), words.count("first")
    print(f"{len(words)} pairs: what --tries kept is better in {better}, worse in {worse}, {words.count('same')} alike")


def by_bins(arguments: argparse.Namespace) -> None:
    """Print, by hole share, the mean difference of kept and first fill from the truth, with its interval."""
    measurer, rows = Measurer(choose(MEASURES)), []
    for name, case, best in chosen(arguments.cases):
        truth = case["image"]
        given = Case(name, truth, case["hole"], truth)
        first = measurer.of_case(given, case["fills"][0])
        kept = measurer.of_case(given, case["fills"][best]) if best else first
        tens = min(int(10 * case["hole"].mean()), 5)
        rows.append((f"{10 * tens} to {10 * tens + 10} %", best, first, kept))
    print("| hole | cases | another fill kept | " + " | ".join(f"{name}, kept less first" for name in MEASURES) + " |")
    print("|---" * (3 + len(MEASURES)) + "|")
    for bin_ in [*sorted({row[0] for row in rows}), "all"]:
        mine = [row for row in rows if bin_ in ("all", row[0])]
        cells = []
        for measure in choose(MEASURES):
            if measure.name not in mine[0][2]:
                cells.append("its weights are not here")
                continue
            a, b = (np.array([row[k][measure.name] for row in mine], float) for k in (3, 2))
            apart, word = paired(a, b, measure.better)
            cells.append(f"{apart.mean:+.4f} ({apart.low:+.4f} to {apart.high:+.4f}), {word}")
        print(f"| {bin_} | {len(mine)} | {sum(row[1] > 0 for row in mine)} | " + " | ".join(cells) + " |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("fill")
    first.add_argument("kind", choices=("objects", "bins"))
    first.add_argument("data", type=Path)
    first.add_argument("--out", type=Path, required=True)
    first.add_argument("--first", type=int, default=0, help="of bins, where every fifth photograph begins: 0 to 4")
    first.add_argument("--seed", type=int, default=SEED, help=f"of objects, of the holes; not {SEED}: other holes")
    first.set_defaults(run=fill)
    second = commands.add_parser("pairs")
    second.add_argument("cases", type=Path)
    second.add_argument("--out", type=Path, required=True)
    second.add_argument("--count", type=int, default=40)
    second.set_defaults(run=pairs)
    third = commands.add_parser("verdicts")
    third.add_argument("pairs", type=Path)
    third.set_defaults(run=verdicts)
    fourth = commands.add_parser("bins")
    fourth.add_argument("cases", type=Path)
    fourth.set_defaults(run=by_bins)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
