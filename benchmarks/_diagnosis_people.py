"""The diagnosis held against people: 33 jobs, two fills of each, a blind judge's verdicts."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.calibration import WHOLE_BAD, calibrate, settled
from freefill.diagnosis.findings import FAILURES
from freefill.diagnosis.likeness import Tokens
from freefill.diagnosis.unlike import unlike
from freefill.diagnosis.view import make_view
from freefill.judging import half_tokens

CALIBRATION = Path(__file__).resolve().parents[1] / "src" / "freefill" / "diagnosis" / "calibration.json"
GRADES = {"accept": 0, "borderline": 1, "reject": 2}
SIDES = ("today", "layout")
NAMES = ("thickness", "unlike", *(failure.name for failure in FAILURES))
_SHRINK = 0.1  # ridge of the fit: 66 fills, few weights


def people(judged: Path, calibration: Path | None) -> None:
    """Print what each score and the whole are worth; fit the whole where it is to be written."""
    rows = list(csv.DictReader((judged / "verdicts.csv").open()))
    tokens = half_tokens()
    if tokens is None:
        sys.exit("run: freefill weights fetch dinov2-focus")
    values = np.array([scores(judged, row["name"], side, tokens) for row in rows for side in SIDES])
    grade = np.array([GRADES[row[side]] for row in rows for side in SIDES], float)
    half = np.repeat(np.arange(len(rows)), 2) % 2
    print("| score | clear pairs it prefers right, of 26 | even jobs | odd jobs | rank correlation, 66 fills |")
    print("|---|---|---|---|---|")

    def show(name: str, x: NDArray[np.float64]) -> None:
        right = _right(rows, x)
        print(f"| {name} | {sum(right)} | {sum(right[::2])} | {sum(right[1::2])} | {spearman(x, grade):+.2f} |")

    for column, name in enumerate(NAMES):
        show(name, values[:, column])
    show_words(values[:, 1], grade, half)
    x, held = values[:, [0, *range(2, len(NAMES))]], np.zeros(len(grade))
    for part in (0, 1):  # each half is judged by what was fitted on the other
        weights = fit(x[half != part], grade[half != part])
        held[half == part] = x[half == part] @ weights[1:] + weights[0]
    show("whole, without tokens, fitted on the other half", held)
    without = fit(x, grade)
    if calibration is not None:
        table = json.loads(calibration.read_text())
        weights = {name: round(float(w), 3) for name, w in zip(NAMES[2:], without[2:], strict=True) if w > 0}
        doubtful, bad = ends(values[:, 1], grade), table["knots"]["unlike"][1]
        slope = float(np.log(WHOLE_BAD / (1 - WHOLE_BAD)) / (bad - doubtful))  # 0.5 at the one, WHOLE_BAD at the other
        table["with_tokens"] = {"offset": round(-slope * doubtful, 3), "unlike": round(slope, 3)}
        table["without_tokens"] = {"offset": round(without[0], 3), "thickness": round(without[1], 3), "scores": weights}
        calibration.write_text(json.dumps(table, indent=1) + "\n")


def show_words(x: NDArray[np.float64], grade: NDArray[np.float64], half: NDArray[np.intp]) -> None:
    """Print what the words say: good up to where accepted fills end (on the other half), bad as it is written."""
    bad = json.loads(CALIBRATION.read_text())["knots"]["unlike"][1]
    word = np.zeros(len(x))
    for part in (0, 1):
        word[half == part] = (x[half == part] >= ends(x[half != part], grade[half != part])).astype(float)
    word += x >= bad
    table = [[int(((word == said) & (grade == meant)).sum()) for said in (0, 1, 2)] for meant in (0, 1, 2)]
    print(f"\ngood, doubtful, bad of accepted {table[0]}, borderline {table[1]}, rejected {table[2]}; "
          f"rank correlation of the words {spearman(word, grade):+.2f}\n")  # fmt: skip


def ends(x: NDArray[np.float64], grade: NDArray[np.float64]) -> float:
    """Return the value that parts accepted fills from the others with the fewest errors, each kind counted alike."""
    cuts = np.sort(x)
    right = [(x[grade == 0] < cut).mean() + (x[grade > 0] >= cut).mean() for cut in cuts]
    best = int(np.argmax(right))
    return float((cuts[best] + cuts[max(best - 1, 0)]) / 2)


def scores(judged: Path, name: str, side: str, tokens: Tokens) -> list[float]:
    """Return the thickness as a share, `unlike` as measured, and the calibrated scores, of one fill."""
    hole = cv2.imread(str(judged / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    after = cv2.cvtColor(cv2.imread(str(judged / f"{name}_{side}.webp")), cv2.COLOR_BGR2RGB)
    view = make_view(after, hole, after)  # the picture with the thing is not part of the set: residue stays 0
    found = settled({failure.name: calibrate(failure.name, failure.measure(view).raw) for failure in FAILURES})
    thickness = view.thickness_px / view.scale / float(np.sqrt(hole.size))
    return [
        thickness,
        unlike(make_view(after, hole, after, tokens)).raw,
        *(found[failure.name] for failure in FAILURES),
    ]


def fit(values: NDArray[np.float64], grade: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return offset and weights, none negative, of a logistic curve through 0 accept, 0.5 borderline, 1 reject."""
    x = np.concatenate([np.ones((len(values), 1)), values], axis=1)
    weights, target = np.zeros(x.shape[1]), grade / 2
    for _ in range(4000):  # gradient descent, kept non-negative: a failure found never makes a fill better
        slope = x.T @ (1 / (1 + np.exp(-x @ weights)) - target)
        slope[1:] += _SHRINK * weights[1:]
        weights -= 0.02 * slope
        weights[1:] = np.maximum(weights[1:], 0)
    return weights


def _right(rows: list[dict[str, str]], values: NDArray[np.float64]) -> list[bool]:
    """Return, for each job, whether it is a clear pair that is preferred as the judge did; ties count as wrong."""
    right = []
    for number, row in enumerate(rows):
        today, layout = values[2 * number], values[2 * number + 1]
        right.append(
            bool(layout < today) if row["better"] == "layout" else row["better"] == "today" and bool(today < layout)
        )
    return right


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the rank correlation; ties share their mean rank."""

    def ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
        _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        return (last - (counts - 1) / 2)[inverse]

    if np.ptp(a) == 0:
        return 0.0
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])
