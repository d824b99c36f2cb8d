"""Eight faults put into untouched photographs, each at four strengths, so that a diagnosis can be measured."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole, Image

STRENGTHS = (1, 2, 3, 4)
FAULTS = ("residue", "seam", "colour", "smudge", "repeat", "broken", "grain", "foreign")


@dataclass(frozen=True, eq=False)
class Scene:
    """A photograph, a hole in it, and a thing that stands where the hole is."""

    photo: Image
    hole: Hole
    thing: Image  # (h, w, 3), read where the thing is

    @property
    def depth(self) -> NDArray[np.float32]:
        """Distance to the known, px."""
        return cv2.distanceTransform(self.hole.astype(np.uint8), cv2.DIST_L2, 5)


def scene(photo: Image, others: list[Image], number: int) -> Scene:
    """Put a hole where edges of the photograph cross its border; the thing is the least similar photograph."""
    rng = np.random.default_rng(number)
    height, width = photo.shape[:2]
    light = cv2.GaussianBlur(photo.mean(axis=2), (0, 0), 1.5)
    edges = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    tries = [_blob(rng, height, width) for _ in range(6)]
    rims = [
        cv2.morphologyEx(hole.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0 for hole in tries
    ]
    crossed = [float(np.percentile(edges[rim], 80)) for rim in rims]
    hole = tries[int(np.argmax(crossed))]
    sized = [cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA) for other in others]
    apart = [float(np.linalg.norm((other[hole] - photo[hole].mean(0)).mean(0))) for other in sized]
    return Scene(photo, hole, sized[int(np.argmax(apart))])


def _blob(rng: np.random.Generator, height: int, width: int) -> Hole:
    """Return a union of three ellipses, 3 to 9 % of the picture, 20 px from its edges."""
    hole = np.zeros((height, width), np.uint8)
    size = float(np.sqrt(height * width * rng.uniform(0.03, 0.09)))
    row, col = (
        rng.uniform(size * 0.7 + 20, height - size * 0.7 - 20),
        rng.uniform(size * 0.7 + 20, width - size * 0.7 - 20),
    )
    for _ in range(3):
        axes = (rng.uniform(0.2, 0.45, 2) * size).astype(int)
        at = (int(col + rng.normal() * size * 0.15), int(row + rng.normal() * size * 0.15))
        cv2.ellipse(hole, at, (int(axes[0]), int(axes[1])), rng.uniform(0, 180), 0, 360, 1, -1)
    return hole > 0


def with_thing(made: Scene, beyond_px: int) -> Image:
    """Return the photograph with the thing in it, reaching that far beyond the hole."""
    mask = made.hole.astype(np.uint8)
    if beyond_px > 0:
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * beyond_px + 1,) * 2))
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)[..., None]
    if beyond_px == 0:
        soft = np.where(made.hole[..., None], soft, 0)
    return (made.photo * (1 - soft) + made.thing * soft).astype(np.float32)


def injected(fault: str | None, strength: int, made: Scene, number: int) -> tuple[Image, Image]:
    """Return picture and result: the truth as the fill, with one fault in it; None = without."""
    rng = np.random.default_rng([number, strength])
    before = with_thing(made, 0)
    truth = made.photo
    if fault is None:
        return before, truth
    if fault == "residue":
        before = with_thing(made, (1, 2, 4, 8)[strength - 1])
        return before, np.where(made.hole[..., None], truth, before)
    if fault == "grain":
        return _grain(made, before, rng, (2, 4, 8, 16)[strength - 1] / 255, more=number % 2 == 0)
    after = {
        "seam": _seam,
        "colour": _colour,
        "smudge": _smudge,
        "repeat": _repeat,
        "broken": _broken,
        "foreign": _foreign,
    }[fault](made, rng, strength)
    return before, np.where(made.hole[..., None], np.clip(after, 0, 1), truth).astype(np.float32)


def _seam(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    """Lighten or darken what lies along the border; it fades within some 5 px."""
    step = (6, 12, 24, 48)[strength - 1] / 255 * rng.choice([-1.0, 1.0])
    return made.photo + step * np.exp(-np.maximum(made.depth - 1, 0) / 5)[..., None]


def _colour(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    """Shift the fill in Lab; the shift grows over the first 4 px, so that no step shows."""
    way = rng.normal(size=3) * [1.0, 0.7, 0.7]
    shift = way / np.linalg.norm(way) * (5, 10, 20, 40)[strength - 1]
    lab = cv2.cvtColor(made.photo, cv2.COLOR_RGB2LAB) + (shift * np.clip(made.depth / 4, 0, 1)[..., None]).astype(
        np.float32
    )
    return cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB)


def _smudge(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    return cv2.GaussianBlur(made.photo, (0, 0), (0.7, 1.4, 2.8, 5.6)[strength - 1])


def _repeat(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    """Copy one patch of the ground, of a third of the hole's size, to several places of the hole, soft at its edges."""
    out = made.photo.copy()
    side = max(16, round(made.depth.max() * 0.6)) | 1
    light = made.photo.mean(axis=2)
    busy = cv2.boxFilter(light**2, -1, (side, side)) - cv2.boxFilter(light, -1, (side, side)) ** 2
    half = side // 2
    busy[:half], busy[-half:], busy[:, :half], busy[:, -half:] = 0, 0, 0, 0
    busy[cv2.dilate(made.hole.astype(np.uint8), np.ones((side, side), np.uint8)) > 0] = 0
    row, col = np.unravel_index(int(np.argmax(busy)), busy.shape)
    patch = made.photo[row - half : row + half + 1, col - half : col + half + 1]
    soft = np.minimum(np.minimum(*np.mgrid[:side, :side]), np.minimum(*(side - 1 - np.mgrid[:side, :side])))
    weight = np.clip(soft / 3, 0, 1)[..., None]
    places = np.argwhere(made.depth > 3)
    left = made.depth > 3
    for _ in range((2, 4, 8, 16)[strength - 1]):
        places = np.argwhere(left)
        if not len(places):
            break
        r, c = places[rng.integers(len(places))]
        if min(r, c) < half or r + half >= out.shape[0] or c + half >= out.shape[1]:
            left[r, c] = False
            continue
        spot = (slice(r - half, r + half + 1), slice(c - half, c + half + 1))
        out[spot] = out[spot] * (1 - weight) + patch * weight
        left[max(0, r - side + 2) : r + side - 1, max(0, c - side + 2) : c + side - 1] = False
    return out


def _broken(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    """Move the ground in the hole along the strongest change of its border, so that edges arrive beside their ends."""
    light = cv2.GaussianBlur(made.photo.mean(axis=2), (0, 0), 1.5)
    rim = (made.depth > 0) & (made.depth < 4)
    by_row, by_col = cv2.Sobel(light, cv2.CV_32F, 0, 1)[rim], cv2.Sobel(light, cv2.CV_32F, 1, 0)[rim]
    angle = 0.5 * np.arctan2(2 * (by_row * by_col).sum(), (by_col**2 - by_row**2).sum())
    px = (3, 6, 12, 24)[strength - 1]
    move = np.array([[1, 0, px * np.cos(angle)], [0, 1, px * np.sin(angle)]], np.float32)
    moved = cv2.warpAffine(made.photo, move, made.photo.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    soft = np.clip(made.depth / 2, 0, 1)[..., None]
    return made.photo * (1 - soft) + moved * soft


def _grain(made: Scene, before: Image, rng: np.random.Generator, level: float, *, more: bool) -> tuple[Image, Image]:
    """More: noise in the fill alone. Less: the photograph has film grain, and the fill has none."""
    noise = (rng.normal(size=made.hole.shape) * level).astype(np.float32)[..., None]
    if more:
        after = np.where(made.hole[..., None], np.clip(made.photo + noise, 0, 1), made.photo)
        return before, after.astype(np.float32)
    grainy = np.clip(made.photo + noise, 0, 1).astype(np.float32)
    after = np.where(made.hole[..., None], made.photo, grainy)
    return np.where(made.hole[..., None], before, grainy).astype(np.float32), after.astype(np.float32)


def _foreign(made: Scene, rng: np.random.Generator, strength: int) -> Image:
    """Put a round piece of the thing into the fill."""
    row, col = np.unravel_index(int(np.argmax(made.depth)), made.depth.shape)
    radius = max(3.0, (0.15, 0.25, 0.4, 0.65)[strength - 1] * float(made.depth.max()))
    rows, cols = np.mgrid[: made.hole.shape[0], : made.hole.shape[1]]
    soft = np.clip(radius - np.hypot(rows - row, cols - col), 0, 1).astype(np.float32)[..., None]
    return made.photo * (1 - soft) + made.thing * soft
