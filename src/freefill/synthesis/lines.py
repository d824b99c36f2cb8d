"""What the rim says about the hole: do layers (a horizon, a waterline, a wall) run across it, and which way?

Where they do, a patch is the better the nearer it lies to its own layer: the position prior then grows along the normal
of the layers. In clutter it counts near the rim, where what lies close by goes on, and little deep inside the hole,
where it would only narrow the choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside

RING_PX = (10, 20)  # around the hole, on the level the rim is read on
LEVEL_PX = 192  # the rim is read on the finest level whose longer side is at most this
BIN_PX = 1.5  # wider than a pixel's diagonal: along a tilted direction no bin stays empty
NOISE = 25.0  # squared grey levels: a plain sky has no layers
ANGLES = (0, 3, -3, 6, -6, 10, -10, 15, -15, 20, -20, 30, -30, 45, -45, 60, -60, 75, -75, 85, -85, 90)
WEAK, STRONG = 0.5, 0.8  # explained variance from which the prior grows, and at which it is full
LEAST_RIM = 50  # pixels
LOCAL = 0.5  # how much a layer's own surety counts beside that of all
STEEP_BONUS = 0.03  # another direction than level must explain more by this for each right angle of tilt
LEVEL = 45.0  # degrees: layers that are steeper are things or shadows, and these end
LEAST_SEEN = 1 / 3  # of the hole must then lie in layers that are seen on both of its sides


@dataclass(frozen=True, eq=False)
class Layers:
    """Direction of the layers and how sure each of them is.

    Attributes
    ----------
    tilt : degrees by which they rise to the right, -90 to 90
    strength : (n,) float32, 0 (clutter) to 1, at evenly spaced places along the normal
    start, step : where the first of these places lies and how far they are apart, in parts of the longer side
    """

    tilt: float
    strength: NDArray[np.float32]
    start: float = 0.0
    step: float = 1.0


NO_LAYERS = Layers(0.0, np.zeros(1, np.float32))


def read_rim(image: NDArray[np.uint8], known: NDArray[np.uint8]) -> Layers:
    """Find the direction along which the surroundings of the hole vary least.

    The share of the colours' variance that lies between layers (an adjusted R squared) is taken for each direction,
    over known pixels near the hole; the mean of two ring widths counts.

    Parameters
    ----------
    image : (H, W, 3 or more) uint8, colours first; a small level of the pyramid
    known : (H, W) uint8, 1 = known
    """

    distance = distance_inside(known > 0)
    rings = []
    for ring in RING_PX:
        rows, cols = np.nonzero((known > 0) & (distance <= ring))
        if len(rows) < LEAST_RIM:
            return NO_LAYERS
        rings.append((rows, cols, image[rows, cols, :3].astype(np.float64)))
    totals = [_total(colours) for _, _, colours in rings]
    best, tilt = -np.inf, 0.0
    for angle in ANGLES:
        explained = np.mean(
            [_explained(_along(r, c, angle), v, total) for (r, c, v), total in zip(rings, totals, strict=True)]
        )
        if explained - STEEP_BONUS * abs(angle) / 90 > best:
            best, tilt = float(explained - STEEP_BONUS * abs(angle) / 90), float(angle)
    every_row, every_col = np.indices(known.shape).reshape(2, -1)
    places = _along(every_row, every_col, tilt)
    start, count = float(places.min()), int((places.max() - places.min()) / BIN_PX) + 1
    local = np.mean([_local(_along(r, c, tilt), v, start, count, best) for r, c, v in rings], axis=0)
    strength = np.clip((LOCAL * local + (1 - LOCAL) * best - WEAK) / (STRONG - WEAK), 0, 1).astype(np.float32)
    if abs(tilt) > LEVEL:
        strength *= _seen_on_both_sides(known > 0, tilt, start, count) >= LEAST_SEEN
    longest = max(known.shape)
    return Layers(tilt, strength, (start + BIN_PX / 2) / longest, BIN_PX / longest)


def _seen_on_both_sides(known: NDArray[np.bool_], tilt: float, start: float, count: int) -> float:
    """Return how much of the hole lies in layers of which something is known before the hole and behind it, 0 to 1."""
    ways, extents = [], []
    for rows, cols in (np.nonzero(known), np.nonzero(~known)):
        layers = ((_along(rows, cols, tilt) - start) / BIN_PX).astype(np.int64)
        way = _along(rows, cols, tilt + 90)
        first, last = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(first, layers, way)
        np.maximum.at(last, layers, way)
        ways.append(layers)
        extents.append((first, last))
    (first, last), (begins, ends) = extents
    seen = (first < begins) & (last > ends)
    return float(seen[ways[1]].mean())


def _along(rows: NDArray[Any], cols: NDArray[Any], tilt: float) -> NDArray[np.float64]:
    """Return the place along the normal of layers that rise by `tilt` degrees."""
    slant = np.deg2rad(tilt)
    return np.cos(slant) * rows + np.sin(slant) * cols


def _sums(along: NDArray[np.float64], colours: NDArray[np.float64], start: float, count: int) -> tuple[Any, Any]:
    """Return how many pixels each bin has, and the sum over colours of their squared differences to the bin's mean."""
    bins = np.floor((along - start) / BIN_PX).astype(np.int64)
    counts = np.bincount(bins, minlength=count).astype(np.float64)
    within = np.zeros(len(counts))
    for channel in range(3):
        sums = np.bincount(bins, colours[:, channel], minlength=count)
        within += np.bincount(bins, colours[:, channel] ** 2, minlength=count) - sums**2 / np.maximum(counts, 1)
    return counts, within


def _total(colours: NDArray[np.float64]) -> float:
    """Return the variance of the colours, with some noise so that plain surroundings have no layers."""
    return float(((colours - colours.mean(0)) ** 2).sum() / len(colours) + 3 * NOISE)


def _explained(along: NDArray[np.float64], colours: NDArray[np.float64], total: float) -> float:
    """Return the share of the variance, `total`, that lies between bins (adjusted for their number)."""
    counts, within = _sums(along, colours, float(along.min()), 0)
    mean = within.sum() / max(len(along) - int((counts > 0).sum()), 1)
    return 1 - (mean + 3 * NOISE) / total


def _local(
    along: NDArray[np.float64], colours: NDArray[np.float64], start: float, count: int, otherwise: float
) -> NDArray[np.float64]:
    """Return the same for each place along the normal, over bins near it; `otherwise` where there is none."""
    counts, within = _sums(along, colours, start, count)
    window = np.exp(-(np.arange(-6, 7) ** 2) / (2 * 2.0**2))
    freedom = np.convolve(np.maximum(counts - 1, 0), window)[6:-6]
    spread = np.convolve(within, window)[6:-6]
    mean = spread / np.maximum(freedom, 1)
    return np.where(freedom > 1, 1 - (mean + 3 * NOISE) / _total(colours), otherwise)


def pull(size: tuple[int, int], layers: Layers, rows: float, cols: float, layered: float) -> NDArray[np.float32]:
    """Return two quadratic forms, (6,) float32: what dy^2, 2 dy dx and dx^2 cost in clutter, and more in sure layers.

    Parameters
    ----------
    size : (height, width) of the level
    layers : what the rim says
    rows, cols : grey levels over the longer side, down and across, everywhere
    layered : grey levels over the longer side along the normal of the layers
    """
    slant = np.deg2rad(layers.tilt)
    down, across = np.cos(slant), np.sin(slant)
    form = np.array([rows**2, 0, cols**2, *(layered**2 * np.array([down**2, down * across, across**2]))])
    return (form / max(size) ** 2).astype(np.float32)


def near(size: tuple[int, int], depth: NDArray[np.float32], reach: NDArray[np.float32] | float) -> NDArray[np.float32]:
    """Return how far the pull in clutter counts, 1 at the rim and falling with the depth in the hole.

    Near the rim what lies close by goes on. Deep inside everything is far: a pull would copy the nearest piece again
    and again.

    Parameters
    ----------
    size : (height, width) of the level
    depth : (n,) or (n, 1) float32, px from the nearest known pixel
    reach : depth at which it is a half, as a share of the longer side; one number, or any shape that fits `depth`

    Returns
    -------
    float32, of the shape of both
    """
    return (1 / (1 + (depth / (reach * max(size))) ** 2)).astype(np.float32)


def hold(size: tuple[int, int], layers: Layers, rows: NDArray[Any], cols: NDArray[Any]) -> NDArray[np.float32]:
    """Return how sure the layers are at each place of a level, (n,) float32, 0 to 1."""
    places = _along(rows, cols, layers.tilt) / max(size)
    known = layers.start + layers.step * np.arange(len(layers.strength))
    return np.interp(places, known, layers.strength).astype(np.float32)
