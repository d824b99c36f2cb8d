"""Find the shadow that an object casts on the ground: from its lower contour, darker, of the ground's own hue.

The ground is what lies around the foot of the object. Where it has one colour, a region that is clearly darker, of the
same chromaticity, and linked to the foot is shadow. Where the ground is patterned, or where everything about the foot
is dark, there is no telling, and nothing is found: a wrong shadow tears a hole into the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.refining.closeup import Closeup
from freefill.masks.refining.colour_regions import Floats, Regions, cut_into_regions
from freefill.values import Hole

CLOSEUP_SIZE_PX = 60.0
CLOSEUP_BOX_PX = 320
MARGIN = 1.6  # how far around the object is looked, as a share of its size


@dataclass(frozen=True)
class ShadowLimits:
    """What counts as a shadow. Lengths are shares of the object's size, darkness is the natural log of luminance.

    Attributes
    ----------
    least_drop, most_drop : how much darker than the ground
    hue : the largest difference of chromaticity, (a, b) / (L + 16); does not change with the strength of the light
    ground_spread : the ground's own spread of darkness (median absolute deviation) may be this share of the drop
    reach : the farthest from the foot
    least_area, most_area : shares of the object's area
    least_light : the ground's least lightness, 0 to 100: in the dark everything is shadow
    solid : the least share of its convex hull that it fills: the shade of a tree is tattered
    direction : how much of one direction the shadow must be, 0 (any) to 1 (a line), where it is long
    """

    least_drop: float = 0.25
    most_drop: float = 2.2
    hue: float = 0.04
    ground_spread: float = 0.4
    reach: float = 1.5
    least_area: float = 0.02
    most_area: float = 0.8
    least_light: float = 25.0
    solid: float = 0.45
    direction: float = 0.6


def find_shadow(view: Closeup, limits: ShadowLimits = ShadowLimits()) -> Hole:
    """Return the shadow of a part, (h, w) bool; empty where the evidence is weak.

    Parameters
    ----------
    view : the part seen close, with a margin of `MARGIN`
    limits : what counts as a shadow
    """
    nothing = np.zeros(view.part.shape, bool)
    rows = np.flatnonzero(view.part.any(axis=1))
    if view.size_px < 12 or min(view.part.shape) < 16 or len(rows) == 0 or rows[-1] >= view.part.shape[0] - 2:
        return nothing  # cut by the lower border: the foot is not in the picture
    foot = view.part & (np.arange(len(view.part))[:, None] > rows[-1] - 0.35 * view.size_px)
    regions = cut_into_regions(view.lab, view.part)
    free = (regions.share(view.part) < 0.5) & (regions.share(view.others) < 0.2)
    to_foot = regions.mean(np.minimum(distance_outside(foot), 1e6)) / view.size_px
    low = regions.places[:, 0] > rows[-1] - 0.3 * view.size_px
    dark = 3 * np.log((regions.colours[:, 0] + 16) / 116)  # log of luminance
    hue = regions.colours[:, 1:] / (regions.colours[:, :1] + 16)
    ground = free & low & (to_foot < limits.reach)
    if regions.areas[ground].sum() < 0.5 * view.size_px**2:
        return nothing
    if _median(regions.colours[ground, 0], regions.areas[ground]) < limits.least_light:
        return nothing
    level, spread, tint = _ground(dark, hue, regions.areas, ground)
    drop = level - dark
    candidate = free & (to_foot < limits.reach) & (drop > limits.least_drop) & (drop < limits.most_drop)
    candidate &= np.linalg.norm(hue - tint, axis=1) < limits.hue
    # Shadows of things that stand lie at the level of the foot or below; above it the wall begins.
    candidate &= regions.places[:, 0] > rows[-1] - 0.6 * view.size_px
    if regions.areas[ground & candidate].sum() > 0.4 * regions.areas[ground].sum():
        return nothing  # dark all around
    chosen = _linked(regions, candidate, to_foot < 0.12)
    area = regions.areas[chosen].sum() / view.size_px**2
    if not limits.least_area <= area <= limits.most_area:
        return nothing
    if spread > limits.ground_spread * np.average(drop[chosen], weights=regions.areas[chosen]):
        return nothing
    if not _one_direction(regions, chosen, foot, view.size_px, limits.direction):
        return nothing
    shape = chosen[regions.labels]
    return shape if _solid(shape | foot) >= limits.solid else nothing


def _ground(dark: Floats, hue: Floats, areas: Floats, ground: NDArray[np.bool_]) -> tuple[float, float, Floats]:
    """Return the lit ground's darkness, its spread, and its chromaticity: medians of the brighter two thirds."""
    least = _median(dark[ground], areas[ground], 0.33)
    lit = ground & (dark >= least)
    level = _median(dark[lit], areas[lit])
    spread = _median(np.abs(dark[lit] - level), areas[lit])
    return level, spread, np.array([_median(hue[lit, c], areas[lit]) for c in range(2)])


def _median(values: Floats, weights: Floats, share: float = 0.5) -> float:
    """Return the weighted quantile."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, share * total[-1])])


def _linked(regions: Regions, candidate: NDArray[np.bool_], start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the candidates linked to a start through candidates."""
    one, two = regions.pairs[candidate[regions.pairs].all(axis=1)].T
    reached = candidate & start
    while True:
        more = reached.copy()
        more[two[reached[one]]] = True
        more[one[reached[two]]] = True
        if np.array_equal(more, reached):
            return reached
        reached = more


def _one_direction(regions: Regions, chosen: NDArray[np.bool_], foot: Hole, size_px: float, least: float) -> bool:
    """Tell whether a long shadow leaves the foot in one direction; a short one (a contact shadow) may surround it."""
    centre = np.argwhere(foot).mean(axis=0)
    away = (regions.places[chosen] - centre) / size_px
    length = np.linalg.norm(away, axis=1)
    areas = regions.areas[chosen]
    if length.max() < 0.6:
        return True
    return float(np.linalg.norm((away * areas[:, None]).sum(axis=0)) / (length * areas).sum()) >= least


def _solid(shape: Hole) -> float:
    """Return the share of its convex hull that a shape fills."""
    points = np.argwhere(shape)[:, ::-1].astype(np.int32)
    hull = cv2.contourArea(cv2.convexHull(points)) if len(points) > 2 else 0.0
    return float(len(points) / max(hull, 1.0))
