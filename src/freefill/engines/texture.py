"""Patch synthesis of our own: sharp fills made of the picture's own pixels, at any size."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np

from freefill.engines import structure
from freefill.engines.pointing import expectation_for
from freefill.synthesis.compiled import compilations
from freefill.synthesis.smooth import smooth_fill
from freefill.synthesis.synthesise import synthesise
from freefill.values import Crop, EngineSettings, Fill, Hole

logger = logging.getLogger(__name__)

LAYOUT_PX = 150_000  # hole pixels whose fill takes as long as laying out any hole
LEAST_SOURCES = 64  # patches; with fewer, copying only repeats itself


class Texture:
    """Copies the known patches that fit best, coarse to fine, and joins them without a seam.

    Thread-safe, and the same crop and seed give the same fill on any number of cores.
    """

    weights_sha256: str | None = None

    def __init__(self, settings: EngineSettings) -> None:
        del settings  # needs no weights and no device

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Fill the hole; where there is little to copy from, smoothly, and with a note."""
        pixels = crop.image.copy()
        if not crop.hole.any():
            return Fill(pixels)
        start, before = time.perf_counter(), compilations()
        notes: list[str] = []
        guide = None
        if crop.guide is not None and crop.guide.kind == "image" and crop.guide.weight > 0:
            guide = crop.guide.values, crop.guide.weight, crop.guide.confidence
        begun = 0.0 if guide is not None or crop.structure == "never" else _share_of_layout(crop.hole)

        def layout() -> structure.Laid | None:
            laid = structure.layout_for(crop, seed, notes)
            if crop.progress is not None:
                crop.progress(begun)
            return laid

        expected = None if guide is not None else expectation_for(crop, notes)
        made = synthesise(
            crop.image, crop.hole, crop.known, seed, least_sources=LEAST_SOURCES, guide=guide,
            layout=None if guide is not None else layout,
            expected=None if expected is None else (
                expected.cells, expected.costs, expected.disagreement, expected.cell_px
            ),
            progress=_after(begun, crop.progress),
        )  # fmt: skip
        if made is None:
            pixels = smooth_fill(crop.image, crop.hole)
            return Fill(pixels, notes=("little to copy from: the hole was filled smoothly",))
        compiled = compilations() - before
        if compiled:
            seconds = time.perf_counter() - start
            logger.info(
                "patch synthesis was compiled for this machine in %.0f s; from now on it starts at once", seconds
            )
        if made.left.any():
            notes.append(_left_outside(made.left, crop.hole))
        copied = np.full((*crop.hole.shape, 2), -1, np.int32)
        copied[made.holes[:, 0], made.holes[:, 1]] = made.copied
        pixels[made.holes[:, 0], made.holes[:, 1]] = np.clip(made.colours, 0, 1)
        return Fill(pixels, copied, tuple(notes))


def _share_of_layout(hole: Hole) -> float:
    """Return how much of a fill's time its layout takes: that is as long for every hole."""
    return LAYOUT_PX / (LAYOUT_PX + int(np.count_nonzero(hole)))


def _after(begun: float, tell: Callable[[float], None] | None) -> Callable[[float], None] | None:
    """Return what tells of the rest, after a share."""
    return None if tell is None else lambda share: tell(begun + (1 - begun) * share)


def _left_outside(left: Hole, hole: Hole) -> str:
    """Say at which sides of the hole something of what is removed seems to be left outside the mask."""
    rows, cols = np.nonzero(hole)
    middle, half = (rows.mean(), cols.mean()), (np.ptp(rows) / 4, np.ptp(cols) / 4)
    sides: dict[str, int] = {}
    for row, col in np.argwhere(left):
        down, across = row - middle[0], col - middle[1]
        words = ("upper" if down < -half[0] else "lower" if down > half[0] else "",
                 "left" if across < -half[1] else "right" if across > half[1] else "")  # fmt: skip
        side = " ".join(word for word in words if word) or "inner"
        sides[side] = sides.get(side, 0) + 1
    where = ", ".join(f"{side} ({count} px)" for side, count in sorted(sides.items(), key=lambda x: -x[1]))
    return f"something may be left outside the mask, and was not followed; rim: {where}; a larger mask takes it away"
