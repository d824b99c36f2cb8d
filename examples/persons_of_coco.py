"""Take the annotated persons out of the pictures of a COCO data set.

python examples/persons_of_coco.py instances_val2017.json val2017/ without_people/ 20

The last number says how many pictures, from the first one with a person in it; all where it is left out.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import freefill
from freefill.masks.coco import picture_mask, read_coco


def main(annotations: str, pictures: str, target: str, count: str | None = None) -> None:
    """Write each picture without its persons, under its own name."""
    Path(target).mkdir(parents=True, exist_ok=True)
    coco = read_coco(annotations)
    # `attached`: what a person holds, wears or rides goes too. A bag that hangs in the air would give the fill away.
    masks = ((picture, picture_mask(coco, picture, ["person"], attached=True)) for picture in coco.pictures)
    peopled = ((picture, mask) for picture, mask in masks if mask.hole.any())
    with freefill.Inpainter() as fill:
        for picture, mask in islice(peopled, None if count is None else int(count)):
            # Annotations are drawn coarsely. Growing them is worth more than any other setting.
            result = fill(Path(pictures) / picture.file, mask, grow="5%", feather="2%")
            result.save(Path(target) / picture.file)
            print(f"{picture.file}: {100 * mask.hole.mean():.1f} % of it was people")


if __name__ == "__main__":
    main(*sys.argv[1:])
