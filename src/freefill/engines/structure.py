"""What crosses a hole, asked before it is filled: the layout's findings in the words of patch synthesis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.layout.make import make_layout
from freefill.values import Crop


def layout_for(crop: Crop, notes: list[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return values and confidence of the crop's layout, or None where none is asked for or nothing sure crosses.

    What was done is added to `notes`.
    """
    if crop.structure == "never":
        return None
    made = make_layout(crop.image, crop.hole, crop.known)
    if made is None:
        if crop.structure == "layout":
            notes.append("structure: no line is sure to cross the hole; it was filled without a layout")
        return None
    count = len(made.lines)
    lines = "1 line is" if count == 1 else f"{count} lines are"
    notes.append(f"structure: {lines} joined across the hole (surest {made.lines[0].confidence:.0%})")
    return made.values, made.confidence
