"""What is done for one picture of the study: every mask, every engine, every result diagnosed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from freefill.errors import FreefillError
from freefill.images.depth import change_depth
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.inpainter import Inpainter
from freefill.judging import diagnose_result
from freefill.masks.coco import CocoPicture, instance_holes, read_coco
from freefill.study.masks import masks_of
from freefill.values import Box, Hole, Mask, Options, Outcome, Picture

SHOWN_PX = 520  # long side of the pictures of the page
LARGE_SHARE = 0.12
COMPLEX = 9.0  # mean gradient of lightness around the hole, in levels of 255, from which on ground is called complex
_TOUCH_PX = 4


@dataclass(frozen=True)
class StudyWork:
    """What is the same for every picture."""

    annotations: Path
    pictures: Path
    engines: tuple[str, ...]
    predicted: Path | None
    shown: Path


def worker(work: StudyWork) -> Callable[[CocoPicture], list[dict[str, Any]]]:
    """Return what a worker calls with each picture."""
    coco = read_coco(work.annotations)
    engines = {name: Inpainter(name) for name in work.engines}

    def do(entry: CocoPicture) -> list[dict[str, Any]]:
        name = Path(entry.file).stem
        try:
            picture = read_picture(work.pictures / entry.file)
            masks = masks_of(picture, coco, entry, work.predicted)
        except FreefillError as error:
            return [{"picture": name, "error": str(error)}]
        groups = _groups(picture, coco, entry, masks)
        _show(picture, work.shown / f"{name}.jpg")
        lines = []
        for kind, mask in masks.items():
            for engine, inpainter in engines.items():
                line: dict[str, Any] = {"picture": name, "masks": kind, "engine": engine, **groups}
                lines.append(line | _one(picture, mask, inpainter, work.shown / f"{name}~{kind}~{engine}.jpg"))
        return lines

    return do


def _one(picture: Picture, mask: Mask | str, inpainter: Inpainter, shown: Path) -> dict[str, Any]:
    """Return what came of one mask and one engine."""
    if isinstance(mask, str):
        return {"error": mask}
    start = time.perf_counter()
    try:
        result: Outcome = inpainter.run(picture, mask, Options())
        seconds = time.perf_counter() - start
        found = diagnose_result(picture, result)
    except FreefillError as error:
        return {"error": str(error), "hole_share": mask.share}
    _show(result.picture, shown)
    return {
        "hole_share": mask.share,
        "seconds": round(seconds, 3),
        "score": found.score,
        "verdict": found.verdict,
        "findings": {each.name: each.score for each in found.findings},
        "box": [round(x, 4) for x in _around(mask.hole)],
        "aspect": round(picture.size[1] / picture.size[0], 4),
        "shown": shown.name,
    }


def _around(hole: Hole) -> tuple[float, float, float, float]:
    """Return left, top, width, height of the hole with some room, as shares of the picture."""
    height, width = hole.shape
    box = Box.around(hole) or Box(0, 0, height, width)
    box = box.grown(round(0.15 * max(box.height, box.width)), (height, width))
    return box.left / width, box.top / height, box.width / width, box.height / height


def _groups(picture: Picture, coco: Any, entry: CocoPicture, masks: dict[str, Mask | str]) -> dict[str, str]:
    """Return which groups a picture belongs to: ground, hole, things with the persons; by the annotated mask."""
    mask = masks["annotated"]
    if isinstance(mask, str):
        return {}
    light = picture.pixels.astype(np.float32).mean(axis=2) / picture.full_scale * 255
    # / 8: what Sobel sums up, as a slope for one pixel.
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)) / 8
    hole = mask.hole.astype(np.uint8)
    ring = (cv2.dilate(hole, np.ones((61, 61), np.uint8)) > 0) & ~mask.hole
    busy = float(slope[ring].mean()) if ring.any() else 0.0
    near = cv2.dilate(hole, np.ones((2 * _TOUCH_PX + 1,) * 2, np.uint8)) > 0
    touching = any(
        (thing & near).any() and each.category != "person"
        for each, thing in instance_holes(coco, entry, (), crowds="without")
    )
    return {
        "ground": "complex ground" if busy >= COMPLEX else "simple ground",
        "size": "large holes" if mask.share >= LARGE_SHARE else "small holes",
        "things": "people with things" if touching else "people alone",
    }


def _show(picture: Picture, path: Path) -> None:
    """Write a small JPEG for the page."""
    pixels = change_depth(picture.pixels, np.uint8)
    share = min(1.0, SHOWN_PX / max(pixels.shape[:2]))
    size = max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(Picture(small), path, format="JPEG", quality=82)
