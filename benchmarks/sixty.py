"""Fills of ours, judged by eye before any score was known, held against every score of the diagnosis.

    python benchmarks/sixty.py fill ../shared/data/coco_people --out sixty      # 20 pictures with people, four engines
    python benchmarks/sixty.py sheets sixty                                     # to look at; engines are hidden
    python benchmarks/sixty.py tables sixty                                     # against benchmarks/sixty_verdicts.csv

Every second mask is the annotation as it is, too tight for most; the others are grown by 7 px of 400. `fill` goes on
where it stopped. sixty_verdicts.csv names a fill by its letter on its sheet.
"""

from __future__ import annotations

import argparse
import csv
import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from _diagnosis_people import spearman

from diagnosis import auc
from freefill.diagnosis.diagnose import diagnose
from freefill.evaluation.cases import Case
from freefill.evaluation.measures import Measurer, choose
from freefill.images.read import read_picture
from freefill.inpainter import Inpainter
from freefill.judging import half_tokens
from freefill.masks.coco import picture_mask, read_coco
from freefill.values import Mask, Options, Picture

VERDICTS = Path(__file__).with_name("sixty_verdicts.csv")
WORDS = ("good", "doubtful", "bad")
ENGINES = ("texture", "patchmatch", "telea", "deepfillv2")
SIDE_PX = 400
LITERATURE = {"rc_s_dinov2s": -1, "token_coherence": -1, "context_distance": 1}  # 1 = more is worse


def fill(arguments: argparse.Namespace) -> None:
    """Write picture, hole and fill of every case."""
    arguments.out.mkdir(exist_ok=True)
    coco, picks = read_coco(arguments.coco / "instances.json"), []
    for entry in coco.pictures:
        if any(each.category == "person" for each in entry.annotations):
            picture = read_picture(arguments.coco / "images" / entry.file)
            mask = picture_mask(coco, entry, ("person",))
            if picture.pixels.shape[2] == 3 and 0.01 < mask.hole.mean() < 0.25:
                picks.append((entry, picture, mask))
    engines = {name: Inpainter(name) for name in ENGINES}
    for number, (entry, picture, mask) in enumerate(picks[2::2][:20]):
        share = SIDE_PX / max(picture.size)
        size = round(picture.size[1] * share), round(picture.size[0] * share)
        image = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
        hole = cv2.resize(mask.hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        if number % 2:
            hole = cv2.dilate(hole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
        for name, engine in engines.items():
            kept = arguments.out / f"{Path(entry.file).stem}-{name}.npz"
            if kept.exists():
                continue
            done = engine.run(Picture(image), Mask(hole > 0), Options())
            copied = np.zeros((0, 2), np.int32) if done.copied_from is None else done.copied_from
            np.savez_compressed(kept, before=image, hole=hole > 0, after=done.picture.pixels, copied_from=copied)


def hidden(picture: str) -> dict[str, str]:
    """Return which engine stands behind which letter of a picture's sheet."""
    order = np.random.default_rng([28, int(picture)]).permutation(len(ENGINES))
    return dict(zip("abcd", (ENGINES[k] for k in order), strict=True))


def sheets(arguments: argparse.Namespace) -> None:
    """Write, for every picture, one sheet: the hole's contour on the picture above, fills a, b over c, d below it."""
    for picture in sorted({path.stem.rsplit("-", 1)[0] for path in arguments.cases.glob("*.npz")}):
        tiles = []
        for engine in hidden(picture).values():
            with np.load(arguments.cases / f"{picture}-{engine}.npz") as case:
                before, hole, after = case["before"], case["hole"], case["after"]
            tiles.append(after)
        contours, _ = cv2.findContours(hole.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        marked = cv2.drawContours(before.copy(), contours, -1, (255, 0, 255), 1)
        rows = [np.hstack([before, marked]), np.hstack(tiles[:2]), np.hstack(tiles[2:])]
        large = cv2.resize(np.vstack(rows), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(arguments.cases / f"{picture}.png"), cv2.cvtColor(large, cv2.COLOR_RGB2BGR))


def tables(arguments: argparse.Namespace) -> None:
    """Print, for every score, how well it parts bad fills from the others, and its rank correlation."""
    rows = [row | {"engine": hidden(row["picture"])[row["fill"]]} for row in csv.DictReader(VERDICTS.open())]
    known = arguments.cases / "scores.json"
    values = json.loads(known.read_text()) if known.is_file() else []
    for row in rows[len(values) :]:  # goes on where it stopped
        values.append(_scores(arguments.cases, row, literature=arguments.literature))
        known.write_text(json.dumps(values))
    grade = np.array([WORDS.index(row["verdict"]) for row in rows], float)
    print(f"{len(rows)} fills: {', '.join(f'{(grade == k).sum()} {word}' for k, word in enumerate(WORDS))}\n")
    print("| score | AUC, bad against the others | AUC, good against the others | rank correlation | best of four |")
    print("|---|---|---|---|---|")
    for name in values[0]:
        if name == "verdict":
            continue
        x = np.array([LITERATURE.get(name, 1) * each[name] for each in values], float)
        groups = [
            np.array([n for n, row in enumerate(rows) if row["picture"] == p])
            for p in dict.fromkeys(row["picture"] for row in rows)
        ]
        told = [grade[g[np.argmin(x[g])]] == grade[g].min() for g in groups if np.ptp(grade[g]) > 0]
        bad, good = (
            f"{auc(x[~worse], x[worse]):.2f}" if 0 < worse.sum() < len(x) else "–" for worse in (grade == 2, grade > 0)
        )
        print(f"| {name} | {bad} | {good} | {spearman(x, grade):+.2f} | {sum(told)} of {len(told)} |")
    said = np.array([WORDS.index(each["verdict"]) for each in values])
    table = [[int(((grade == meant) & (said == word)).sum()) for word in range(3)] for meant in range(3)]
    print("\n| by eye | said good | doubtful | bad |\n|---|---|---|---|")
    for word, counts in zip(WORDS, table, strict=True):
        print(f"| {word} | " + " | ".join(map(str, counts)) + " |")
    print(
        f"\nThe same word: {int((said == grade).sum())} of {len(rows)}; rank correlation {spearman(said, grade):+.2f}"
    )


def _scores(folder: Path, row: dict[str, str], *, literature: bool) -> dict[str, float | str]:
    with np.load(folder / f"{row['picture']}-{row['engine']}.npz") as case:
        before, hole, after, copied = case["before"], case["hole"], case["after"], case["copied_from"]
    found = diagnose(before, hole, after, half_tokens(), copied if len(copied) else None)
    scores: dict[str, float | str] = {"whole": found.score} | {each.name: each.score for each in found.findings}
    scores["repeat by its looks"] = _repeat_by_looks(before, hole, after)
    if literature:
        scores |= _measurer().of_case(Case(row["picture"], before, hole, None), after)
    return scores | {"verdict": found.verdict}


@cache
def _measurer() -> Measurer:
    """Return what takes the literature's measures; its network is opened once."""
    return Measurer(choose(tuple(LITERATURE)))


def _repeat_by_looks(before: np.ndarray, hole: np.ndarray, after: np.ndarray) -> float:
    """Return `repeat` as it is where nobody knows the sources, which engines that copy patches tell."""
    return next(each.score for each in diagnose(before, hole, after).findings if each.name == "repeat")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("fill")
    first.add_argument("coco", type=Path)
    first.add_argument("--out", type=Path, required=True)
    first.set_defaults(run=fill)
    shown = commands.add_parser("sheets")
    shown.add_argument("cases", type=Path)
    shown.set_defaults(run=sheets)
    second = commands.add_parser("tables")
    second.add_argument("cases", type=Path)
    second.add_argument("--literature", action="store_true", help="its removal metrics too, five times the cost")
    second.set_defaults(run=tables)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
