"""How far rows of text are the box of a person or an animal: `python benchmarks/text_beings.py PICTURE...`

Needs the weights text and nanodet. Prints a line for each row: where it is, how sure, and the largest intersection
over union with a living being. A row from 0.4 on is left out of masks of text.
"""

import sys
from pathlib import Path

import numpy as np

from freefill.detectors.boxes import overlaps
from freefill.detectors.living import BEINGS, SAME, _box
from freefill.detectors.nanodet import find_kinds
from freefill.detectors.source import as_image
from freefill.detectors.text import find_rows
from freefill.images.read import read_picture


def main(pictures: list[str]) -> None:
    kept = left = 0
    print("| picture | row at x, y | height px | score | most overlap with a being |\n| --- | --- | --- | --- | --- |")
    for picture in pictures:
        image = as_image(read_picture(picture))
        rows = find_rows(image)
        kinds = find_kinds(image, BEINGS)
        beings = np.concatenate([found.boxes for found in kinds.values()])
        for row in rows:
            most = float(overlaps(beings, _box(row)).max(initial=0.0))
            left, kept = left + (most >= SAME), kept + (most < SAME)
            x, y = row.corners.mean(axis=0)
            print(f"| {Path(picture).name} | {x:.0f}, {y:.0f} | {row.height_px:.0f} | {row.score:.2f} | {most:.2f} |")
    print(f"\n{kept} rows stay, {left} are left out")


if __name__ == "__main__":
    main(sys.argv[1:])
