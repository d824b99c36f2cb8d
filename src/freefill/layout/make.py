"""From a hole to its layout: what is expected where, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.layout.draw import draw
from freefill.layout.ends import find_ends
from freefill.layout.joining import Joined, join
from freefill.layout.sight import see

LINES_PX = 320  # longer side at which lines are looked for
LEAST_SURE = 0.4  # of a joined line that is drawn


@dataclass(frozen=True, eq=False)
class Layout:
    """What is expected in a hole.

    Attributes
    ----------
    values : (h, w, 3) float32, RGB in [0, 1], laid over the whole picture
    confidence : (h, w) float32, 0 to 1
    lines : the joined lines it was made from
    """

    values: NDArray[np.float32]
    confidence: NDArray[np.float32]
    lines: tuple[Joined, ...]


def make_layout(image: NDArray[np.float32], hole: NDArray[np.bool_], source: NDArray[np.bool_]) -> Layout | None:
    """Find what crosses a hole.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole, source : (H, W) bool

    Returns
    -------
    None where nothing sure crosses it
    """
    import cv2

    sight = see(image, hole, source, LINES_PX)
    lines = [line for line in join(find_ends(sight), sight) if line.confidence >= LEAST_SURE]
    if not lines:
        return None
    lab, confidence = draw(lines, sight)
    values = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1).astype(np.float32)
    return Layout(values, confidence, tuple(lines))
