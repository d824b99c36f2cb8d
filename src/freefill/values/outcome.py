"""What came of one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from freefill.values.arrays import Image
from freefill.values.picture import Mask, Picture
from freefill.values.plan import Plan


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one picture; `freefill.Result` adds how it is shown and saved.

    Attributes
    ----------
    picture : the filled picture; equal to the input outside `mask`, bit for bit
    mask : the final mask (after growing)
    plan : what was decided
    seconds : wall time by part: "plan", "cut", "fill", "detail", "paste"
    notes : what the user should know, in the order it came up
    stages : name to (h, w, 3) float32, where asked for
    weights_sha256 : of the weights used, or None
    copied_from : (n, 2) int32, row and column of each filled pixel's source, row by row of the mask; -1 = it was not
        copied. None where the engine copies nothing, or does not say
    """

    picture: Picture
    mask: Mask
    plan: Plan
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    stages: Mapping[str, Image] = field(default_factory=dict)
    weights_sha256: str | None = None
    copied_from: NDArray[np.int32] | None = None
