"""Whether a layout is followed where a person liked it better: the rules of restraint against judged pairs.

    python benchmarks/layout.py

For each of the 33 judged pairs in ../shared/data/judged: what the judge preferred, whether the rules follow a
labelling, and why not. It is counted over the clear pairs. The thresholds of the rules were found on the same pictures.
"""

from __future__ import annotations

import csv
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import _jobs_fill as jobs

import freefill
from freefill.distance import thickness
from freefill.engines import structure, texture

JUDGED = jobs.JOBS.parent / "judged" / "verdicts.csv"


def main() -> None:
    """Print a line for each pair, and the count."""
    if not JUDGED.is_file():
        sys.exit(f"{JUDGED}: not there; this benchmark needs the data set in ../shared")
    with JUDGED.open(newline="") as file:
        better = {row["name"]: row["better"] for row in csv.DictReader(file)}
    reasons: list[str] = []

    def asked(crop, seed, notes, left=None):
        del notes
        hole = crop.hole if left is None else crop.hole | left
        made = structure.make_layout(crop.image, hole, crop.known & ~hole)
        reasons.append(structure.restraint(made, crop.hole, seed, thickness(crop.hole)))

    texture.structure.layout_for = asked  # the first window of a picture is its largest
    fill = freefill.Inpainter("texture")
    right = clear = always = 0
    for row in jobs.rows(names=tuple(better)):
        reasons.clear()
        fill(str(jobs.photo(row)), str(jobs.mask(row)))
        reason = reasons[0] if reasons else "the ground is regular"
        liked = better[row["name"]]
        print(f"{row['name']:<20} {liked:<7} {'followed' if not reason else f'left out: {reason}'}", flush=True)
        if liked != "level":
            clear += 1
            always += liked == "layout"
            right += (liked == "layout") == (not reason)
    print(f"right in {right} of {clear} clear pairs; always a layout: {always}")


if __name__ == "__main__":
    main()
