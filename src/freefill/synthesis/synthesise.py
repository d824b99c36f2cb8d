"""The way of a hole through patch synthesis: coarse to fine, search and vote, then copy and solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis import nnf, solve
from freefill.synthesis.compiled import Crew
from freefill.synthesis.levels import Level, build, usable_centres
from freefill.synthesis.pyramid import push_pull
from freefill.synthesis.tuning import Tuning
from freefill.synthesis.vote import majority, vote

STRIPS = 8
DEFAULTS = Tuning()


@dataclass(frozen=True, eq=False)
class Synthesis:
    """What comes out: `holes` and `copied` (n, 2) int32 rows and columns, `colours` (n, 3) float32."""

    holes: NDArray[np.int32]
    copied: NDArray[np.int32]
    colours: NDArray[np.float32]


def synthesise(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    seed: int = 0,
    tuning: Tuning = DEFAULTS,
    least_sources: int = 1,
) -> Synthesis | None:
    """Fill a hole with pixels copied from elsewhere in the picture.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool
    source : (H, W) bool, may be copied from; outside the hole

    Returns
    -------
    None where there are fewer than `least_sources` patches to copy (7 x 7 pixels inside the picture, centred on a
    source pixel).
    """
    import cv2

    if np.count_nonzero(usable_centres(source.astype(np.uint8))) < max(least_sources, 1):
        return None
    with Crew(tuning.threads) as crew:
        known = (~hole).astype(np.uint8)
        coloured = cv2.convertScaleAbs(image, alpha=255.0).astype(np.uint8, copy=False)
        layers = build(coloured, known, source.astype(np.uint8), tuning, crew)
        coarse: Level | None = None
        for number in range(len(layers) - 1, -1, -1):
            level = Level(layers[number], tuning)
            if coarse is None:
                start(level, layers[number].known, seed, tuning, crew)
            else:
                refine_start(level, coarse, crew)
            height = number / (len(layers) - 1) if len(layers) > 1 else 0.0
            improve(level, height, seed * 64 + number, tuning, crew)
            coarse = level
        assert coarse is not None
        finest = coarse
        copied = np.zeros_like(finest.holes)
        sureness = np.zeros(len(copied), np.float32)
        crew.run(majority, STRIPS, finest.hole_strips, finest.sheet, finest.field, finest.votes, copied, sureness)
        colours = solve.paste(image, known, finest.holes, copied, crew, tuning.screening)
    return Synthesis(finest.holes, copied, colours)


def start(level: Level, known: NDArray[np.uint8], seed: int, tuning: Tuning, crew: Crew) -> None:
    """Fill the coarsest level smoothly, and find each target's best source among all."""
    smooth = push_pull(level.filled[..., : level.voted].astype(np.float32), known)
    level.filled[..., : level.voted] = np.clip(np.rint(smooth), 0, 255).astype(np.uint8)
    strips = level.target_strips
    if len(level.targets) * float(level.usable.sum()) < tuning.exhaustive:
        crew.run(nnf.exhaust, STRIPS, strips, level.sheet, level.field, level.cost, 1)
    else:
        crew.run(nnf.scatter, STRIPS, strips, level.sheet, seed, level.field)


def refine_start(level: Level, coarse: Level, crew: Crew) -> None:
    """Carry the field of the coarser level over, and vote this level's first fill from its own pixels."""
    parents = coarse.index.ravel(), coarse.size[1], coarse.field, coarse.votes
    crew.run(nnf.spread, STRIPS, level.target_strips, level.sheet, *parents, level.field, level.votes)
    cast_votes(level, crew)


def cast_votes(level: Level, crew: Crew) -> float:
    """Vote, and return the mean change of a hole pixel's colours, grey levels."""
    change = np.zeros(STRIPS)
    args = level.hole_strips, level.sheet, level.voted, level.field, level.votes, change
    crew.run(vote, STRIPS, *args, work=len(level.holes))
    return float(change.sum()) / (3 * len(level.holes))


def improve(level: Level, height: float, seed: int, tuning: Tuning, crew: Crew) -> None:
    """Search and vote in turn until little changes. `height` is 1 on the coarsest level, 0 on the finest."""
    light = not level.detailed
    rounds = tuning.light_rounds if light else round(tuning.rounds[1] + height * (tuning.rounds[0] - tuning.rounds[1]))
    passes = tuning.light_passes if light else round(tuning.passes[1] + height * (tuning.passes[0] - tuning.passes[1]))
    radius = tuning.light_radius_px if light else (max(level.size) if height == 1 else tuning.radius_px)
    turn = 0
    for _ in range(rounds):
        for _ in range(passes):
            args = level.field, level.field.copy(), level.cost, turn % 2 == 0, radius, turn, seed
            crew.run(nnf.search, STRIPS, level.target_strips, level.sheet, *args, work=len(level.targets))
            turn += 1
        cost = level.cost / ((3 if light else 5) + 2)
        spread = max(float(np.quantile(cost, tuning.quantile)), 1.0)
        level.votes = (np.exp(-cost / (2 * spread)) * level.base).astype(np.float32)
        if cast_votes(level, crew) < tuning.still:
            break
