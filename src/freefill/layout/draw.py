"""Joined lines as a picture: the colours expected along each, as wide as its profile, and how sure they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import HALF_WIDTH, End, left_of
from freefill.layout.joining import Joined
from freefill.layout.sight import Sight

FADE = 0.7  # of the half width: confidence falls as a bell across a line
BACK_PX = 10  # how far a line is drawn back over what is known, where it holds for sources and targets alike


def draw(lines: list[Joined], sight: Sight) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw joined lines.

    Returns
    -------
    lab : (h, w, 3) float32, colours along the lines; `sight.lab` elsewhere
    confidence : (h, w) float32, 0 to 1; above 0 also over the known pixels from which the lines come
    """
    height, width = sight.size
    total = np.zeros((height * width, 3))
    weight, most = np.zeros(height * width), np.zeros(height * width)
    offsets = np.arange(-HALF_WIDTH, HALF_WIDTH + 0.25, 0.5)
    bell = np.exp(-((offsets / (HALF_WIDTH * FADE)) ** 2))
    at = np.arange(-HALF_WIDTH, HALF_WIDTH + 1)
    for line in lines:
        profiles = [
            np.stack([np.interp(offsets, at, profile[:, k]) for k in range(3)], 1)
            for profile in (line.one.profile, line.other.profile[::-1])
        ]
        share = np.linspace(0, 1, len(line.curve))[:, None, None]
        colours = (1 - share) * profiles[0] + share * profiles[1]
        places = line.curve[:, None] + offsets[None, :, None] * line.normals[:, None]
        flat, inside = _flat(places, sight)
        own = bell * (line.side * offsets >= 0)
        heavy = np.broadcast_to(own * line.confidence, inside.shape)
        np.add.at(total, flat[inside], colours[inside] * heavy[inside][:, None])
        np.add.at(weight, flat[inside], heavy[inside])
        np.maximum.at(most, flat[inside], heavy[inside])
        for end in (line.one, line.other):
            flat, inside = _flat(_back(end, offsets), sight)
            np.maximum.at(most, flat[inside], np.broadcast_to(own * line.confidence, inside.shape)[inside])
    drawn = (weight > 0) & sight.hole.ravel()
    lab = sight.lab.reshape(-1, 3).copy()
    lab[drawn] = (total[drawn] / weight[drawn][:, None]).astype(np.float32)
    return lab.reshape(height, width, 3), most.reshape(height, width).astype(np.float32)


def _back(end: End, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places along and across the known part of an edge, (n, offsets, 2)."""
    steps = np.arange(0, min(end.length, BACK_PX), 0.5)[:, None, None]
    left = left_of(end.heading)
    return end.place - steps * end.heading + (0.5 * end.bend * steps**2 + offsets[None, :, None]) * left


def _flat(places: NDArray[np.float64], sight: Sight) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the number of the pixel at each place, and whether it lies in the picture."""
    height, width = sight.size
    rows, cols = np.rint(places[..., 0]).astype(np.int64), np.rint(places[..., 1]).astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return np.clip(rows, 0, height - 1) * width + np.clip(cols, 0, width - 1), inside
