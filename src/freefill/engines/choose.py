"""Which engine `auto` takes, by what the hole is. The measurement behind it: docs/decisions/0004-auto.md."""

from __future__ import annotations

import cv2
import numpy as np

from freefill.values import Hole

THIN_PX = 6.0


def choose(hole: Hole) -> tuple[str, str]:
    """Return the engine's name and why, for a hole (H, W) bool."""
    distance = cv2.distanceTransform(np.ascontiguousarray(hole).view(np.uint8), cv2.DIST_L2, 5)
    thick = 2 * float(distance.max())
    if thick <= THIN_PX:
        return "telea", f"the hole is thin ({thick:.0f} px)"
    return "texture", f"the hole is {thick:.0f} px thick"
