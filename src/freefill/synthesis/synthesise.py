"""The way of a hole through patch synthesis: coarse to fine, search and vote, then copy and solve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from freefill.synthesis import nnf, solve, starts
from freefill.synthesis.compiled import Crew
from freefill.synthesis.expected import ExpectedPyramid
from freefill.synthesis.guide import GuidePyramid
from freefill.synthesis.laid import Laid, LayoutPyramid
from freefill.synthesis.levels import Layer, Level, build, usable_centres
from freefill.synthesis.lines import LEVEL_PX, read_rim
from freefill.synthesis.membrane import stretch
from freefill.synthesis.pyramid import push_pull
from freefill.synthesis.residue import residue
from freefill.synthesis.tuning import Tuning
from freefill.synthesis.vote import majority, vote

STRIPS = 8  # on any number of cores: so the fill is the same too
JOINING = 2.0  # searches of a hole pixel that choosing and joining it takes as long as
SHADED = 0.02  # logarithm of light: what lacks more is in a shadow
JOINING_BEFORE = 0.4  # of that, what is done before the copies are joined
DEFAULTS = Tuning()


class Steps:
    """Tells how much of the searches is done; each counts by the hole pixels of its level."""

    def __init__(self, layers: list[Layer], tuning: Tuning, tell: Callable[[float], None] | None) -> None:
        self._each, self._end = [], [0.0]
        for number, layer in enumerate(layers):
            height = number / (len(layers) - 1) if len(layers) > 1 else 0.0
            rounds, passes = searches(layer.image.shape[2] != 5, height, tuning)
            self._each.append(float(np.count_nonzero(layer.known == 0)))
            self._end.append(self._end[-1] + self._each[-1] * rounds * passes)
        self._number, self._done, self._tell = len(layers) - 1, 0.0, tell
        self._all = max(self._end[-1] + JOINING * self._each[0], 1.0)

    def searched(self) -> None:
        """One more search is done."""
        self._say(self._done + self._each[self._number])

    def searching(self, share: float) -> None:
        """So much of a search is done, 0 to 1."""
        self._say(self._done + share * self._each[self._number], done=False)

    def joining(self, share: float) -> None:
        """So much of the work after all searches is done, 0 to 1."""
        self._say(self._end[-1] + share * JOINING * self._each[0], done=False)

    def ended(self, number: int) -> None:
        """A level is done; it may have needed fewer searches than it was given."""
        self._number = max(number - 1, 0)
        self._say(self._end[-1] - self._end[number])

    def _say(self, so_far: float, done: bool = True) -> None:
        if done:
            self._done = so_far
        if self._tell is not None:
            self._tell(so_far / self._all)


@dataclass(frozen=True, eq=False)
class Synthesis:
    """What comes out: `holes` and `copied` (n, 2) int32 rows and columns, `colours` (n, 3) float32.

    `left` (H, W) bool is what the mask seems to have left outside; it was not followed.
    """

    holes: NDArray[np.int32]
    copied: NDArray[np.int32]
    colours: NDArray[np.float32]
    left: NDArray[np.bool_]


def synthesise(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    seed: int = 0,
    tuning: Tuning = DEFAULTS,
    least_sources: int = 1,
    guide: tuple[NDArray[np.float32], float, NDArray[np.float32] | None] | None = None,
    layout: Callable[[], Laid | None] | None = None,
    left: NDArray[np.bool_] | None = None,
    shadow: NDArray[np.bool_] | None = None,
    expected: tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], tuple[float, float]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Synthesis | None:
    """Fill a hole with pixels copied from elsewhere in the picture.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole : (H, W) bool
    source : (H, W) bool, may be copied from; outside the hole
    guide : values (h, w, 3) float32 in [0, 1], weight 0 to 1 and confidence (h, w) or None, of a smaller fill
    layout : makes what is expected where, or None; instead of a guide. It is not asked where the ground is regular,
        which is continued exactly.
    left : (H, W) bool, what the mask left outside (`residue.py`); None = it is looked for
    shadow : (H, W) bool, known ground in the soft shadow of what is removed: the search is not to fit it, or the shadow
        would grow into the hole; the paste meets it
    expected : what a network expects in the hole: cells, costs, disagreement and cell_px of a `Pointing`
    progress : called after each search with the share that is done, 0 to 1; what it raises ends the work

    Returns
    -------
    None where there are fewer than `least_sources` patches to copy (7 x 7 pixels inside the picture, centred on a
    source pixel).
    """
    left = residue(image, hole) if left is None else left
    source = source & ~left
    if np.count_nonzero(usable_centres(source.astype(np.uint8))) < max(least_sources, 1):
        return None
    with Crew(tuning.threads) as crew:
        known, asked, coloured, pyramid = _sizes(image, hole, source, left, shadow, tuning, crew)
        # Only now: where nothing can be copied a layout is of no use, and it may be under way on the other core.
        made = None if layout is None else layout()
        shade = None if made is None else made.shade
        if shade is not None:
            image, source = unshaded(image, source, shade)
            left = left | residue(image, hole)  # a rest of what is removed hides in its shadow
            source = source & ~left
            known, asked, coloured, pyramid = _sizes(image, hole, source, left, shadow, tuning, crew)
        guides = _laid(guide, made, pyramid, tuning)
        # What steers the search all over the hole says what is at which height; a few lines do not.
        if guides is not None and (made is None or made.start_px is not None):
            tuning = replace(tuning, open_reach=tuning.pull_reach)
        costs = None if expected is None else ExpectedPyramid(*expected, tuning)
        rim = read_rim(*next(((x.image, x.known) for x in pyramid if max(x.size) <= LEVEL_PX), (coloured, asked)))
        first = len(pyramid) - 1 if guides is None else guides.level
        steps = Steps(pyramid[: first + 1], tuning, progress)
        coarse: Level | None = None
        for number in range(first, -1, -1):
            layer = pyramid[number]
            laid = guides.at(number, layer.known) if guides and layer.image.shape[2] == 5 else None
            level = Level(layer, rim, tuning, laid, costs, number)
            if coarse is None:
                start(level, layer.known, seed, tuning, crew)
                if number == 0 and isinstance(guides, LayoutPyramid):  # there is no other level to lead on
                    level.lead(*guides.led(number, level.targets, level.usable))
            else:
                refine_start(level, coarse, guides, number, tuning, crew)
            height = number / (len(pyramid) - 1) if len(pyramid) > 1 else 0.0
            # Another seed for each level, of which there are never 64.
            improve(level, height, number == first, seed * 64 + number, tuning, crew, steps)
            steps.ended(number)
            coarse = level
        assert coarse is not None
        copied = choose(coarse, tuning, crew)
        steps.joining(0.1)
        # What the mask left outside was unknown to the search, and stays as it is.
        wanted = hole[coarse.holes[:, 0], coarse.holes[:, 1]]
        holes, copied = coarse.holes[wanted], copied[wanted]
        membrane = stretch(image, known, holes, copied, None if made is None else made.confidence, source)
        copied = membrane.copied
        steps.joining(JOINING_BEFORE)
        parts = membrane.smooth, membrane.blurred, membrane.lift
        colours = solve.paste(
            image, known, holes, copied, crew, tuning.screening, parts,
            lambda share: steps.joining(JOINING_BEFORE + (1 - JOINING_BEFORE) * share), solve.DARK_HARD,
        )  # fmt: skip
    if shade is not None:
        colours = (colours * np.exp(shade[holes[:, 0], holes[:, 1]])).astype(np.float32)
    return Synthesis(holes, copied, colours, left)


def _sizes(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    left: NDArray[np.bool_],
    shadow: NDArray[np.bool_] | None,
    tuning: Tuning,
    crew: Crew,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], list[Layer]]:
    """Return what is known, what of it the search is to fit, the picture in whole values, and all its sizes."""
    import cv2

    known = (~(hole | left)).astype(np.uint8)
    coloured = cv2.convertScaleAbs(image, alpha=255.0).astype(np.uint8, copy=False)
    asked = known if shadow is None else (known & ~shadow).astype(np.uint8)
    return known, asked, coloured, build(coloured, asked, source.astype(np.uint8), tuning, crew)


def unshaded(
    image: NDArray[np.float32], source: NDArray[np.bool_], shade: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a picture in the light, and what may be copied of it: not what lay in the shadow (`Laid.shade`)."""
    return image * np.exp(-shade), source & (shade.min(axis=2) > -SHADED)


def _laid(
    guide: tuple[NDArray[np.float32], float, NDArray[np.float32] | None] | None,
    layout: Laid | None,
    pyramid: list[Layer],
    tuning: Tuning,
) -> GuidePyramid | LayoutPyramid | None:
    """Return what steers the search, or None where nothing does."""
    if layout is not None:
        return LayoutPyramid(layout, pyramid, tuning)
    guides = None if guide is None else GuidePyramid(*guide, pyramid, tuning)
    return None if guides is None or guides.weight <= 0 else guides


def choose(level: Level, tuning: Tuning, crew: Crew) -> NDArray[np.int32]:
    """Return for every hole pixel the one known pixel it copies, (n, 2) int32."""
    copied = np.zeros_like(level.holes)
    sureness = np.zeros(len(copied), np.float32)
    crew.run(majority, STRIPS, level.hole_strips, level.sheet, level.field, level.votes, copied, sureness)
    return copied


def start(level: Level, known: NDArray[np.uint8], seed: int, tuning: Tuning, crew: Crew) -> None:
    """Fill the coarsest level smoothly, and find each target's best source among all."""
    smooth = push_pull(level.filled[..., : level.voted].astype(np.float32), known)
    level.filled[..., : level.voted] = np.clip(np.rint(smooth), 0, 255).astype(np.uint8)
    if level.guided:
        hole = known == 0
        share = level.believed[hole, None]
        level.filled[hole, :3] = np.rint(share * level.filled[hole, 5:] + (1 - share) * level.filled[hole, :3])
    strips = level.target_strips
    if len(level.targets) * float(level.usable.sum()) < tuning.exhaustive:
        crew.run(nnf.exhaust, STRIPS, strips, level.sheet, level.field, level.cost)
    else:
        crew.run(starts.scatter, STRIPS, strips, level.sheet, seed, level.field)


def refine_start(
    level: Level, coarse: Level, guides: GuidePyramid | LayoutPyramid | None, number: int, tuning: Tuning, crew: Crew
) -> None:
    """Carry the field of the coarser level over, and vote this level's first fill from its own pixels.

    Where a layout knows a line, its known pieces are laid along it.
    """
    parents = coarse.index.ravel(), coarse.size[1], coarse.field, coarse.votes
    crew.run(starts.spread, STRIPS, level.target_strips, level.sheet, *parents, level.field, level.votes)
    if isinstance(guides, LayoutPyramid):
        level.lead(*guides.led(number, level.targets, level.usable))
        level.votes[level.led] = 1
    cast_votes(level, tuning, crew)


def cast_votes(level: Level, tuning: Tuning, crew: Crew) -> float:
    """Vote, and return the mean change of a hole pixel's colours, grey levels."""
    change = np.zeros(STRIPS)
    args = level.hole_strips, level.sheet, level.voted, level.field, level.votes, np.float32(tuning.boost), change
    crew.run(vote, STRIPS, *args, work=len(level.holes))
    return float(change.sum()) / (3 * len(level.holes))


def improve(level: Level, height: float, wide: bool, seed: int, tuning: Tuning, crew: Crew, steps: Steps) -> None:
    """Search and vote in turn until little changes. `height` is 1 on the coarsest level, 0 on the finest."""
    light = not level.detailed
    rounds, passes = searches(light, height, tuning)
    radius = tuning.light_radius_px if light else (max(level.size) if wide else tuning.radius_px)
    turn = 0
    for _ in range(rounds):
        for _ in range(passes):
            level.count_uses(tuning)
            args = level.field, level.field.copy(), level.cost, turn % 2 == 0, radius, turn, seed
            work = len(level.targets)
            crew.run(nnf.search, STRIPS, level.target_strips, level.sheet, *args, work=work, tell=steps.searching)
            turn += 1
            steps.searched()
        level.field[level.led] = level.sources_of_led
        cost = level.cost / ((3 if light else 5) + 2)
        spread = max(float(np.quantile(cost, tuning.quantile)), 1.0)
        level.votes = (np.exp(-cost / (2 * spread)) * level.base).astype(np.float32)
        if cast_votes(level, tuning, crew) < tuning.still:
            break


def searches(light: bool, height: float, tuning: Tuning) -> tuple[int, int]:
    """Return the most rounds of a level, and the searches in each."""
    if light:
        return tuning.light_rounds, tuning.light_passes
    rounds, passes = (round(fine + height * (coarse - fine)) for coarse, fine in (tuning.rounds, tuning.passes))
    return rounds, passes
