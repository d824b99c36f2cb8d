"""All findings of one fill, calibrated, with a verdict and a word of advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.calibration import BAD, DOUBTFUL, WHOLE_BAD, calibrate, overall, settled
from freefill.diagnosis.findings import FAILURES, UNLIKE
from freefill.diagnosis.view import make_view
from freefill.values import Hole, Image, Pixels, Tokens

Verdict = Literal["good", "doubtful", "bad"]


@dataclass(frozen=True, eq=False)
class Finding:
    """One failure, judged.

    Attributes
    ----------
    name, means, advice : see `freefill.diagnosis.findings`
    score : 0 (no sign of it) to 1
    raw : what was measured, before it was calibrated; minus infinity where it could not be looked for
    where : (h, w) float32 in [0, 1] over the diagnosis's box
    """

    name: str
    means: str
    advice: str
    score: float
    raw: float
    where: Image

    @property
    def verdict(self) -> Verdict:
        """good, doubtful or bad."""
        return verdict_of(self.score)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What is wrong with one fill.

    Attributes
    ----------
    findings : one for each failure, in the order of the table
    score : 0 (nothing to see) to 1, of the fill as a whole
    size : (height, width) of the picture
    box : (top, left, height, width) of the part that was looked at
    """

    findings: tuple[Finding, ...]
    score: float
    size: tuple[int, int]
    box: tuple[int, int, int, int]

    @property
    def verdict(self) -> Verdict:
        """good, doubtful or bad, of the fill as a whole."""
        return verdict_of(self.score, WHOLE_BAD)

    @property
    def worst(self) -> Finding:
        """The failure that shows most."""
        return max(self.findings, key=lambda finding: finding.score)

    def map(self) -> Image:
        """Return (H, W) float32 in [0, 1]: where something is wrong, each place by its worst failure."""
        top, left, height, width = self.box
        small = np.maximum.reduce([finding.score * finding.where for finding in self.findings])
        out = np.zeros(self.size, np.float32)
        out[top : top + height, left : left + width] = cv2.resize(small, (width, height))
        return out

    def __str__(self) -> str:
        """The verdict and the findings that matter, worst first, for reading."""
        lines = [f"{self.verdict} ({self.score:.2f}; 0 = nothing to see, 1 = bad)"]
        shown = sorted((each for each in self.findings if each.verdict != "good"), key=lambda each: -each.score)
        for each in shown:
            lines += [f"  {each.name:8} {each.score:.2f} {each.verdict}: {each.means}", f"           {each.advice}"]
        if not shown:
            lines.append(
                "  no single fault stands out; look at it yourself"
                if self.verdict != "good"
                else "  no fault was found"
            )
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and texts."""
        return {
            "verdict": self.verdict,
            "score": round(self.score, 4),
            "findings": [
                {
                    "name": each.name,
                    "score": round(each.score, 4),
                    "verdict": each.verdict,
                    "means": each.means,
                    "advice": each.advice,
                }
                for each in self.findings
            ],
        }


def verdict_of(score: float, bad: float = BAD) -> Verdict:
    """Return the word for a score."""
    return "bad" if score >= bad else "doubtful" if score >= DOUBTFUL else "good"


def diagnose(
    before: Pixels,
    hole: Hole,
    after: Pixels,
    tokens: Tokens | None = None,
    copied_from: NDArray[np.int32] | None = None,
) -> Diagnosis:
    """Judge a fill without its truth.

    Parameters
    ----------
    before : (H, W, 1 or 3) uint8, uint16 or float in [0, 1], the picture with the thing in it
    hole : (H, W) bool, True = what was filled
    after : of the same size, the filled picture
    tokens : of DINOv2, half way; without them `unlike` is not looked for, and the score of the whole is a weaker guess
    copied_from : (n, 2) row and column of each hole pixel's source, -1 = not copied; with it `repeat` counts copies,
        without it what looks like one

    Raises
    ------
    InputError
        If the sizes disagree, the hole is empty, or nothing is known.
    """
    view = make_view(before, hole, after, tokens, copied_from)
    rows = FAILURES if tokens is None else (*FAILURES, UNLIKE)
    measured = {failure.name: failure.measure(view) for failure in rows}
    looked = view.likeness is not None
    scores = settled({name: calibrate(name, each.raw, tokens=looked) for name, each in measured.items()})
    findings = tuple(
        Finding(row.name, row.means, row.advice, scores[row.name], measured[row.name].raw, measured[row.name].where)
        for row in rows
    )
    box = view.box
    raw = {name: each.raw for name, each in measured.items()}
    whole = overall(scores, raw.get(UNLIKE.name), view.thickness_px / view.scale / float(np.sqrt(hole.size)))
    return Diagnosis(findings, whole, hole.shape, (box.top, box.left, box.height, box.width))  # type: ignore[arg-type]
