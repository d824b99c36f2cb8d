"""Synthetic pictures with something that goes on behind a hole."""

import cv2
import numpy as np


def grained(image, seed=0):
    """A little grain, as every photograph has it."""
    noise = np.random.default_rng(seed).normal(0, 0.01, image.shape)
    return np.clip(image + noise, 0, 1).astype(np.float32)


def horizon(row_left=90.0, row_right=100.0, size=(200, 260)):
    """Sky over sand, parted by a slightly slanted line."""
    rows, cols = np.indices(size)
    below = np.clip(rows - (row_left + (row_right - row_left) * cols / size[1]) + 0.5, 0, 1)[..., None]
    return grained((1 - below) * np.array([0.55, 0.7, 0.9]) + below * np.array([0.8, 0.7, 0.5]))


def pole(slant=0.35, size=(200, 260)):
    """A dark slanted pole, 8 px wide, before a light ground."""
    rows, cols = np.indices(size)
    away = (cols - 130 - slant * (rows - 100)) / np.hypot(1, slant)
    inside = np.clip(4.5 - np.abs(away), 0, 1)[..., None]
    return grained((1 - inside) * np.array([0.8, 0.85, 0.8]) + inside * np.array([0.2, 0.15, 0.1]))


def stem(radius=170.0, size=(200, 260)):
    """A bent stem, 10 px wide: an arc about a centre below the picture."""
    rows, cols = np.indices(size)
    away = np.hypot(rows - 255, cols - 130) - radius
    inside = np.clip(5.5 - np.abs(away), 0, 1)[..., None]
    return grained((1 - inside) * np.array([0.2, 0.45, 0.25]) + inside * np.array([0.6, 0.8, 0.3]))


def ground(size=(200, 260)):
    """Stochastic ground: blurred noise of some contrast, nothing that goes on."""
    noise = np.random.default_rng(5).normal(0, 1, (*size, 3))
    image = cv2.GaussianBlur(noise, (0, 0), 1.2)
    return np.clip(0.5 + 0.35 * image, 0, 1).astype(np.float32)


def blob(size=(200, 260), centre=(100, 130), axes=(45, 35)):
    """The hole that an object left."""
    hole = np.zeros(size, np.uint8)
    cv2.ellipse(hole, centre[::-1], axes[::-1], 0, 0, 360, 1, -1)
    return hole > 0
