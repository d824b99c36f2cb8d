"""Regular ground: a screentone, a weave, a raster is continued in phase, exactly.

What repeats is found by correlating the known surroundings with themselves. Each hole pixel then copies the known pixel
that lies the best of these repeats away. Ground that is only nearly regular (bricks seen at an angle, a picket fence)
does not pass the test at the rim, and is left to the search.

References
----------
Padfield, Masked object registration in the Fourier domain, IEEE Trans. Image Processing 2012, equation 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.values import Box

MARGIN_PX = 64  # known ground around the hole that is looked at
GATE_PX = 192  # a window of this size tells first whether anything repeats
MOST_PX = 1024  # a larger window is not looked at: what repeats fills smaller ones
LEAST_SHIFT_PX = 2  # neighbours are alike in any picture
MOST_PERIOD_PX = 32  # what repeats at larger distances only has detail of its own, which the search keeps
OVERLAP = 0.25  # of the known pixels
ALIKE = 0.85  # correlation at a repeat
UNLIKE = 0.6  # and somewhere before the first one: a smooth ground is like itself everywhere
MOST_SHIFTS = 1500
RIM_PX = 6  # known pixels this near to the hole must be what the repeats foretell
SURE = 0.95  # their correlation with that, and of one repeat in the hole with the opposite one
LEAST_CONTRAST = 6.0  # grey levels, standard deviation of what is compared


def repeat(
    image: NDArray[np.float32], hole: NDArray[np.bool_], source: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Find for every hole pixel the known pixel in the same phase.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool
    source : (H, W) bool, may be copied from; outside the hole

    Returns
    -------
    holes and where they are copied from, (n, 2) int32 each; None where the ground is not regular
    """
    place = _window(hole)
    if max(s.stop - s.start for s in place) > MOST_PX:
        return None
    grey, known = image[place].mean(axis=2) * 255, (source & ~hole)[place]
    if not known.any() or len(_shifts(*_gate(grey, known))) == 0:
        return None
    shifts = _shifts(grey, known)
    rim = _rim(hole[place]) & known
    if not _foretold(grey, known, rim, shifts):
        return None
    holes = np.argwhere(hole[place])
    copied = _nearest(holes, known, shifts)
    if (copied < 0).any() or not _agreeing(grey, copied, _nearest(holes, known, -shifts)):
        return None
    corner = np.array([place[0].start, place[1].start])
    return (holes + corner).astype(np.int32), (copied + corner).astype(np.int32)


def _window(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the hole's box and some ground around it."""
    box = Box.around(hole)
    assert box is not None  # there is no fill without a hole
    return box.grown(MARGIN_PX, (hole.shape[0], hole.shape[1])).slices


def _gate(grey: NDArray[np.float32], known: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the small window, at a corner or in the middle, in which most is known."""
    height, width = known.shape
    rows, cols = (sorted({0, max(size - GATE_PX, 0) // 2, max(size - GATE_PX, 0)}) for size in (height, width))
    places = [np.s_[r : r + GATE_PX, c : c + GATE_PX] for r in rows for c in cols]
    best = max(places, key=lambda place: int(known[place].sum()))
    return grey[best], known[best]


def correlation(grey: NDArray[Any], known: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the normalised correlation of the known pixels with themselves shifted, and how many pixels overlap.

    Returns
    -------
    (2 H - 1, 2 W - 1) twice; the middle is the shift (0, 0), and rows below it are shifts downwards
    """
    import cv2

    height, width = known.shape
    size = cv2.getOptimalDFTSize(2 * height), cv2.getOptimalDFTSize(2 * width)
    mask = known.astype(np.float64)
    values = np.where(known, grey - grey[known].mean(), 0.0)
    ones, first, square = (np.fft.rfft2(a, size) for a in (mask, values, values**2))

    def over(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
        whole = np.roll(np.fft.irfft2(np.conj(one) * other, size), (height - 1, width - 1), (0, 1))
        return whole[: 2 * height - 1, : 2 * width - 1]

    count = np.maximum(np.rint(over(ones, ones)), 1.0)
    moved, moved_square = over(ones, first), over(ones, square)
    still, still_square = moved[::-1, ::-1], moved_square[::-1, ::-1]
    spread = (moved_square - moved**2 / count) * (still_square - still**2 / count)
    together = over(first, first) - moved * still / count
    # Plain ground: less than a grey level of spread counts as one, or rounding would correlate.
    return together / np.sqrt(np.maximum(spread, count**2)), count


def _shifts(grey: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the shifts at which the ground is like itself, (n, 2): most alike first, of equals the shortest."""
    import cv2

    none = np.zeros((0, 2), np.int64)
    alike, count = correlation(grey, known)
    middle = np.array(alike.shape) // 2
    rows, cols = np.ogrid[: alike.shape[0], : alike.shape[1]]
    length = np.hypot(rows - middle[0], cols - middle[1])
    alike = np.where(count >= OVERLAP * known.sum(), alike, -1.0)
    highest = cv2.dilate(alike, np.ones((3, 3), np.uint8))
    # A ridge is no wider than its rounding errors.
    peaks = (alike >= highest - 1e-6) & (alike >= ALIKE) & (length >= LEAST_SHIFT_PX)
    period = length[peaks].min(initial=np.inf)
    if period > MOST_PERIOD_PX or alike[length < period].min() > UNLIKE:
        return none
    places = np.argwhere(peaks)
    # Peaks that differ by less than a fiftieth are equals; of these the shortest.
    order = np.lexsort((places[:, 1], places[:, 0], length[peaks], -np.rint(alike[peaks] * 50)))
    return places[order[:MOST_SHIFTS]] - middle


def _nearest(places: NDArray[np.int64], known: NDArray[np.bool_], shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each place the first shift away that is known, (n, 2); -1 where none is."""
    copied = np.full(places.shape, -1, np.int64)
    left = np.arange(len(places))
    for shift in shifts:
        moved = places[left] + shift
        inside = ((moved >= 0) & (moved < known.shape)).all(axis=1)
        inside[inside] = known[moved[inside, 0], moved[inside, 1]]
        copied[left[inside]] = moved[inside]
        left = left[~inside]
        if len(left) == 0:
            break
    return copied


def _rim(hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels around the hole."""
    distance = distance_outside(hole)
    return (distance > 0) & (distance <= RIM_PX)


def _foretold(
    grey: NDArray[np.float32], known: NDArray[np.bool_], rim: NDArray[np.bool_], shifts: NDArray[np.int64]
) -> bool:
    """Say whether the repeats foretell the rim, as they should foretell the hole."""
    places = np.argwhere(rim)
    if len(shifts) == 0 or len(places) < 16:
        return False
    copied = _nearest(places, known & ~rim, shifts)
    return _agreeing(grey, places, copied)


def _agreeing(grey: NDArray[np.float32], one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Say whether the pixels at two lists of places are alike."""
    if (other < 0).any():
        return False
    first, second = grey[one[:, 0], one[:, 1]], grey[other[:, 0], other[:, 1]]
    if min(first.std(), second.std()) < LEAST_CONTRAST:
        return False
    return float(np.corrcoef(first, second)[0, 1]) >= SURE
