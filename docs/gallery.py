"""Write the gallery: a page with every scene of the demo, before, mask and after, and the strip of the first page.

    make gallery

or, where the demo has run already, `python docs/gallery.py demo docs`. The two pictures of the tutorial come from the
folder in which its commands were typed: `python docs/gallery.py FOLDER/demo docs FOLDER`. All photographs are those
that come with freefill (src/freefill/demo/photos); their terms stand beside them, and on the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from freefill.demo.scenes import SCENES, Scene

TERMS = Path(__file__).parents[1] / "src" / "freefill" / "demo" / "photos" / "LICENSES.md"
FRONT = ("portrait", "mast", "writing")  # one above the other in strip.jpg, the picture of the first page
HEIGHT_PX = 220  # of a strip; three panels then fit a page beside the table of contents
FRONT_WIDTH_PX = 840
GAP_PX = 6
TINT = (255, 0, 128)  # nothing in a photograph looks like it

TUTORIAL = {  # picture: the part that is shown (left, top, right, bottom), and the files from left to right
    "tutorial-edge": ((140, 90, 260, 430), ("demo/mast.image.png", "rim.png", "grown.png", "from-refined.png")),
    "tutorial-not-from": ((0, 60, 345, 300), ("demo/photographer.image.png", "repeated.png", "clean.png")),
}

HEAD = """# Gallery

On the left the photograph, in the middle what was marked to go, on the right what freefill made of it. Each picture
took one command, with the default engine and seed 0, and no download.

The photographs come with freefill and may be used freely. So you can make these pictures yourself and look at them in
full size: run `freefill demo -o demo/`, then the commands below in the folder `demo`.
"""
TAIL = """
This page and its pictures are written by `make gallery`.
"""


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
    """Return strips one above the other, each as wide as the page."""
    sizes = [(FRONT_WIDTH_PX, round(each.height * FRONT_WIDTH_PX / each.width)) for each in strips]
    scaled = [each.resize(size, Image.Resampling.LANCZOS) for each, size in zip(strips, sizes, strict=True)]
    whole = Image.new("RGB", (FRONT_WIDTH_PX, sum(each.height + GAP_PX for each in scaled) - GAP_PX), "white")
    top = 0
    for each in scaled:
        whole.paste(each, (0, top))
        top += each.height + GAP_PX
    return whole


def credits_of() -> dict[str, str]:
    """Return who made each photograph, and its terms."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TERMS.read_text("utf-8").splitlines()]
    return {row[0]: f"{row[1]}; {row[2]}; {row[3]}" for row in rows if len(row) == 5 and "." in row[0]}


def entry(scene: Scene, credit: str) -> str:
    """Return one scene of the page."""
    barred = f" --not-from {scene.name}.not-from.png" if scene.not_from is not None else ""
    return f"""
## {scene.title}

![Before, mask and after](pictures/{scene.name}.jpg)

`freefill inpaint {scene.name}.image.png {scene.name}.mask.png{barred}`
<small>{credit}</small>
"""


def side_by_side(folder: Path, part: tuple[int, int, int, int], names: tuple[str, ...]) -> Image.Image:
    """Return the same part of several pictures beside each other, as wide as a page."""
    parts = [Image.open(folder / name).convert("RGB").crop(part) for name in names]
    wide = (FRONT_WIDTH_PX - GAP_PX * (len(parts) - 1)) // len(parts)
    size = (wide, round(wide * parts[0].height / parts[0].width))
    whole = Image.new("RGB", (FRONT_WIDTH_PX, size[1]), "white")
    for number, each in enumerate(parts):
        whole.paste(each.resize(size, Image.Resampling.LANCZOS), (number * (wide + GAP_PX), 0))
    return whole


def main(demo: str = "demo", docs: str = "docs", typed: str | None = None) -> None:
    """Write gallery.md and pictures/ below `docs`, from the folder that `freefill demo` wrote.

    With `typed`, the folder in which the tutorial was typed, also the tutorial's pictures.
    """
    pictures = Path(docs) / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    strips = {scene.name: strip(Path(demo), scene.name) for scene in SCENES}
    strips["strip"] = stacked([strip(Path(demo), name, 2 * HEIGHT_PX) for name in FRONT])
    if typed is not None:
        strips |= {name: side_by_side(Path(typed), *shown) for name, shown in TUTORIAL.items()}
    for name, picture in strips.items():
        picture.save(pictures / f"{name}.jpg", quality=82, optimize=True)
    credit = credits_of()
    page = HEAD + "".join(entry(scene, credit[scene.photo]) for scene in SCENES) + TAIL
    (Path(docs) / "gallery.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
