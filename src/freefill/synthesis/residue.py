"""What the mask left outside: rim pixels whose colour is nowhere in the ground around the hole.

A rim of hair, a wheel's edge or an antialiased contour outside the mask is known, and must stay as it is. But it is no
ground, and neither the search nor the paste should follow it inwards: that is where dark smoke and halos come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.synthesis.pieces import large_pieces
from freefill.values import Box

RIM_PX = 3  # nearer to the hole than this a pixel is asked
OUTER_PX = 4, 12  # the ground it is held against lies this far from the hole, on any side of it
STRANGE = 6.0  # Lab, from the most similar colour of that ground
CELLS = 128  # cubes along each axis of Lab, which is at most 256 long
TILE_PX = 256  # of a large picture only tiles with something of the rim are looked at
LEAST_PX = 12  # smaller spots are noise: pebbles around a thin hole have some of 10 px
SOFT = 3.0  # the same right beside what is found: a thing's edge is soft
CLEAR = 15.0  # Lab beyond `STRANGE`, summed over a spot: a few pixels as clear as this are no noise
PEAK = 8.0  # Lab beyond `STRANGE` of one of them: strong grain sums up too, but no single pixel of it stands out
AT_ONCE = 250_000  # differences of colours worked out together: 3 MB


def residue(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the known pixels at the rim that look like a rest of what is removed.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool

    Returns
    -------
    (H, W) bool, outside `hole`, within 3 px of it
    """
    found = np.zeros(hole.shape, bool)
    box = Box.around(hole)
    if box is None:
        return found
    place = box.grown(OUTER_PX[1] + 1, (hole.shape[0], hole.shape[1])).slices
    rim, outer = _rings(hole[place])
    if rim.any() and outer.any():
        image = image[place]
        around = _lab(image[outer])
        beyond = np.zeros(rim.shape, np.float32)
        beyond[rim] = np.maximum(apart(_lab(image[rim]), around, STRANGE) - STRANGE, 0)
        spots = beyond > 0
        spots = large_pieces(spots, LEAST_PX) | _clear(spots, beyond)
        edge = rim & _grown(spots) & ~spots
        if edge.any():
            spots[edge] = apart(_lab(image[edge]), around, SOFT) > 0
        found[place] = spots
    return found


def _rings(hole: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the pixels that are asked, and the ground that they are held against."""
    rim, outer = np.zeros_like(hole), np.zeros_like(hole)
    height, width = hole.shape
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            tile = Box(top, left, min(TILE_PX, height - top), min(TILE_PX, width - left))
            near = tile.grown(OUTER_PX[1] + 1, (height, width))
            if hole[near.slices].any():  # of a large picture most is far from the hole
                distance = distance_outside(hole[near.slices])[tile.moved(-near.top, -near.left).slices]
                rim[tile.slices] = (distance > 0) & (distance <= RIM_PX)
                outer[tile.slices] = (distance >= OUTER_PX[0]) & (distance <= OUTER_PX[1])
    return rim, outer


def _lab(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.cvtColor(colours[:, None], cv2.COLOR_RGB2LAB), np.float32)[:, 0]


def _clear(spots: NDArray[np.bool_], beyond: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the spots that are small, and stand out so much that they are no noise."""
    import cv2

    count, labels = cv2.connectedComponents(_grown(spots).astype(np.uint8), connectivity=8)
    labels = np.asarray(labels, np.int64)
    strength = np.bincount(labels[spots], beyond[spots], minlength=count)
    peak = np.zeros(count, np.float32)
    np.maximum.at(peak, labels[spots], beyond[spots])
    return spots & ((strength >= CLEAR) & (peak >= PEAK))[labels]


def _grown(spots: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    return cv2.dilate(spots.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def apart(colours: NDArray[np.float32], ground: NDArray[np.float32], least: float) -> NDArray[np.float32]:
    """Return how far each colour lies from the most similar one of the ground, (n,); Lab, (n, 3) and (m, 3).

    0 where it is nearer than `least`, which is 3 or more.
    """
    cell = least / 3**0.5  # two colours in one cube of this side are no farther apart than `least`
    seen = np.zeros(CELLS**3, bool)
    seen[_packed(ground / cell)] = True
    unlike = ~seen[_packed(colours / cell)]  # most colours share a cube with the ground, and are done
    # To whole units a photograph has some thousand colours, however large it is.
    _, first = np.unique(_packed(ground, 256), return_index=True)
    few = ground[first]
    rest = np.flatnonzero(unlike)
    distance = np.zeros(len(colours), np.float32)
    together = max(AT_ONCE // max(len(few), 1), 1)
    for start in range(0, len(rest), together):
        part = rest[start : start + together]
        squares = np.square(colours[part, None] - few[None]).sum(axis=2, dtype=np.float32)
        distance[part] = np.sqrt(squares.min(axis=1))
    return np.where(distance > least, distance, 0).astype(np.float32)


def _packed(lab: NDArray[np.float32], side: int = CELLS) -> NDArray[np.int64]:
    """Return one number for each cube of side 1 that a colour lies in; a and b begin at minus half of `side`."""
    places = np.floor(lab).astype(np.int64) + np.array([0, side // 2, side // 2])
    return (places[:, 0] * side + places[:, 1]) * side + places[:, 2]
