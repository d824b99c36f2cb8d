"""Read the 64 pictures of coco_people with their annotations, and damage their masks in known ways.

Only benchmarks use it. The data set is not part of the repository; `find()` says where it is looked for.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as rle

HOME = Path(__file__).resolve().parents[2] / "shared" / "data" / "coco_people"

CAST = Path(__file__).with_name("people_cast.json")


@dataclass(frozen=True, eq=False)
class Instance:
    """One annotated thing: its category, its pixels, and whether it stands for a crowd."""

    category: str
    hole: np.ndarray  # (H, W) bool
    crowd: bool

    @property
    def size_px(self) -> float:
        """Root of the area, px."""
        return float(np.sqrt(self.hole.sum()))


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture with all its annotations; `even` = its row in index.csv is even-numbered (tuning half)."""

    id: int
    image: np.ndarray  # (H, W, 3) float32 RGB in [0, 1]
    instances: tuple[Instance, ...]
    even: bool
    no_derivatives: bool

    @property
    def persons(self) -> list[Instance]:
        """The single persons."""
        return [i for i in self.instances if i.category == "person" and not i.crowd and i.hole.any()]

    @property
    def truth(self) -> np.ndarray:
        """(H, W) bool, union of the single persons."""
        return union([i.hole for i in self.persons], self.image.shape[:2])

    @property
    def cast(self) -> dict[str, np.ndarray]:
        """Shadows and mirror images drawn by eye, less the persons, (H, W) bool by name; only of what was looked at."""
        drawn = json.loads(CAST.read_text())
        found = {}
        for name in ("shadows", "reflections"):
            if str(self.id) in drawn[name]:
                canvas = np.zeros(self.image.shape[:2], np.uint8)
                rings = [np.array(ring, np.int32) for ring in drawn[name][str(self.id)]]
                found[name] = (cv2.fillPoly(canvas, rings, 1) > 0) & ~self.truth
        return found

    @property
    def ignored(self) -> np.ndarray:
        """(H, W) bool, crowds of persons: neither right nor wrong."""
        return union([i.hole for i in self.instances if i.crowd and i.category == "person"], self.image.shape[:2])


def union(holes: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Return what lies in any of the holes."""
    return np.logical_or.reduce([np.zeros(size, bool), *holes])


def find() -> Path:
    """Return the data set's folder, or end the program with one line."""
    if not (HOME / "instances.json").exists():
        raise SystemExit(f"coco_people is not at {HOME}; this benchmark needs it")
    return HOME


def scenes(which: str = "all") -> Iterator[Scene]:
    """Yield the pictures in the order of index.csv; `which` is "all", "even" or "odd"."""
    home = find()
    data = json.loads((home / "instances.json").read_text())
    names = {c["id"]: c["name"] for c in data["categories"]}
    of_image: dict[int, list[dict]] = {}
    for annotation in data["annotations"]:
        of_image.setdefault(annotation["image_id"], []).append(annotation)
    with (home / "index.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        even = number % 2 == 0
        if which != "all" and even != (which == "even"):
            continue
        bgr = cv2.imread(str(home / row["file"]), cv2.IMREAD_COLOR)
        image = np.ascontiguousarray(bgr[..., ::-1]).astype(np.float32) / 255
        found = tuple(
            Instance(names[a["category_id"]], _pixels(a["segmentation"], image.shape[:2]), bool(a["iscrowd"]))
            for a in of_image.get(int(row["id"]), [])
        )
        yield Scene(int(row["id"]), image, found, even, row["no_derivatives"] == "yes")


def _pixels(segmentation: list | dict, size: tuple[int, int]) -> np.ndarray:
    """Decode polygons or run lengths."""
    if isinstance(segmentation, list):
        code = rle.merge(rle.frPyObjects(segmentation, *size))
    elif isinstance(segmentation["counts"], list):
        code = rle.frPyObjects(segmentation, *size)
    else:
        code = segmentation
    return rle.decode(code).astype(bool)


# --- damage ------------------------------------------------------------------------------------------------------


def eroded(hole: np.ndarray, seed: int) -> np.ndarray:
    """Take away a rim of 3 % of the object's size."""
    del seed
    inside = cv2.distanceTransform(np.pad(hole, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return inside[1:-1, 1:-1] > 0.03 * np.sqrt(hole.sum())


def jagged(hole: np.ndarray, seed: int) -> np.ndarray:
    """Move the contour in and out at random, by 1.5 % of the object's size (standard deviation)."""
    size = float(np.sqrt(hole.sum()))
    noise = np.random.default_rng(seed).standard_normal(hole.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(0.01 * size, 0.5))
    noise *= 0.015 * size / max(float(noise.std()), 1e-6)
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return inside - outside + np.where(hole, -0.5, 0.5) + noise > 0


def reduced(hole: np.ndarray, factor: int) -> np.ndarray:
    """Bring to a lower resolution (a small pixel is hole where most of it is) and back by nearest neighbour."""
    height, width = hole.shape
    small = (max(round(width / factor), 1), max(round(height / factor), 1))
    less = cv2.resize(hole.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.5
    return cv2.resize(less.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)


def half(hole: np.ndarray, seed: int) -> np.ndarray:
    """Bring to half resolution and back."""
    del seed
    return reduced(hole, 2)


def quarter(hole: np.ndarray, seed: int) -> np.ndarray:
    """Bring to quarter resolution and back."""
    del seed
    return reduced(hole, 4)


def shifted(hole: np.ndarray, seed: int) -> np.ndarray:
    """Move by 1 % of the object's size in one of eight directions; the border is repeated."""
    size = float(np.sqrt(hole.sum()))
    angle = np.pi / 4 * (seed % 8)
    move = np.array([[1, 0, 0.01 * size * np.cos(angle)], [0, 1, 0.01 * size * np.sin(angle)]], np.float32)
    grey = cv2.warpAffine(
        hole.astype(np.float32), move, hole.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return grey > 0.5


def limb(hole: np.ndarray) -> np.ndarray | None:
    """Find a limb: the largest part of 5 to 20 % of the area that an opening takes away; None = there is none."""
    area = int(hole.sum())
    if area < 1000:
        return None
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    for radius in np.arange(0.04, 0.16, 0.01) * np.sqrt(area):
        body = inside > radius
        outside = cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        rest = hole & (outside > radius + 1)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8), connectivity=8)
        shares = [(stats[i, cv2.CC_STAT_AREA] / area, i) for i in range(1, count)]
        fitting = [entry for entry in shares if 0.05 <= entry[0] <= 0.20]
        if fitting:
            return labels == max(fitting)[1]
    return None


DAMAGES = {"eroded": eroded, "jagged": jagged, "half": half, "quarter": quarter, "shifted": shifted}
