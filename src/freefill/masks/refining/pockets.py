"""Find what a mask encloses, or nearly encloses, and what is no ground: a heart on a kite, a panel of an umbrella.

A pocket is enclosed; a bay is so narrow at its mouth that a disc of a small share of the object's size closes it.
Ground is seen through both, as between an arm and a hip, and stays. What is of no colour that the open ground around
the object has is a part of the object, or of what it holds. Decision 0089 has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.values import Hole

CLOSEUP_SIZE_PX = 120.0
CLOSEUP_BOX_PX = 480
MARGIN = 0.5  # of the object's size: ground is looked at as far from it
SAMPLES = 600  # of the ground: more tell no more


@dataclass(frozen=True)
class PocketLimits:
    """What counts as a pocket that is no ground. Lengths are shares of the object's size.

    Attributes
    ----------
    mouth : a bay is closed by a disc of this radius
    least : the side of the square of what is taken
    rim : so near the contour no ground is looked at: it has the object's colour mixed in
    differs : CIELAB, from the mean of the five nearest colours of the ground
    whole : an enclosed pocket of which this share differs is taken whole
    """

    mouth: float = 0.035
    least: float = 0.03
    rim: float = 0.05
    differs: float = 8.0
    whole: float = 0.5


def find_pockets(view: Closeup, most: float = 0.2, limits: PocketLimits = PocketLimits()) -> Hole:
    """Return what pockets and bays of a part hold that is no ground, (h, w) bool.

    Parameters
    ----------
    view : the part seen close, with MARGIN
    most : the size (root of the area) of a pocket, as a share of the object's
    limits : what counts
    """
    nothing = np.zeros(view.part.shape, bool)
    if view.size_px < 20 or min(view.part.shape) < 8 or view.part.all() or not view.part.any():
        return nothing
    masked = view.part | view.others
    radius = limits.mouth * view.size_px
    closed = distance_inside(distance_outside(masked) <= radius) > radius
    closed |= _enclosed(closed, (most * view.size_px) ** 2)
    within = closed & ~masked
    away = distance_outside(view.part) / view.size_px
    ground = view.lab[~closed & (away > limits.rim) & (away < MARGIN)]
    if not within.any() or len(ground) < 50:
        return nothing
    foreign = nothing.copy()
    foreign[within] = _nearest(view.lab[within], ground[:: max(len(ground) // SAMPLES, 1)]) > limits.differs
    pockets = _enclosed(masked, (most * view.size_px) ** 2)
    return _large(foreign, limits.least * view.size_px) | _mostly(pockets, foreign, limits.whole)


def _enclosed(masked: Hole, most: float) -> Hole:
    """Return what of the rest is enclosed, in pieces of at most an area, px; the view's border encloses nothing."""
    _, *answer, _ = cv2.connectedComponentsWithStats((~masked).view(np.uint8), connectivity=4)
    labels, stats = (np.asarray(each, np.intp) for each in answer)
    start, side, area = stats[:, :2], stats[:, 2:4], stats[:, cv2.CC_STAT_AREA]
    inner = (start > 0).all(axis=1) & (start + side < masked.shape[::-1]).all(axis=1) & (area <= most)
    inner[0] = False
    return inner[labels]


def _nearest(colours: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each colour, (n, 3), is from the nearest five of the ground, on average, (n,)."""
    squares = (colours**2).sum(axis=1)[:, None] - 2 * colours @ ground.T + (ground**2).sum(axis=1)
    return np.sqrt(np.maximum(np.partition(squares, 4, axis=1)[:, :5], 0)).mean(axis=1)


def _large(pieces: Hole, least_px: float) -> Hole:
    """Return the pieces of at least the area of a square of that side, without threads a pixel wide."""
    opened = cv2.morphologyEx(pieces.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, *answer, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    labels, stats = (np.asarray(each, np.intp) for each in answer)
    large = stats[:, cv2.CC_STAT_AREA] >= least_px**2
    large[0] = False
    return large[labels]


def _mostly(pockets: Hole, foreign: Hole, share: float) -> Hole:
    """Return the pockets of which at least a share is foreign."""
    count, labels = cv2.connectedComponents(pockets.view(np.uint8), connectivity=4)
    labels = np.asarray(labels, np.intp).ravel()
    of = np.bincount(labels, foreign.ravel(), count) / np.maximum(np.bincount(labels, minlength=count), 1)
    taken = of >= share
    taken[0] = False
    return taken[labels].reshape(pockets.shape)
