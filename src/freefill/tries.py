"""Best of several: fills that differ in kind, and the one that the diagnosis likes best.

Other seeds are not tried: the best of eight gains three per cent even where the truth chooses. What differs in kind is
whether the picture's lines are followed (`structure`), and the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from freefill.diagnosis.diagnose import Diagnosis
from freefill.engines import registry
from freefill.errors import EngineError, InputError, WeightsError
from freefill.inpainter import Inpainter
from freefill.judging import diagnose_result, half_tokens
from freefill.progress import Progress
from freefill.values import Hole, Mask, Options, Outcome, Picture

MOST = 8
# Of fills that lie less apart, the one that the score prefers is worse to the eye, and further from the truth, as often
# as better: the user's own choice stands.
MARGIN = 0.03
# A fill along lines where none were asked for, and one of another engine: the score likes that lines go on and that
# texture is crisp, which these give whether they are right or not, so it must be surer of them.
WIDE_MARGIN = 0.06
# Share of the picture: under larger holes too little is left to hold a fill against, and what the score prefers is
# further from the truth.
MOST_HOLE = 0.2
WITHOUT_LINES = ", structure never"  # how the kind ends that is filled along no lines
CHOOSES = "install freefill[torch,detect], then run: freefill weights fetch dinov2-focus"


@dataclass(frozen=True, eq=False)
class Try:
    """One of several fills.

    Attributes
    ----------
    kind : how it was made, for the user: "texture", "texture, layout", "patchmatch"
    result, diagnosis : what came out, and what is wrong with it
    """

    kind: str
    result: Outcome
    diagnosis: Diagnosis


def best_of(
    picture: Picture,
    mask: Mask,
    options: Options,
    inpainter: Inpainter,
    tries: int,
    *,
    source: Hole | None = None,
    sketch: Hole | None = None,
    bound_s: float = 120.0,
    progress: Callable[[int, int, float], None] | None = None,
) -> list[Try]:
    """Fill a picture in several ways.

    Parameters
    ----------
    picture, mask, options, source, sketch : as `Inpainter.run`
    inpainter : the user's choice of engine, which is the first try
    tries : how many, at most; fewer where fewer kinds are ready on this machine
    bound_s : no further try is begun after this time
    progress : called with (tries done, tries in all, share of the present one that is done)

    Returns
    -------
    the tries, best first: least score of the diagnosis, but the user's own first unless another's is less by its
    `margin`; where the score cannot tell (`why_first`), in the order in which they were made
    """
    if not 1 <= tries <= MOST:
        raise InputError(f"--tries must be 1 to {MOST}, not {tries}")
    start, made = time.perf_counter(), []
    for kind, engine, asked in _kinds(inpainter, options, mask):
        if len(made) == tries or (made and time.perf_counter() - start > bound_s):
            break
        try:
            told = _told(progress, len(made), tries)
            result = engine.run(picture, mask, asked, source=source, sketch=sketch, progress=told)
        except (EngineError, WeightsError):
            if not made:
                raise  # the user's own choice cannot fill this: that is an error; of the others, one less
            continue
        if not result.plan.hole_px:
            raise InputError(f"{mask.source}: the mask is empty; there is nothing to try")
        if any(np.array_equal(result.picture.pixels, each.result.picture.pixels) for each in made):
            continue  # "auto" had chosen the same already
        made.append(Try(kind or result.plan.engine, result, diagnose_result(picture, result)))
    return made if why_first(mask) else _ranked(made)


def kept(made: Sequence[Try]) -> Outcome:
    """Return the first of the tries, best first, with a note that names them all and why this one is kept."""
    said = ", ".join(f"{each.kind} {each.diagnosis.score:.2f}" for each in made)
    reason = why_first(made[0].result.mask)
    why = f"the first kept, since {reason}" if reason else "the best kept"
    note = f"{len(made)} tries, {why} (0 = nothing to see, 1 = bad): {said}"
    return replace(made[0].result, notes=(note, *made[0].result.notes))


def why_first(mask: Mask) -> str | None:
    """Return why the diagnosis cannot choose, in words; None where it can.

    Without its network the score prefers the wrong fill as often; under large holes it tells little.
    """
    if half_tokens() is None:
        return f"what chooses is not here ({CHOOSES})"
    return "under so large a hole the score tells little" if mask.share > MOST_HOLE else None


def margin(kind: str) -> float:
    """Return how much less than the user's own fill one of this kind must score before it is kept, 0..1."""
    return MARGIN if kind.endswith(WITHOUT_LINES) else WIDE_MARGIN


def _ranked(made: list[Try]) -> list[Try]:
    return sorted(made, key=lambda each: each.diagnosis.score + (0 if each is made[0] else margin(each.kind)))


def _told(
    progress: Callable[[int, int, float], None] | None, done: int, tries: int
) -> Callable[[Progress], None] | None:
    return None if progress is None else lambda step: progress(done, tries, step.share)


def _kinds(inpainter: Inpainter, options: Options, mask: Mask) -> Iterator[tuple[str, Inpainter, Options]]:
    """Yield ways to fill, the user's own first, then those most unlike it that are ready here."""
    yield "", inpainter, options
    own = inpainter.engine_for(mask)
    if own in ("texture", "patchmatch"):
        for structure in ("never", "layout"):
            if options.structure != structure:
                yield f"{own}, structure {structure}", Inpainter(own), replace(options, structure=structure)
    for name in ("texture", "patchmatch", "lama", "deepfillv2", "migan", "telea"):
        if name == own or registry.missing(registry.find(name)) is not None:
            continue
        try:
            yield name, Inpainter(name), options
        except WeightsError:
            continue
