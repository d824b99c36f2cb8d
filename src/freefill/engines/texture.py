"""Patch synthesis of our own: sharp fills made of the picture's own pixels, at any size."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from freefill.engines import structure
from freefill.engines.ahead import Ahead
from freefill.engines.pointing import expectation_for
from freefill.synthesis.compiled import compilations
from freefill.synthesis.penumbra import penumbra
from freefill.synthesis.perspective import continue_repeat
from freefill.synthesis.regular import repeat
from freefill.synthesis.residue import residue
from freefill.synthesis.smooth import smooth_fill
from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tint import tint
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
        copied = np.full((*crop.hole.shape, 2), -1, np.int32)
        with ExitStack() as ending:
            lighting = ending.enter_context(Ahead(lambda tell: _lit(crop)))
            left = residue(crop.image, crop.hole)
            rest, shadow = lighting.answer()
            laying = ending.enter_context(_laying(rest, seed, left))
            around = _regular(crop, left, pixels, copied, notes)
            if around is not crop:
                laying.end()  # it was for the whole hole
                # What repeats goes on, and its light was made to fit the shadow.
                (rest, _), shadow = _lit(around), None
                if not rest.hole.any():
                    return Fill(pixels, copied, tuple(notes))
                laying = ending.enter_context(_laying(rest, seed, left))
            guide = _guide_of(rest)
            asked = guide is None and rest.structure != "never"
            begun = _share_of_layout(rest.hole) if asked else 0.0

            def layout() -> structure.Laid | None:
                laid, said = laying.answer(_within(begun, crop.progress))
                if crop.progress is not None:
                    crop.progress(begun)
                notes.extend(said)
                return laid

            expected = None if guide is not None else expectation_for(rest, notes)
            made = synthesise(
                rest.image,
                rest.hole,
                rest.known,
                seed,
                least_sources=LEAST_SOURCES,
                guide=guide,
                layout=layout if asked else None,
                left=left,
                shadow=shadow,
                expected=None
                if expected is None
                else (expected.cells, expected.costs, expected.disagreement, expected.cell_px),
                progress=_after(begun, crop.progress),
            )
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
            notes.append(_left_outside(made.left, rest.hole))
        copied[made.holes[:, 0], made.holes[:, 1]] = made.copied
        pixels[made.holes[:, 0], made.holes[:, 1]] = np.clip(made.colours, 0, 1)
        return Fill(pixels, copied, tuple(notes))


def _guide_of(crop: Crop) -> tuple[NDArray[np.float32], float, NDArray[np.float32] | None] | None:
    """Return values, weight and confidence of the smaller fill that guides this one; None where none does."""
    guide = crop.guide
    if guide is None or guide.kind != "image" or guide.weight <= 0:
        return None
    return guide.values, guide.weight, guide.confidence


def _laying(crop: Crop, seed: int, left: Hole) -> Ahead[tuple[structure.Laid | None, list[str]]]:
    """Begin to lay out a crop, and return the work; its answer is the layout and what there is to say of it."""

    def lay(tell: Callable[[float], None]) -> tuple[structure.Laid | None, list[str]]:
        said: list[str] = []
        if _guide_of(crop) is not None:
            return None, said  # a guide says what belongs where
        return structure.layout_for(crop, seed, said, left, tell), said

    return Ahead(lay)


def _share_of_layout(hole: Hole) -> float:
    """Return how much of a fill's time its layout takes: that is as long for every hole."""
    return LAYOUT_PX / (LAYOUT_PX + int(np.count_nonzero(hole)))


def _within(begun: float, tell: Callable[[float], None] | None) -> Callable[[float], None]:
    """Return what tells of the part before a share."""
    return lambda share: None if tell is None else tell(begun * share)


def _after(begun: float, tell: Callable[[float], None] | None) -> Callable[[float], None] | None:
    """Return what tells of the rest, after a share."""
    return None if tell is None else lambda share: tell(begun + (1 - begun) * share)


def _regular(crop: Crop, left: Hole, pixels: NDArray[np.float32], copied: NDArray[np.int32], notes: list[str]) -> Crop:
    """Write what regular ground foretells into `pixels` and `copied`, and return the crop with what is left to do."""
    source = crop.known & ~left
    exact = repeat(crop.image, crop.hole, source)
    if exact is not None:
        holes, from_where = exact
        colours = crop.image[from_where[:, 0], from_where[:, 1]]
    else:
        part = None if crop.guide is not None else continue_repeat(crop.image, crop.hole, source)
        if part is None:
            return crop
        holes, from_where, colours = part.holes, part.copied, part.colours
    pixels[holes[:, 0], holes[:, 1]] = np.clip(colours, 0, 1)
    copied[holes[:, 0], holes[:, 1]] = from_where
    hole = crop.hole.copy()
    hole[holes[:, 0], holes[:, 1]] = False
    share = 100 * len(holes) / np.count_nonzero(crop.hole)
    notes.append(f"the ground is regular: {share:.0f} % of the hole goes on in phase")
    # What was foretold is ground around the rest, and no source: copies are made of the picture, not of copies.
    return replace(crop, image=pixels.copy(), hole=hole, source=crop.known)


def _lit(crop: Crop) -> tuple[Crop, Hole | None]:
    """Return the crop with the shadows and the glow of what is removed no longer among what may be copied, and the
    shadows.
    """
    if not crop.hole.any():
        return crop, None
    shadow = penumbra(crop.image, crop.hole)
    lit = crop.known & ~shadow & ~tint(crop.image, crop.hole)
    if 2 * np.count_nonzero(lit) <= np.count_nonzero(crop.known):
        return crop, None
    return replace(crop, source=lit), shadow


def _left_outside(left: Hole, hole: Hole) -> str:
    """Say at which sides of the hole something of what is removed seems to be left outside the mask."""
    rows, cols = np.nonzero(hole)
    middle, half = (rows.mean(), cols.mean()), (np.ptp(rows) / 4, np.ptp(cols) / 4)
    sides: dict[str, int] = {}
    for row, col in np.argwhere(left):
        down, across = row - middle[0], col - middle[1]
        words = (
            "upper" if down < -half[0] else "lower" if down > half[0] else "",
            "left" if across < -half[1] else "right" if across > half[1] else "",
        )
        side = " ".join(word for word in words if word) or "inner"
        sides[side] = sides.get(side, 0) + 1
    where = ", ".join(f"{side} ({count} px)" for side, count in sorted(sides.items(), key=lambda x: -x[1]))
    return f"something may be left outside the mask, and was not followed; rim: {where}; a larger mask takes it away"
