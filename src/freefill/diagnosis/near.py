"""Known ground near the hole, judged as if it had been filled: what a measure says of untouched pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.view import View


def near_ground(view: View) -> NDArray[np.intp]:
    """Return known squares in a belt around the hole, about as many as lie within."""
    blocks = view.blocks
    known = blocks.known
    reach = view.reach[blocks.rows[known].astype(int), blocks.cols[known].astype(int)]
    # Stable: of equals always the same.
    return known[np.argsort(reach, kind="stable")[: max(int(blocks.filled.sum()), 30)]]
