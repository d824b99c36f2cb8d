"""How benchmarks make fills, keep them between runs, and lay them side by side."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import _cases as cases
import cv2
import numpy as np

from freefill.engines import registry
from freefill.values import Crop, EngineSettings, Guide

Filler = Callable[[np.ndarray, np.ndarray, int], np.ndarray]  # truth, hole, seed -> composite


def processor() -> str:
    """Return the processor's name and the number of its cores that may be used."""
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{names[0] if names else 'unknown'}, {len(os.sched_getaffinity(0))} cores"


def pypatchmatch(radius: int) -> Filler:
    """Return the package's own call; patch_size is a radius there."""
    import patchmatch

    def fill(truth: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
        patchmatch.set_random_seed(seed)
        filled = patchmatch.inpaint(cases.to_8_bits(truth), np.ascontiguousarray(hole), patch_size=radius)
        return np.where(hole[..., None], cases.from_8_bits(filled), truth)

    return fill


def ours(name: str, guide: Guide | None = None) -> Filler:
    """Return an engine of the registry on the whole picture, rounded to 8 bits."""
    engine = registry.load(registry.find(name), EngineSettings()).engine

    def fill(truth: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
        masked = np.where(hole[..., None], np.float32(0), truth)  # the truth in the hole must not leak
        filled = engine.fill(Crop(masked, hole, guide=guide), seed).pixels
        return np.where(hole[..., None], cases.from_8_bits(cases.to_8_bits(filled)), truth)

    return fill


def cached(folder: Path | None, key: str, case: cases.Case, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return a fill kept from an earlier run, or make and keep it."""
    if folder is None:
        return make()
    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(case.truth.tobytes() + case.hole.tobytes()).hexdigest()[:16]
    path = folder / f"{key}_{content}.png"
    if path.is_file():
        return cases.read_rgb(path)
    composite = make()
    cv2.imwrite(str(path), cases.to_8_bits(composite)[..., ::-1])
    return composite


def cached_figures(folder: Path | None, key: str, case: cases.Case, make: Callable[[], dict]) -> dict[str, float]:
    """Return figures kept from an earlier run, or make and keep them."""
    if folder is None:
        return make()
    content = hashlib.sha256(case.truth.tobytes() + case.hole.tobytes()).hexdigest()[:16]
    path = folder / f"{key}_{content}.json"
    if not path.is_file():
        path.write_text(json.dumps(make()))
    return json.loads(path.read_text())


def masked(case: cases.Case) -> np.ndarray:
    """Return the picture with its hole in magenta."""
    return np.where(case.hole[..., None], np.float32([1, 0, 1]), case.truth)


def reduced(image: np.ndarray, factor: int) -> np.ndarray:
    """Return the image reduced by area."""
    height, width = image.shape[:2]
    size = max(1, round(width / factor)), max(1, round(height / factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def push_pull(truth: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return a smooth fill: averages of ever larger surroundings (S. Gortler et al., The lumigraph, 1996)."""
    weight = (~hole).astype(np.float32)
    height, width = hole.shape
    if weight.all() or min(height, width) == 1:
        return truth
    half = (max(1, width // 2), max(1, height // 2))
    colour = cv2.resize(truth * weight[..., None], half, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    mean = colour / np.maximum(cover, 1e-6)[..., None]
    below = push_pull(mean.astype(np.float32), cover <= 0)
    return np.where(hole[..., None], cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR), truth)


def sheet(path: Path, parts: list[np.ndarray], across: int | None = None) -> Path:
    """Write pictures side by side with a white gap, at full size."""
    across = across or len(parts)
    gap = np.ones((parts[0].shape[0], 8, 3), np.float32)
    rows = []
    for first in range(0, len(parts), across):
        row = [piece for part in parts[first : first + across] for piece in (part, gap)][:-1]
        rows.append(np.concatenate(row, axis=1))
    gap_row = np.ones((8, rows[0].shape[1], 3), np.float32)
    whole = np.concatenate([piece for row in rows for piece in (row, gap_row)][:-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cases.to_8_bits(whole)[..., ::-1])
    return path


def say(arguments: argparse.Namespace, line: str) -> None:
    """Print a line of the table: to standard error where JSON goes to standard output."""
    print(line, file=sys.stderr if arguments.json else sys.stdout, flush=True)
