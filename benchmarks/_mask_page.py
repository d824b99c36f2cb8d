"""One self-contained page: 20 pictures filled with annotated, predicted and refined masks, side by side.

It is looked at and not kept: no photograph of the data set enters the repository.
"""

from __future__ import annotations

import base64
import html
import time
from pathlib import Path

import cv2
import numpy as np
from _coco_people import Scene, scenes

from freefill.detectors import at_mask
from freefill.errors import FreefillError
from freefill.inpainter import Inpainter
from freefill.masks.overlay import overlay
from freefill.masks.refining.attached import Thing
from freefill.masks.refining.recipe import refine

# Skaters, skiers, riders, surfers with mirror images, hard shadows, bags, a dog, groups; no_derivatives are left out.
WANTED = (
    49, 86, 260, 322, 415, 419, 431, 488, 510, 529, 569, 572, 589, 625, 634, 10764, 51712, 106499, 114692, 161799,
    252219, 261888, 329219, 343937, 360452, 364557, 401416, 417793, 456496, 491525,
)  # fmt: skip


def write_page(
    folder: Path, count: int = 20, engines: tuple[str, ...] = ("patchmatch", "texture"), *, networks: bool
) -> str:
    """Write index.html and each picture as a PNG of its own, refined with or without networks; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = []
    for name in engines:
        try:
            ready.append((name, Inpainter(name)))
        except FreefillError as error:
            print(f"{name} is left out: {error}")
    rows = []
    chosen = [scene for scene in scenes() if scene.id in WANTED and not scene.no_derivatives][:count]
    for scene in chosen:
        started = time.perf_counter()
        rows.append(_row(scene, ready, folder, networks))
        print(f"{scene.id}: {time.perf_counter() - started:.1f} s", flush=True)
    page = folder / "index.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><title>Masks and what is filled with them</title>"
        "<style>body{font:14px sans-serif;background:#222;color:#eee}figure{display:inline-block;margin:4px}"
        "img{max-width:480px}</style><h1>Masks and what is filled with them</h1>" + "".join(rows)
    )
    return str(page)


def _row(scene: Scene, engines: list[tuple[str, Inpainter]], folder: Path, networks: bool) -> str:
    """Fill one picture in every way; return its part of the page."""
    from freefill.detectors import people

    things = [Thing(i.category, i.hole) for i in scene.instances if i.category != "person" and not i.crowd]
    prior = at_mask.look(scene.image, scene.truth) if networks else None
    annotated = refine(scene.truth, scene.image, prior=prior)
    with_things = refine(scene.truth, scene.image, things=things, prior=prior)
    masks = {"annotated": scene.truth, "annotated, refined": annotated.hole}
    layers = {"annotated": scene.truth, **annotated.every_step()}
    if (with_things.hole != annotated.hole).any():
        masks["annotated, refined with things"] = with_things.hole
        layers = {"annotated": scene.truth, **with_things.every_step()}
    try:
        found = people.detect(scene.image)
    except FreefillError:
        found = np.zeros_like(scene.truth)
    refined = refine(found, scene.image, prior=at_mask.look(scene.image, found) if networks else None)
    if found.any():
        masks |= {"predicted": found, "predicted, refined": refined.hole}
    shown = {"picture": scene.image, "steps on the annotated mask": overlay(scene.image, layers)}
    if found.any():
        shown["steps on the predicted mask"] = overlay(scene.image, {"predicted": found, **refined.every_step()})
    pixels = np.rint(scene.image * 255).astype(np.uint8)
    for engine, fill in engines:
        for name, hole in masks.items():
            shown[f"{engine}: {name}"] = np.asarray(fill(pixels, hole).image, np.float32) / 255
    figures = [_figure(scene.id, name, image, folder) for name, image in shown.items()]
    return f"<h2>{scene.id}</h2>{''.join(figures)}"


def _figure(number: int, name: str, image: np.ndarray, folder: Path) -> str:
    """Write a picture beside the page and into it."""
    bgr = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)[..., ::-1]
    safe = name.replace(": ", "-").replace(", ", "-").replace(" ", "_")
    cv2.imwrite(str(folder / f"{number}-{safe}.png"), bgr)
    code = base64.b64encode(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()).decode()
    text = html.escape(name)
    return f'<figure><img src="data:image/jpeg;base64,{code}" alt="{text}"><figcaption>{text}</figcaption></figure>'
