"""Small before, mask and after strips from the demo's pictures, as the README shows them.

freefill demo -o demo
python examples/strips.py demo docs/pictures
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

SCENES = ("portrait", "masts", "writing", "old-photo", "graffiti")
FRONT = ("portrait", "masts", "writing")  # one above the other in strip.jpg
HEIGHT_PX = 220
WIDTH_PX = 840  # of strip.jpg
GAP_PX = 6
TINT = (255, 0, 128)


def strip(folder: Path, name: str, height_px: int = HEIGHT_PX) -> Image.Image:
    """Return the picture, the picture with its mask, and the fill, side by side."""
    before, mask, after = (Image.open(folder / f"{name}.{kind}.png") for kind in ("image", "mask", "filled"))
    pixels = np.asarray(before.convert("RGB"), np.float32)
    hole = np.asarray(mask.convert("L")) > 127
    tinted = np.where(hole[..., None], 0.35 * pixels + 0.65 * np.asarray(TINT, np.float32), pixels)
    size = (round(before.width * height_px / before.height), height_px)
    panels = [
        panel.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        for panel in (before, Image.fromarray(tinted.astype(np.uint8)), after)
    ]
    whole = Image.new("RGB", (3 * size[0] + 2 * GAP_PX, height_px), "white")
    for number, panel in enumerate(panels):
        whole.paste(panel, (number * (size[0] + GAP_PX), 0))
    return whole


def stacked(strips: list[Image.Image]) -> Image.Image:
    """Return strips of one width, one above the other."""
    scaled = [
        each.resize((WIDTH_PX, round(each.height * WIDTH_PX / each.width)), Image.Resampling.LANCZOS) for each in strips
    ]
    whole = Image.new("RGB", (WIDTH_PX, sum(each.height + GAP_PX for each in scaled) - GAP_PX), "white")
    top = 0
    for each in scaled:
        whole.paste(each, (0, top))
        top += each.height + GAP_PX
    return whole


def main(source: str = "demo", target: str = "docs/pictures") -> None:
    """Write a strip for each scene, and one picture of three."""
    Path(target).mkdir(parents=True, exist_ok=True)
    strips = {name: strip(Path(source), name) for name in SCENES}
    strips["strip"] = stacked([strip(Path(source), name, 2 * HEIGHT_PX) for name in FRONT])
    for name, picture in strips.items():
        picture.save(Path(target) / f"{name}.jpg", quality=82, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
