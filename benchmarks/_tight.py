"""Real masks that end too early, and others: persons of coco_people in their pictures, and pasted elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import _uneven
import cv2
import numpy as np
from _coco_people import Instance, Scene, limb, scenes, union

SIDE_PX = 480
SHARES = 0.01, 0.25  # of the picture: smaller and larger holes are left out
DEPTHS = {"slight": 0.025, "tight": 0.06}  # how deep the mask falls short, of the object's size
MASKS = ("loose", "wide", "as drawn", *DEPTHS, "limb", "shadow")
WIDE_PX = 21  # 10 px at 224, as people grow masks that they do not trust
_TOUCHING_PX = 4  # what comes so near to a person is held for a thing that goes with it


@dataclass(frozen=True, eq=False)
class TightCase:
    """A picture with persons and the mask that somebody made of them.

    Attributes
    ----------
    name, number, mask : of the picture, its place (no person stands in pictures of even and of odd number), and a word
        of MASKS
    before : (h, w, 3) uint8
    hole : (h, w) bool
    left : (h, w) bool, what of the persons and their things stands outside the hole
    """

    name: str
    number: int
    mask: str
    before: np.ndarray
    hole: np.ndarray
    left: np.ndarray


def tight_cases(photos: Path) -> Iterator[TightCase]:
    """Yield every picture with every mask: first persons where they were photographed, then pasted into photos_eval."""
    people = list(scenes())
    for number, scene in enumerate(people):
        yield from _masked(f"coco-{scene.id:012}", number, *_reduced(scene))
    files = sorted(path for path in photos.rglob("*") if path.suffix in (".jpg", ".png", ".webp"))
    for number, path in enumerate(files):
        half = [scene for scene in people[number % 2 :: 2] if scene.persons]  # no person stands in both halves
        scene = half[(5 * (number // 2)) % len(half)]
        pasted = _pasted(cv2.imread(str(path))[..., ::-1], scene, number)
        if pasted is not None:
            nothing = np.zeros_like(pasted[1])
            yield from _masked(f"pasted-{path.stem}", number, pasted[0], [pasted[1]], nothing, nothing)


def _masked(
    name: str, number: int, image: np.ndarray, persons: list[np.ndarray], rest: np.ndarray, cast: np.ndarray
) -> Iterator[TightCase]:
    """Yield one picture with its masks; a word of what is left outside for each."""
    size = image.shape[:2]
    person = union(persons, size)
    every = person | rest | cast
    made = {"loose": _grown(every)}
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDE_PX + 1,) * 2)
    made["wide"] = cv2.dilate(made["loose"].astype(np.uint8), disc) > 0
    if name.startswith("coco"):
        made["as drawn"] = person  # what is pasted is known to the pixel: nobody drew it
    for word, depth in DEPTHS.items():
        parts = [_uneven.uneven(each, 7919 * number + k, depth) for k, each in enumerate(persons) if each.any()]
        made[word] = union(parts, size)
    if persons and (cut := limb(max(persons, key=np.sum))) is not None:
        made["limb"] = _grown(every & ~cut) & ~cut
    if (cast & ~_grown(person | rest)).sum() > 0.03 * person.sum():
        made["shadow"] = _grown(person | rest)
    for word, hole in made.items():
        if SHARES[0] < hole.mean() < SHARES[1]:
            yield TightCase(name, number, word, image, hole, every & ~hole)


def _grown(hole: np.ndarray) -> np.ndarray:
    """Return the mask that a careful person draws: a little of the ground all around."""
    margin = 2 * round(2 + 0.015 * float(np.sqrt(hole.sum()))) + 1
    return cv2.dilate(hole.astype(np.uint8), np.ones((margin, margin), np.uint8)) > 0


def _reduced(scene: Scene) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, np.ndarray]:
    """Return the picture, its persons, things that touch them and crowds, and shadows and mirror images."""
    near = cv2.dilate(scene.truth.astype(np.uint8), np.ones((2 * _TOUCHING_PX + 1,) * 2, np.uint8)) > 0
    things = [each.hole for each in scene.instances if each.category != "person" and not each.crowd]
    touching = [thing for thing in things if (thing & near).any()]
    small = [each for each in touching if each.sum() < 0.5 * scene.truth.sum()]  # no table, no bus
    rest, cast = union([*small, scene.ignored], scene.truth.shape), union([*scene.cast.values()], scene.truth.shape)
    ratio = SIDE_PX / max(scene.truth.shape)
    image = np.rint(_scaled(scene.image, ratio) * 255).astype(np.uint8)
    return image, [_mask(each.hole, ratio) for each in scene.persons], _mask(rest, ratio), _mask(cast, ratio)


def _pasted(photo: np.ndarray, scene: Scene, number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Put the largest person of a picture into a photograph; None where it is too small to be cut out well."""
    rng = np.random.default_rng([29, number])
    person: Instance = max(scene.persons, key=lambda each: each.size_px)
    if person.size_px < 60:
        return None
    image = _scaled(np.ascontiguousarray(photo), SIDE_PX / max(photo.shape[:2]))
    rows, cols = np.nonzero(person.hole)
    box = np.s_[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    share = float(np.sqrt(rng.uniform(0.03, 0.10) * image.shape[0] * image.shape[1] / person.hole.sum()))
    share = min(share, *(0.9 * image.shape[k] / person.hole[box].shape[k] for k in (0, 1)))
    thing = _scaled(np.rint(scene.image[box] * 255).astype(np.uint8), share)
    # a pixel of the annotation's rim is left out: outlines are drawn a little wide, and would bring their ground along
    inner = cv2.erode(np.pad(person.hole[box], 1).astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    alpha = cv2.GaussianBlur(_scaled(inner.astype(np.float32), share), (0, 0), 0.6)
    top = int(rng.integers(0, image.shape[0] - thing.shape[0] + 1))
    left = int(rng.integers(0, image.shape[1] - thing.shape[1] + 1))
    spot = np.s_[top : top + thing.shape[0], left : left + thing.shape[1]]
    out, hole = image.copy(), np.zeros(image.shape[:2], bool)
    out[spot] = np.rint(image[spot] * (1 - alpha[..., None]) + thing * alpha[..., None]).astype(np.uint8)
    hole[spot] = alpha > 0.3
    return out, hole


def _scaled(image: np.ndarray, ratio: float) -> np.ndarray:
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=how)


def _mask(hole: np.ndarray, ratio: float) -> np.ndarray:
    return _scaled(hole.astype(np.float32), ratio) > 0.5
