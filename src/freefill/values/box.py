"""A rectangle of pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from freefill.values.arrays import Hole


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels: rows top to top + height, columns left to left + width, ends excluded."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, hole: Hole) -> Box | None:
        """Return the smallest box around the True pixels of (H, W) bool; None where there is none.

        Examples
        --------
        >>> Box.around(np.array([[False, False], [False, True]]))
        Box(top=1, left=1, height=1, width=1)
        """
        # By rows and columns: the places of all True pixels would take 16 bytes for each.
        rows, cols = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        if not rows.size:
            return None
        return cls(int(rows[0]), int(cols[0]), int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1)

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """First column right of the box."""
        return self.left + self.width

    @property
    def area(self) -> int:
        """Pixels inside."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, px: int, within: tuple[int, int]) -> Box:
        """Grow by `px` on every side, cut to a picture of size `within` = (height, width)."""
        top, left = max(self.top - px, 0), max(self.left - px, 0)
        bottom, right = min(self.bottom + px, within[0]), min(self.right + px, within[1])
        return Box(top, left, bottom - top, right - left)

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        top, left = min(self.top, other.top), min(self.left, other.left)
        return Box(top, left, max(self.bottom, other.bottom) - top, max(self.right, other.right) - left)

    def overlaps(self, other: Box) -> bool:
        """Tell whether a pixel lies in both."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def moved(self, rows: int, cols: int) -> Box:
        """Shift by whole pixels."""
        return replace(self, top=self.top + rows, left=self.left + cols)
