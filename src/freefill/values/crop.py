"""What an engine gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values.arrays import Hole, Image, frozen
from freefill.values.plan import Structure


@dataclass(frozen=True, eq=False)
class Guide:
    """Something that steers a fill.

    Attributes
    ----------
    kind : one that the engine lists: "image" (a smaller fill of the whole crop), "sketch" (1 = on a line)
    values : (h, w, K) float32 in [0, 1]; h, w may be smaller than the crop (it is laid over the whole of it)
    weight : 0 (ignored) to 1
    confidence : (h, w) float32 in [0, 1], how far each value is to be believed; None = everywhere alike
    """

    kind: str
    values: NDArray[np.float32]
    weight: float = 1.0
    confidence: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.dtype != np.float32:
            raise InputError(f"guide '{self.kind}': values must be (h, w, K) float32, not {self.values.shape}")
        if not 0.0 <= self.weight <= 1.0:
            raise InputError(f"guide '{self.kind}': weight {self.weight} is not within 0 to 1")
        if self.confidence is not None and self.confidence.shape != self.values.shape[:2]:
            raise InputError(f"guide '{self.kind}': confidence must be {self.values.shape[:2]}")
        # Frozen dataclass: this is the only way to set a field, here and below.
        object.__setattr__(self, "values", frozen(self.values))


@dataclass(frozen=True, eq=False)
class Pointing:
    """What a network expects in a hole, said as the cost of each source.

    A grid of square cells lies over the whole crop.

    Attributes
    ----------
    cells : (h, w) int32, the row of `costs` for each cell of the hole, -1 for all others
    costs : (n, h * w) float32, expected mean squared difference of values in [0, 1] between what a cell shows (row by
        row) and what belongs into a cell of the hole, less that of the best known cell: 0 for the best source. Cells of
        the hole, and those half in it, have costs too; whether they may be copied from is for others to say.
    disagreement : (n,) float32, the expected difference of the best source itself: small where the network knows
    cell_px : (height, width) of a cell, crop pixels
    """

    cells: NDArray[np.int32]
    costs: NDArray[np.float32]
    disagreement: NDArray[np.float32]
    cell_px: tuple[float, float]

    def __post_init__(self) -> None:
        count = int((self.cells >= 0).sum())
        if self.costs.shape != (count, self.cells.size) or self.disagreement.shape != (count,):
            raise InputError(f"pointing: {count} cells of a hole need as many rows of {self.cells.size} costs")
        for name in ("cells", "costs", "disagreement"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class Crop:
    """What an engine gets.

    Attributes
    ----------
    image : (h, w, 3) float32, RGB in [0, 1]; what lies in the hole has no meaning
    hole : (h, w) bool, True = fill here
    source : (h, w) bool, True = may be copied from (never true in the hole: an engine need not check); None = all known
    guide : steers the fill, or None
    max_memory_bytes : what the engine may take on top of the crop; None = no bound
    structure : what the window says
    progress : to be called now and then with the share that is done, 0 to 1; what it raises ends the fill. An engine
        that cannot say leaves it alone
    h, w obey the engine's SizeRule.
    """

    image: Image
    hole: Hole
    source: Hole | None = None
    guide: Guide | None = None
    max_memory_bytes: int | None = None
    structure: Structure = "never"
    progress: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.float32:
            raise InputError(f"a crop's image must be (h, w, 3) float32, not {self.image.shape} of {self.image.dtype}")
        if self.hole.shape != self.image.shape[:2] or self.hole.dtype != np.bool_:
            raise InputError(f"a crop's hole must be {self.image.shape[:2]} bool, not {self.hole.shape}")
        object.__setattr__(self, "image", frozen(self.image))
        object.__setattr__(self, "hole", frozen(self.hole))
        if self.source is not None:
            if self.source.shape != self.hole.shape or self.source.dtype != np.bool_:
                raise InputError(f"a crop's source must be {self.hole.shape} bool, not {self.source.shape}")
            # Taken out here once, so that no engine copies from what it is to fill.
            object.__setattr__(self, "source", frozen(self.source & ~self.hole))

    @property
    def known(self) -> Hole:
        """(h, w) bool, the pixels that may be copied from."""
        return ~self.hole if self.source is None else self.source


@dataclass(frozen=True, eq=False)
class Fill:
    """What an engine gives.

    Attributes
    ----------
    pixels : (h, w, 3) float32, RGB in [0, 1]; read in the hole only
    copied_from : (h, w, 2) int32, (row, col) in the crop of each hole pixel's source, or None
    notes : what the user should know ("little to copy from: smooth fill used")
    stages : pictures of the way there, name to (h, w, 3) float32; only where the options asked for them
    confidence : (h, w) float32 in [0, 1], how far each pixel of the hole is to be believed where the fill becomes a
        guide; known pixels count as 1; None = everywhere alike
    """

    pixels: Image
    copied_from: NDArray[np.int32] | None = None
    notes: tuple[str, ...] = ()
    stages: Mapping[str, Image] = field(default_factory=dict)
    confidence: NDArray[np.float32] | None = None
