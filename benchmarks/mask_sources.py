"""How good the masks of freefill's sources are: python benchmarks/mask_sources.py [people] [text] [boxes]

people: IoU, coverage and extra of the union of persons on coco_people, persons missed by size, seconds; ablations with
--ablate. text: captions and watermarks drawn over the same pictures. boxes: a box to a mask, by GrabCut.
The networks have to be in the store: freefill weights fetch nanodet pose selfie u2netp text text-sensitive
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from _coco_people import Scene, scenes
from PIL import Image, ImageDraw, ImageFont

from freefill.detectors import people, salient, text
from freefill.errors import FreefillError
from freefill.masks.grabcut import MARGIN, Marks, cut_out
from freefill.values import Box

SIZES = ((0, 16), (16, 32), (32, 64), (64, 128), (128, 100_000))
LARGE_SHARE = 0.03  # pictures in which persons cover more than this are counted apart
MISSED = 0.25  # a person of whom less is masked counts as missed


def main(words: list[str]) -> None:
    """Print the tables asked for; all without a word."""
    cv2.setNumThreads(1)
    ablate = "--ablate" in words
    wanted = [word for word in words if not word.startswith("-")] or ["people", "text", "boxes"]
    for word in wanted:
        {"people": lambda: people_table(ablate), "text": text_table, "boxes": boxes_table}[word]()


# --- people ------------------------------------------------------------------------------------------------------


def people_table(ablate: bool) -> None:
    """Print persons' masks: the whole method, and its parts left out one by one."""
    pictures = list(scenes())
    whole = people.PeopleSettings()
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {"people": lambda image: people.detect(image, whole)}
    if ablate:
        for name, change in (
            ("no tiles", {"tiles": False}),
            ("no mirror image", {"mirror": False}),
            ("first look alone", {"whole": False}),
        ):
            ways[name] = partial(people.detect, settings=replace(whole, **change))
        for least in (0.3, 0.4, 0.6):
            ways[f"score {least}"] = partial(people.detect, settings=replace(whole, least_score=least))
        ways["selfie, whole picture"] = _portrait
    print(f"persons on coco_people, {len(pictures)} pictures; sizes: root of the annotated area, px")
    print(f"{'':22} IoU   IoU>3%  cover  extra  s     missed of " + "  ".join(f"{a}-{b}" for a, b in SIZES))
    for name, way in ways.items():
        print(people_row(name, way, pictures), flush=True)


def people_row(name: str, way: Callable[[np.ndarray], np.ndarray], pictures: list[Scene]) -> str:
    """Return one row: means over pictures; crowds are neither right nor wrong."""
    rows, sizes, seconds = [], [], []
    for scene in pictures:
        begun = time.perf_counter()
        hole = way(scene.image)
        seconds.append(time.perf_counter() - begun)
        judged = ~scene.ignored
        truth, masked = scene.truth & judged, hole & judged
        area = max(int(truth.sum()), 1)
        either = int((truth | masked).sum())
        both = int((truth & masked).sum())
        rows.append((both / either if either else 1.0, both / area, (masked & ~truth).sum() / area, truth.mean()))
        sizes += [(one.size_px, (hole & one.hole).sum() / one.hole.sum()) for one in scene.persons]
    table, found = np.array(rows), np.array(sizes)
    large = table[:, 3] > LARGE_SHARE
    missed = []
    for low, high in SIZES:
        these = found[(found[:, 0] >= low) & (found[:, 0] < high), 1]
        missed.append(f"{(these < MISSED).sum()}/{len(these)}")
    return (
        f"{name:22} {table[:, 0].mean():.3f} {table[large, 0].mean():.3f}   {table[large, 1].mean():.3f}  "
        f"{table[large, 2].mean():.3f}  {np.median(seconds):.2f}  {'  '.join(missed)}"
    )


def _portrait(image: np.ndarray) -> np.ndarray:
    """Mask persons as a portrait network alone does: the whole picture squeezed to its size."""
    from freefill.detectors.crops import resized
    from freefill.detectors.session import open_model

    model = open_model("selfie")
    small = resized(image, (256, 256))[None]
    answer = model.run({next(iter(model.inputs)): small}, [people.SELFIE_MASK])[0][0, ..., 0]
    return resized(np.ascontiguousarray(answer), image.shape[:2]) > 0.5


# --- text --------------------------------------------------------------------------------------------------------

WORDS = ("The quick brown fox", "PHOTO 2024-06-13", "© sample.photo", "Do not copy this", "Summer Sale 50%", "Hello!")
KINDS = ("white", "black", "white, black outline", "yellow, shadow", "faint white", "red", "faint, turned")


def text_table() -> None:
    """Print how much of text drawn over photographs is masked, and how much beside it."""
    print("\ntext drawn over 42 pictures of coco_people: share of rows found (half covered), then of the found ones:")
    print(f"{'':28} found  cover  extra   (extra within 30 px of the text, as a share of the glyphs' pixels)")
    ways = {
        "glyphs": text.TextSettings(),
        "rows as boxes": text.TextSettings(shape="boxes"),
        "glyphs, sensitive": text.TextSettings(sensitive=True),
    }
    drawn = [(draw_text(s.image, n), n % len(KINDS)) for n, s in enumerate(list(scenes())[:42])]
    for name, settings in ways.items():
        rows = []
        for (image, glyphs), kind in drawn:
            hole = text.detect(image, settings)
            near = cv2.dilate(glyphs.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
            rows.append((kind, (hole & glyphs).sum() / glyphs.sum(), (hole & near & ~glyphs).sum() / glyphs.sum()))
        table = np.array(rows)
        found = table[:, 1] > 0.5
        print(f"{name:28} {found.mean():.2f}   {table[found, 1].mean():.3f}  {table[found, 2].mean():.2f}")
        if name == "glyphs":
            for number, kind in enumerate(KINDS):
                these = table[table[:, 0] == number]
                hit = these[:, 1] > 0.5
                cover = f"{these[hit, 1].mean():.3f}  {these[hit, 2].mean():.2f}" if hit.any() else "-"
                print(f"  {kind:26} {hit.mean():.2f}   {cover}")


def draw_text(image: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a caption; return the picture and the pixels that it touched noticeably."""
    rng = np.random.default_rng(number)
    height, width = image.shape[:2]
    below = Image.fromarray(np.rint(image * 255).astype(np.uint8)).convert("RGBA")
    layer = Image.new("RGBA", below.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    size = int(rng.integers(18, 64))
    font = ImageFont.load_default(size)
    at = (int(rng.integers(5, max(6, width // 4))), int(rng.integers(5, height - size - 10)))
    words, kind = WORDS[number % len(WORDS)], number % len(KINDS)
    if kind == 2:
        pen.text(at, words, "white", font, stroke_width=max(1, size // 16), stroke_fill="black")
    elif kind == 3:
        shift = size // 14 + 1
        pen.text((at[0] + shift, at[1] + shift), words, (0, 0, 0, 200), font)
        pen.text(at, words, (255, 220, 0, 255), font)
    else:
        fills = ("white", "black", "", "", (255, 255, 255, 110), (220, 30, 40, 255), (255, 255, 255, 150))
        pen.text(at if kind != 6 else (width // 6, height // 2), words, fills[kind], font)
    if kind == 6:
        layer = layer.rotate(18, resample=Image.Resampling.BICUBIC)
    result = np.asarray(Image.alpha_composite(below, layer).convert("RGB")).astype(np.float32) / 255
    return result, np.asarray(layer)[..., 3] > 8


# --- boxes -------------------------------------------------------------------------------------------------------


def boxes_table() -> None:
    """Print IoU of masks made from the annotated box, things of 2 to 60 % of the picture."""
    ways: dict[str, list[tuple[float, bool, float]]] = {}
    for scene in scenes():
        for thing in scene.instances:
            if thing.crowd or not 0.02 <= thing.hole.mean() <= 0.6:
                continue
            rows, cols = np.flatnonzero(thing.hole.any(axis=1)), np.flatnonzero(thing.hole.any(axis=0))
            box = Box(int(rows[0]), int(cols[0]), int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1)
            around = box.grown(round(MARGIN * max(box.height, box.width)), scene.image.shape[:2])
            prior = salient.probabilities(scene.image, box=around)
            inside = np.zeros(thing.hole.shape, bool)
            inside[box.slices] = True
            begun = time.perf_counter()
            plain = cut_out(scene.image, Marks(box=box))
            spent = time.perf_counter() - begun
            for name, hole, seconds in (
                ("the box itself", inside, 0.0),
                ("u2netp in the box", (prior > 0.5) & inside, 0.0),
                ("grabcut", plain, spent),
                ("u2netp, else grabcut", cut_out(scene.image, Marks(box=box), prior=prior), 0.0),
            ):
                iou = (hole & thing.hole).sum() / max((hole | thing.hole).sum(), 1)
                ways.setdefault(name, []).append((iou, thing.category == "person", seconds))
    count = len(next(iter(ways.values())))
    print(f"\nfrom the annotated box to a mask, {count} things of 2 to 60 % of the picture")
    print(f"{'':22} IoU    > 0.7  persons  others  s")
    for name, rows in ways.items():
        table = np.array(rows, float)
        person = table[:, 1] > 0
        print(
            f"{name:22} {table[:, 0].mean():.3f}  {(table[:, 0] > 0.7).mean():.2f}   {table[person, 0].mean():.3f}    "
            f"{table[~person, 0].mean():.3f}   {np.median(table[:, 2]):.2f}"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        main(sys.argv[1:])
    except FreefillError as error:
        sys.exit(str(error))
