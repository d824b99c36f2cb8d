"""A page that shows what `people --refine` masks in each picture, what the default engine fills, and a verdict."""

from __future__ import annotations

import csv
import html
import shutil
from pathlib import Path

import cv2
import numpy as np
from _coco_people import Scene, scenes

from freefill.inpainter import Inpainter

VERDICTS = Path(__file__).with_name("people_verdicts.csv")


def verdicts() -> dict[int, dict[str, str]]:
    """Return what was seen by eye: id to the columns half, mask, fill, why."""
    with VERDICTS.open(newline="") as file:
        return {int(row["id"]): row for row in csv.DictReader(file)}


def write_page(folder: Path, masks: Path, half: str = "all") -> str:
    """Write index.html, overlays and fills of the masks that `persons` kept; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = verdicts() if VERDICTS.exists() else {}
    fill = Inpainter()
    rows = []
    page = folder / "index.html"
    for scene in scenes(half):
        if not (masks / f"{scene.id}.png").exists():
            continue
        rows.append(_row(scene, seen.get(scene.id, {}), fill, masks, folder))
        # After each picture, so that a page that is not finished can be looked at.
        page.write_text(
            "<!doctype html><meta charset=utf-8><title>Persons out of photographs</title><style>body{font:14px "
            "sans-serif}img{max-width:48%}</style><h1>Persons out of photographs</h1>" + "".join(rows)
        )
    return str(page)


def _row(scene: Scene, verdict: dict[str, str], fill: Inpainter, masks: Path, folder: Path) -> str:
    """Fill one picture and lay it beside its mask; what is filled already is not filled again."""
    filled = folder / f"{scene.id}-fill.png"
    if not filled.exists():
        hole = cv2.imread(str(masks / f"{scene.id}.png"), cv2.IMREAD_GRAYSCALE) > 127
        pixels = np.rint(scene.image * 255).astype(np.uint8)
        result = np.asarray(fill(pixels, hole).image) if hole.any() else pixels
        cv2.imwrite(str(filled), result[..., ::-1])
    shown = shutil.copy(masks / f"{scene.id}-shown.png", folder)
    said = " · ".join(f"{name}: {verdict[name]}" for name in ("mask", "fill", "why") if verdict.get(name))
    return (f"<h2>{scene.id}</h2><p>{html.escape(said) or 'not looked at'}</p>"
            f'<img src="{Path(shown).name}" alt="mask"> <img src="{filled.name}" alt="fill">')  # fmt: skip
