"""Regular ground in perspective goes on in phase: pickets, windows, slats, however they shrink.

A repeat (`periods.py`) foretells a pixel of the hole from every known pixel that lies whole steps away. Where it is
believed (`believed.py`) the pixel is copied from there, between pixels, so that edges have no stairs, and made as light
as the rim (`lifted.py`). The rest is left to the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis.believed import believed_steps
from freefill.synthesis.elation import Elation
from freefill.synthesis.lifted import lift
from freefill.synthesis.periods import even_ground, exact, find_step, foretold, refine
from freefill.values import Box

SIGHT_PX = 400  # longer side at which a repeat is looked for
SEEN = 0.4  # of a small pixel's width there: no pixels farther apart than this are read
FINE_PX = 1000  # and at which it is made exact
LEAST_MARGIN_PX, MARGIN = 64, 0.75  # around the hole, px and of its longer side
RIM_PX = 20  # at SIGHT_PX: of the ground this near to the hole
LEAST_TOLD = 0.25  # this much must be foretold
LEAST_SHARE = 0.15  # of the hole: less is not worth it


@dataclass(frozen=True, eq=False)
class Continued:
    """What a repeat foretells: `holes` and `copied` (n, 2) int32 rows and columns, `colours` (n, 3) float32."""

    holes: NDArray[np.int32]
    copied: NDArray[np.int32]
    colours: NDArray[np.float32]


def continue_repeat(image: NDArray[np.float32], hole: NDArray[np.bool_], source: NDArray[np.bool_]) -> Continued | None:
    """Fill what regular ground around the hole foretells.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool
    source : (H, W) bool, may be copied from; outside the hole

    Returns
    -------
    None where nothing around the hole repeats, or too little of the hole is foretold
    """
    place = _window(hole)
    seen, hidden, known = image[place], hole[place], source[place]
    small, small_hole, small_known = _shrunk(seen, hidden, known)
    ground = even_ground(small.mean(axis=2), small_known)
    found = find_step(ground)
    if found is None:
        return None
    told = foretold(ground, found)
    if not _worth_it(told, small_hole, small_known):
        return None
    found = exact(ground, found)
    told = foretold(ground, found)
    steps = believed_steps(small, small_hole, small_known, found, told)
    if np.count_nonzero(steps[small_hole]) < LEAST_SHARE * np.count_nonzero(small_hole):
        return None
    factor = np.array(hidden.shape[::-1]) / np.array(small_hole.shape[::-1])
    if factor.max() > 1.5:
        found = refine(seen, known, found, float(factor.mean()), FINE_PX)
    return _drawn(image, place, hole, source, steps, found.seen_at(float(factor.mean()), np.zeros(2)))


def _window(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the hole's box and some ground around it."""
    box = Box.around(hole)
    assert box is not None  # there is no fill without a hole
    margin = max(LEAST_MARGIN_PX, round(MARGIN * max(box.height, box.width)))
    return box.grown(margin, (hole.shape[0], hole.shape[1])).slices


def _shrunk(
    image: NDArray[np.float32], hole: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the window no larger than SIGHT_PX; a small pixel is known where all of it is."""
    import cv2

    factor = SIGHT_PX / max(hole.shape)
    if factor >= 1:
        return np.where(known[..., None], image, np.float32(0)), hole, known
    size = max(1, round(hole.shape[1] * factor)), max(1, round(hole.shape[0] * factor))
    small_hole = np.asarray(cv2.resize(hole.view(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)) > 0
    every = max(1, int(SEEN / factor))  # of a large picture some pixels tell it
    some = np.s_[every // 2 :: every, every // 2 :: every]

    def shrink(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)

    share = shrink(known[some])
    small = shrink(np.where(known[some][..., None], image[some], np.float32(0)))
    small /= np.maximum(share, 1e-3)[..., None]
    return small, small_hole, (share > 0.999) & ~small_hole


def _worth_it(told: NDArray[np.bool_], hole: NDArray[np.bool_], known: NDArray[np.bool_]) -> bool:
    """Say whether enough of the ground at the rim is foretold."""
    import cv2

    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * RIM_PX + 1, 2 * RIM_PX + 1), np.uint8)) > 0
    near &= known
    return bool(near.any()) and float(told[near].mean()) >= LEAST_TOLD


def _drawn(
    image: NDArray[np.float32],
    place: tuple[slice, slice],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    steps: NDArray[np.int8],
    step: Elation,
) -> Continued | None:
    """Copy at full size, and lift the copies until they meet the rim."""
    import cv2

    known, hidden = source[place], hole[place]
    seen = np.where(known[..., None], image[place], np.float32(0))
    height, width = hidden.shape
    wide = cv2.resize(steps, (width, height), interpolation=cv2.INTER_NEAREST)
    pixels = np.argwhere(hidden & (wide != 0))
    count, from_where = _whole_steps(pixels, wide[pixels[:, 0], pixels[:, 1]].astype(np.int64), known, step)
    good = count != 0
    if not good.any():
        return None
    pixels, count, from_where = pixels[good], count[good], from_where[good]
    period = step.length_px(pixels.mean(axis=0)[::-1])
    colours = lift(seen, known, pixels, count, step, period)
    corner = np.array([place[0].start, place[1].start])
    return Continued((pixels + corner).astype(np.int32), (np.rint(from_where) + corner).astype(np.int32), colours)


def _whole_steps(
    pixels: NDArray[np.int64], wanted: NDArray[np.int64], known: NDArray[np.bool_], step: Elation
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each pixel the wanted count of steps, or the next that leads to known ground, and where; 0 = none.

    At full size the hole has finer corners than where the steps were chosen.
    """
    import cv2

    inner = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    count, from_where = np.zeros_like(wanted), np.zeros((len(pixels), 2))
    for more in (0, 1, -1, 2):
        for number in np.unique(wanted[count == 0]):
            steps = int(number + more * np.sign(number))
            use = np.nonzero((count == 0) & (wanted == number))[0]
            if steps == 0:
                continue
            moved, kept = step.move(pixels[use][:, ::-1], steps)
            near = np.rint(moved).astype(np.int64)[:, ::-1]
            good = kept & ((near >= 0) & (near < known.shape)).all(axis=1)
            good[good] = inner[near[good, 0], near[good, 1]]
            count[use[good]], from_where[use[good]] = steps, moved[good, ::-1]
    return count, from_where
