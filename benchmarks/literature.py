"""The literature's removal scores beside ours, against people: which of them is worth being the default.

    python benchmarks/literature.py score judged ../shared/data/judged --out judged.json   # 33 jobs, two fills each
    python benchmarks/literature.py score published ../shared/data/published --out published.json
    python benchmarks/literature.py table judged.json --clear ../shared/data/judged
    python benchmarks/literature.py table published.json

The verdicts on published outputs (benchmarks/published_verdicts.csv) are those of two pairs of eyes, written before any
score was seen; their mean counts. Scoring goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _diagnosis_people import GRADES, SIDES, spearman

from diagnosis import auc
from freefill.diagnosis.diagnose import diagnose
from freefill.evaluation.cases import Case
from freefill.evaluation.measures import Measurer, choose
from freefill.evaluation.sources import Item
from freefill.evaluation.work import read_result
from freefill.judging import half_tokens

VERDICTS = Path(__file__).with_name("published_verdicts.csv")
WORDS = ("good", "doubtful", "bad")
LITERATURE = {"rc_s_dinov2s": -1, "token_coherence": -1, "context_distance": 1}  # 1 = more is worse
_DRAWN = "freeform"  # in the name of a group whose pictures are their own truth: no thing was removed
_DRAWS = 1000  # of the bootstrap


def score(arguments: argparse.Namespace) -> None:
    """Write every score of every fill, with its grade (0 good, 1 between, 2 bad, means between) and its hole's name."""
    done = json.loads(arguments.out.read_text()) if arguments.out.is_file() else []
    known = {row["fill"] for row in done}
    measurer, tokens = Measurer(choose(tuple(LITERATURE))), half_tokens()
    if tokens is None:
        sys.exit("run: freefill weights fetch dinov2-focus")
    fills = _judged(arguments.data) if arguments.which == "judged" else _published(arguments.data)
    for name, job, grade, case, after, drawn in fills:
        if name in known:
            continue
        found = diagnose(after if drawn else case.picture, case.hole, after, tokens)
        ours = {"whole": found.score} | {each.name: each.score for each in found.findings}
        row = {"fill": name, "job": job, "grade": grade, "scores": ours | measurer.of_case(case, after)}
        done.append(row)
        arguments.out.write_text(json.dumps(done))
        print(name, file=sys.stderr, flush=True)


def _judged(folder: Path) -> Iterator[tuple[str, str, int, Case, np.ndarray, bool]]:
    for row in csv.DictReader((folder / "verdicts.csv").open()):
        hole = cv2.imread(str(folder / f"{row['name']}_mask.png"), cv2.IMREAD_GRAYSCALE) > 127
        for side in SIDES:
            after = cv2.cvtColor(cv2.imread(str(folder / f"{row['name']}_{side}.webp")), cv2.COLOR_BGR2RGB)
            # the picture with the thing in it is not part of the set, so that residue cannot be looked for
            yield (
                f"{row['name']}-{side}",
                row["name"],
                GRADES[row[side]],
                Case(row["name"], after, hole, None),
                after,
                True,
            )


def _published(folder: Path) -> Iterator[tuple[str, str, float, Case, np.ndarray, bool]]:
    from freefill.evaluation.cases import make_case
    from freefill.evaluation.protocol import find_protocol

    for row in csv.DictReader(VERDICTS.open()):
        where = folder / row["group"] / row["case"]
        used = where / "mask_used.png"
        raw = next(where.glob("raw.*"))
        item = Item(row["case"], raw, used if used.is_file() else where / "mask.png")
        case = make_case(item, 0, find_protocol("own"))
        after, _ = read_result(row["output"], folder / row["group"], case)
        job = f"{row['group']}/{row['case']}"
        grade = (WORDS.index(row["verdict"]) + WORDS.index(row["second"])) / 2
        yield f"{job}-{row['output']}", job, grade, case, after, _DRAWN in row["group"]


def table(arguments: argparse.Namespace) -> None:
    """Print what each score is worth: areas under the curve, rank correlation with its interval, pairs."""
    rows: list[dict[str, Any]] = json.loads(arguments.scores.read_text())
    if arguments.removals:
        rows = [row for row in rows if _DRAWN not in row["fill"]]
    grade = np.array([row["grade"] for row in rows], float)
    good, bad = grade < 1, grade > 1  # where two judges are of two minds, half of a step tells
    print(f"{len(rows)} fills: {good.sum()} good, {bad.sum()} bad\n")
    if arguments.clear is not None:
        _clear_pairs(rows, arguments.clear)
    print("| score | AUC, bad against the others | AUC, good against the others | rank correlation | pairs |")
    print("|---|---|---|---|---|")
    lines = []
    for name in rows[0]["scores"]:
        x = np.array([LITERATURE.get(name, 1) * row["scores"].get(name, 0.0) for row in rows])
        rng = np.random.default_rng(0)
        draws = rng.integers(0, len(rows), (_DRAWS, len(rows)))
        low, high = np.percentile([spearman(x[draw], grade[draw]) for draw in draws], [2.5, 97.5])
        right, pairs = _pairs(rows, x, grade)
        lines.append((
            spearman(x, grade),
            f"| {name} | {auc(x[~bad], x[bad]):.2f} | {auc(x[good], x[~good]):.2f} | "
            f"{spearman(x, grade):+.2f} ({low:+.2f} to {high:+.2f}) | {right} of {pairs} |",
        ))  # fmt: skip
    for _, text in sorted(lines, reverse=True):
        print(text)


def _clear_pairs(rows: list[dict[str, Any]], judged: Path) -> None:
    """Print in how many of the judge's clear preferences each score prefers the same fill; ties count as wrong."""
    scores = {row["fill"]: row["scores"] for row in rows}
    clear = [row for row in csv.DictReader((judged / "verdicts.csv").open()) if row["better"] in SIDES]
    for name in ("whole", *LITERATURE):
        right = 0
        for row in clear:
            other = SIDES[1 - SIDES.index(row["better"])]
            a, b = (LITERATURE.get(name, 1) * scores[f"{row['name']}-{side}"][name] for side in (row["better"], other))
            right += a < b
        print(f"{name}: {right} of {len(clear)} clear pairs")
    print()


def _pairs(rows: list[dict[str, Any]], x: np.ndarray, grade: np.ndarray) -> tuple[int, int]:
    """Count the pairs of fills of one hole with different grades, and those in which the better one scores less."""
    right = pairs = 0
    for a in range(len(rows)):
        for b in range(a):
            if rows[a]["job"] == rows[b]["job"] and grade[a] != grade[b]:
                pairs += 1
                right += bool((x[a] < x[b]) == (grade[a] < grade[b])) and x[a] != x[b]
    return int(right), pairs


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("score")
    first.add_argument("which", choices=("judged", "published"))
    first.add_argument("data", type=Path)
    first.add_argument("--out", type=Path, required=True)
    first.set_defaults(run=score)
    second = commands.add_parser("table")
    second.add_argument("scores", type=Path)
    second.add_argument("--clear", type=Path, metavar="JUDGED", help="the judge's clear preferences too")
    second.add_argument("--removals", action="store_true", help="without pictures that are their own truth")
    second.set_defaults(run=table)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
