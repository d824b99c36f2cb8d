"""Drawn figures to refine."""

import numpy as np


def figure(height: int = 160, width: int = 160) -> np.ndarray:
    """Draw a body with a head, two legs and one arm."""
    rows, cols = np.indices((height, width))
    body = ((rows - 70) / 32) ** 2 + ((cols - 80) / 18) ** 2 < 1
    head = (rows - 30) ** 2 + (cols - 80) ** 2 < 100
    legs = (rows > 80) & (rows < 135) & ((abs(cols - 70) < 5) | (abs(cols - 90) < 5))
    arm = (abs(rows - 60) < 5) & (cols > 80) & (cols < 125)
    return body | head | legs | arm


def painted(hole: np.ndarray, thing=(0.8, 0.2, 0.1), ground=(0.3, 0.5, 0.3), seed: int = 0) -> np.ndarray:
    """Colour the hole and the ground, with a little noise."""
    image = np.where(hole[..., None], np.float32(thing), np.float32(ground)).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, 0.02, image.shape).astype(np.float32)
    return np.clip(image + noise, 0, 1)
