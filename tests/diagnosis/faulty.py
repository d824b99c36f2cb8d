"""A drawn photograph with lines, texture and grain, and one fault at a time put into its fill."""

import cv2
import numpy as np


def photo(seed: int = 0, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """Return (H, W, 3) float32: ground of soft texture with two straight bands across, and grain."""
    rng = np.random.default_rng(seed)
    height, width = size
    soft = cv2.GaussianBlur(rng.random(size).astype(np.float32), (0, 0), 2)
    light = 0.45 + 2.0 * (soft - soft.mean())
    light[height // 2 - 8 : height // 2 + 8] += 0.3
    light[:, width // 2 - 5 : width // 2 + 5] -= 0.25
    image = np.stack([light, light * 0.9 + 0.03, light * 0.7 + 0.05], axis=2)
    return np.clip(image + rng.normal(0, 0.01, (height, width, 1)), 0, 1).astype(np.float32)


def disc(size: tuple[int, int] = (240, 320), radius: float = 45) -> np.ndarray:
    rows, cols = np.mgrid[: size[0], : size[1]]
    return np.hypot(rows - size[0] / 2, cols - size[1] / 2) < radius


def depth(hole: np.ndarray) -> np.ndarray:
    return cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)


def within(hole: np.ndarray, fill: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.clip(np.where(hole[..., None], fill, truth), 0, 1).astype(np.float32)


def with_fault(name: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return picture with a green thing, hole, and result with that fault."""
    truth, hole = photo(), disc()
    thing = np.array([0.1, 0.7, 0.2], np.float32)
    before = np.where(hole[..., None], thing, truth)
    rng = np.random.default_rng(1)
    if name is None:
        return before, hole, truth
    if name == "residue":
        before = np.where(disc(radius=52)[..., None], thing, truth)
        return before, hole, np.where(hole[..., None], truth, before)
    if name == "seam":
        fill = truth + 0.2 * np.exp(-depth(hole) / 5)[..., None]
    elif name == "colour":
        fill = truth + np.clip(depth(hole) / 4, 0, 1)[..., None] * np.array([0.15, 0.0, -0.1])
    elif name == "smudge":
        fill = cv2.GaussianBlur(truth, (0, 0), 4)
    elif name == "repeat":
        fill = truth.copy()
        for row in range(80, 150, 20):
            for col in range(120, 190, 20):
                fill[row : row + 18, col : col + 18] = truth[20:38, 20:38]
    elif name == "broken":
        fill = np.roll(truth, (24, 18), axis=(0, 1))
    elif name == "grain":
        fill = truth + rng.normal(0, 0.08, truth.shape[:2])[..., None]
    else:
        fill = np.where(disc(radius=18)[..., None], np.array([0.9, 0.2, 0.8]), truth)
    return before, hole, within(hole, fill, truth)
