"""The rim test, which needs no truth, and pictures of the worst cases."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from _coco_people import DAMAGES, scenes

from freefill.detectors import at_mask, refining
from freefill.distance import distance_inside, distance_outside
from freefill.masks.overlay import overlay
from freefill.masks.refining.recipe import refine


def rim(image: np.ndarray, hole: np.ndarray) -> tuple[float, float] | None:
    """Compare the ring just outside of a mask with the ground beyond it.

    Each pixel of the ring (to 2 px outside) is paired with the one that lies 8 px farther out. A mask that leaves a rim
    of the object has the object's colour in its ring.

    Returns
    -------
    Mean CIEDE2000 of the pairs, and mean gradient in the ring over that of the ground beyond; None = no ring
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    if not hole.any() or hole.all():
        return None
    outside = distance_outside(hole)
    signed = cv2.GaussianBlur(outside - distance_inside(hole), (0, 0), 2.0)
    rows, cols = cv2.Scharr(signed, cv2.CV_32F, 0, 1), cv2.Scharr(signed, cv2.CV_32F, 1, 0)
    length = np.hypot(rows, cols) + 1e-6
    ring = np.argwhere((outside > 0) & (outside <= 2))
    step = np.stack([rows / length, cols / length], axis=-1)[ring[:, 0], ring[:, 1]]
    beyond = np.rint(ring + 8 * step).astype(int)
    inside = ((beyond >= 0) & (beyond < hole.shape)).all(axis=1)
    ring, beyond = ring[inside], beyond[inside]
    ground = outside[beyond[:, 0], beyond[:, 1]] > 6
    ring, beyond = ring[ground], beyond[ground]
    if len(ring) < 20:
        return None
    lab = rgb2lab(cv2.GaussianBlur(image, (0, 0), 0.8))
    slope = np.hypot(cv2.Scharr(lab[..., 0].astype(np.float32), cv2.CV_32F, 1, 0), 0) + np.abs(
        cv2.Scharr(lab[..., 0].astype(np.float32), cv2.CV_32F, 0, 1)
    )
    one, two = (lab[p[:, 0], p[:, 1]] for p in (ring, beyond))
    energy = slope[ring[:, 0], ring[:, 1]].mean() / max(slope[beyond[:, 0], beyond[:, 1]].mean(), 1e-6)
    return float(deltaE_ciede2000(one, two).mean()), float(energy)


def save_worst(rows: list[dict], folder: Path, count: int = 6) -> None:
    """Write overlays of the pictures with the least coverage, the most extra, and the least of a limb won back."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted: dict[int, set[str]] = {}
    for name in DAMAGES:
        for kind, key in (("coverage", lambda e: e["after"][0]), ("extra", lambda e: -e["all"][1])):
            for row in sorted(rows, key=lambda r, n=name, k=key: k(r["repair"][n]))[:count]:  # type: ignore[misc]
                wanted.setdefault(row["id"], set()).add(f"{name}-{kind}")
    for scene in scenes():
        for case in sorted(wanted.get(scene.id, ())):
            damage = DAMAGES[case.split("-")[0]]
            given = np.zeros(scene.truth.shape, bool)
            for number, person in enumerate(scene.persons):
                given |= damage(person.hole, scene.id + number)
            prior = at_mask.look(scene.image, given) if refining.ready() else None
            refined = refine(given, scene.image, prior=prior)
            shown = overlay(scene.image, {"given": given, **refined.added, "missed": scene.truth & ~refined.hole})
            bgr = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)[..., ::-1]
            cv2.imwrite(str(folder / f"{case}-{scene.id}.png"), bgr)
