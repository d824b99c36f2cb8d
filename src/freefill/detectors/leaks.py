"""What a wide look at a person adds to the close ones, where it has not leaked into the ground.

The pose network looks at a wide square for what the box or the close look left out. Mostly it finds legs; at times it
takes a bench's back, wet sand or the dark above a head, in one large piece. Decision 0071 has the measurements.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Hole

Sureness = NDArray[np.float32]  # (h, w), 0 to 1

FAINT = (0.05, 0.5)  # where a close look is this sure, it has looked and not believed what a wide look takes
LARGE = 0.25  # of what the close looks see: a faint piece from this size on is none of the person's
# What both networks saw close by and were this sure of, in the mean, they doubted: of such pieces from this size on a
# third is a person's, of all others four fifths (decision 0124).
DOUBTED, NOT_SMALL = 0.2, 0.05
MOST_LATER = 0.12  # the same for all that a later wide look adds, of which one tenth was a person's where it was more


def without_faint_pieces(wide: Sureness, sure: Sureness, close: Sureness, cut: float) -> Sureness:
    """Leave out of a first wide look what the close looks saw and did not believe: large pieces, and doubted ones.

    Parameters
    ----------
    wide : (h, w) what the wide look is sure of, 0 to 1
    sure : (h, w) what the close looks are sure of
    close : (h, w) the same of the pose network alone
    cut : a pixel is a person's from this sureness on

    Returns
    -------
    (h, w) `wide` with 0 in those pieces
    """
    core, more = sure >= cut, _added(wide, sure, cut)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(more.view(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    pose, both = (np.bincount(labels.ravel(), each.ravel(), count) / np.maximum(areas, 1) for each in (close, sure))
    leaks = (pose >= FAINT[0]) & (pose < FAINT[1]) & (areas > LARGE * core.sum())
    leaks |= (both >= DOUBTED) & (areas > NOT_SMALL * core.sum())
    leaks[0] = False  # label 0 is all the rest
    return np.where(leaks[labels], np.float32(0), wide)


def later_adds_little(wide: Sureness, sure: Sureness, cut: float) -> bool:
    """Tell whether a wide look at a box that was made larger already adds so little that it may be the person's."""
    return bool(_added(wide, sure, cut).sum() <= MOST_LATER * (sure >= cut).sum())


def _added(wide: Sureness, sure: Sureness, cut: float) -> Hole:
    return (wide >= cut) & (sure < cut)
