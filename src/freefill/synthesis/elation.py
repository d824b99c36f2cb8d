"""A repeat seen in perspective: one step along a row of equal things on a plane, as a map of the picture.

Steps on a plane are translations; a camera makes elations of them. With l the plane's vanishing line and v, on l, the
point at which the row vanishes, k steps are I + k v l^T: four numbers, and any power is as simple as the first.
Where l is far away this is a plain shift.

References
----------
Hartley and Zisserman, Multiple View Geometry, 2nd edition, appendix A7.3 (elations).
Schaffalitzky and Zisserman, Planar grouping for automatic detection of vanishing lines and points, 2000, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR_HORIZON = 0.1  # a point this near to the vanishing line, against the middle of the window, is not moved
STEP = 1e-4  # for derivatives


@dataclass(frozen=True, eq=False)
class Elation:
    """One step of a repeat.

    Attributes
    ----------
    values : (4,) float64: l = (values[0], values[1], 1), v = (values[2], values[3]) at the middle, in units
    middle : (2,) float64, x and y of the middle of the window, px
    unit_px : how many pixels a unit is: half the longer side of the window
    """

    values: NDArray[np.float64]
    middle: NDArray[np.float64]
    unit_px: float

    def move(self, points: NDArray[Any], steps: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return where points (..., 2), x and y in px, lie `steps` farther, and which of them lie on this side of l."""
        moved, kept = _moved((points - self.middle) / self.unit_px, self.values, steps)
        return moved * self.unit_px + self.middle, kept

    def slopes(self, points: NDArray[Any], steps: float) -> NDArray[np.float64]:
        """Return the derivatives of `move` for the four values, (n, 2, 4), px."""
        units = (points - self.middle) / self.unit_px
        here = _moved(units, self.values, steps)[0]
        found = np.empty((*points.shape, 4))
        for number in range(4):
            changed = self.values.copy()
            changed[number] += STEP
            found[..., number] = (_moved(units, changed, steps)[0] - here) * (self.unit_px / STEP)
        return found

    def stretch(self, points: NDArray[Any], steps: float) -> NDArray[np.float64]:
        """Return how much larger the area of things is where `steps` lead to, (...); 1 = as large."""
        units = (points - self.middle) / self.unit_px
        near = 1 + units @ self.values[:2]
        drop = float(self.values[:2] @ self.values[2:])
        # Of a projective map the area goes with the third power of depth.
        return np.maximum(1 - steps * drop * near, NEAR_HORIZON) ** -3.0

    def length_px(self, point: NDArray[Any]) -> float:
        """Return how long one step is at a point."""
        return float(np.linalg.norm(self.move(point[None], 1)[0][0] - point))

    def with_values(self, values: NDArray[np.float64]) -> Elation:
        """Return another step over the same window."""
        return Elation(values, self.middle, self.unit_px)

    def seen_at(self, factor: float, corner: NDArray[Any]) -> Elation:
        """Return the same step in a picture that is `factor` larger and whose window begins at `corner`, x and y."""
        middle = (self.middle + 0.5) * factor - 0.5 + corner  # + 0.5: from centres of pixels to their corners and back
        return Elation(self.values, middle, self.unit_px * factor)


def _moved(
    units: NDArray[np.float64], values: NDArray[np.float64], steps: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    line, way = values[:2], values[2:]
    near = 1 + units @ line
    depth = 1 - steps * float(line @ way) * near
    kept = (near > NEAR_HORIZON) & (depth > NEAR_HORIZON)
    return (units + steps * near[..., None] * way) / np.where(kept, depth, 1)[..., None], kept
