"""What crosses a hole, asked before it is filled: the layout's findings in the words of patch synthesis.

Joined lines are believed as far as they are sure. The labelling of the whole hole is believed weakly, and only where it
helps: the rules and what each of them mended and harmed are in docs/decisions/0049-when-a-layout-is-believed.md. Where
no labelling serves, a small network can be asked what belongs there (`painting.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import open_sided, thickness
from freefill.engines.painting import Painted, painted_for
from freefill.layout.make import Layout, make_layout
from freefill.synthesis import solve
from freefill.synthesis.compiled import Crew
from freefill.synthesis.laid import Laid
from freefill.synthesis.residue import residue
from freefill.synthesis.synthesise import synthesise, unshaded
from freefill.values import Crop

WEAK = 0.15  # how far a labelling is believed away from joined lines
WEAK_OPEN = 0.5  # the same where the hole is open at the picture's edge, and no far side says anything; in busy ground
THICK_SHARE = 0.06  # of the window's longer side: thinner holes are filled well without a labelling
THICK_ALONE_SHARE = 0.2  # the same where no line is joined
MOST_SHARE = (
    0.4  # of the window that is hole: above, there are few shifts that serve all of it, and they carry things along
)
ONE_GROUND = 4.0  # Lab by which coarse colours vary around the hole: below, there is nothing to lay out
MOST_SEAMS = 2.2  # Lab a pixel: above, the pieces of the labelling do not fit each other
MOST_FIGURE = 0.5  # Lab by which what is copied stands out from the ground, mean: above, things would appear twice
MOST_APART = 20.0  # Lab between the labelling and a fill without it: above, it is mostly the labelling that errs
# How far what the network paints is believed where it is sure; the error that it expects, of values in [0, 1], at which
# it is believed by 1/e of that; the longer side of the fill from which the search then starts. Chosen on ten published
# cases, between 0.2 and 1, 0.08 and 0.15, 32 and 64 (docs/results/layout.md).
PAINTED, SURE, START_PX = 0.5, 0.08, 32
LITTLE_APART = 10.0  # the same in a thinner hole where lines are carried on only: they say nothing of the rest of it
ROUGH = "was first planned in a small, rough version of the picture"  # the layout, in words that need no page
NOTHING_SERVES = "nothing in the picture fits all of it"


def layout_for(
    crop: Crop,
    seed: int,
    notes: list[str],
    left: NDArray[np.bool_] | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> Laid | None:
    """Return values, confidence and size of the crop's layout, or None where none is asked for or none helps.

    What was done and why is added to `notes`; `left` (h, w) is what the mask left outside, where that is known. `tell`
    is called with the share that is done, 0 to 1.
    """
    if crop.structure == "never":
        return None
    # No line begins at what the mask left outside.
    hole = crop.hole | (residue(crop.image, crop.hole) if left is None else left)
    always = crop.structure == "layout"
    thick = thickness(crop.hole)
    thin = not always and thick < THICK_SHARE * max(crop.hole.shape)

    def asked(lined: Layout) -> bool:
        return always or not unasked(lined, crop.hole, thick)

    made = make_layout(
        crop.image,
        hole,
        crop.known & ~hole,
        # What will not be followed is not chosen: that saves a third of a second.
        labels=lambda lined: lined.shade is None and asked(lined),
        tell=lambda share: tell(0.7 * share),
    )
    shade = None
    if made.shade is not None:  # it is laid out once more, in the light
        shade = np.asarray(cv2.resize(made.shade, hole.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
        image, source = unshaded(crop.image, crop.known & ~hole, shade)
        made = make_layout(image, hole, source, labels=asked)
        crop = replace(crop, image=image)
    tell(0.7)
    reason = "" if always else restraint(made, crop.hole, seed, thick)
    if made.labelling is None:
        reason = reason or NOTHING_SERVES
    # By measure large holes gain by it, by eye they do not yet: so it has to be asked for (docs/decisions/0083).
    painted = painted_for(crop) if reason and crop.structure == "network" and not thin else None
    if painted is not None:
        lines = f"{_counted(made)}; " if made.lines else ""
        notes.append(f"structure: {lines}{reason}; a small network said roughly what belongs there")
        return painted_over(made, painted)._replace(shade=shade)
    if not made.lines and reason:
        if not thin:  # a scratch that nothing crosses is not worth a word
            notes.append(f"structure: no line crosses the hole, and {reason}; filled by texture alone")
        return None
    rest = f"the rest by texture alone: {reason}" if reason else f"the rest {ROUGH}"
    words = f"{_counted(made)}, {rest}" if made.lines else f"no line crosses the hole; it {ROUGH}"
    if shade is not None:
        words += "; a shadow that the mask cuts off ends softly"
    notes.append(f"structure: {words}")
    return composed(made, labelled=not reason)._replace(shade=shade)


def _counted(made: Layout) -> str:
    """Say how many lines cross the hole."""
    carried = sum(line.one_ended for line in made.lines)
    joined = len(made.lines) - carried
    words = [f"{joined} {'line' if joined == 1 else 'lines'} joined across the hole"] if joined else []
    if carried:
        words.append(f"{carried} {'line' if carried == 1 else 'lines'} continued into the hole from one side")
    return ", ".join(words)


def warm() -> float:
    """Lay out a small picture, so that all kernels of a layout are compiled and kept on disk; return the seconds."""
    start = time.perf_counter()
    image = np.full((64, 64, 3), 0.25, np.float32)
    image[30:] = 0.75
    hole = np.zeros((64, 64), bool)
    hole[20:44, 20:44] = True
    layout_for(Crop(image, hole, structure="layout"), 0, [])
    return time.perf_counter() - start


def unasked(lined: Layout, hole: NDArray[np.bool_], thick_px: float) -> str:
    """Return why no labelling is asked for once the lines are known, in words for the user; empty = it is.

    Lines are not asked: they say themselves how sure they are. `thick_px` is the hole's.
    """
    if thick_px < THICK_SHARE * max(hole.shape) and not lined.busy:
        return "it is thin"
    if _doubtful(lined, hole, thick_px) and not lined.lines:
        return "it is small"
    if hole.mean() > MOST_SHARE:
        return "too little is known around it"
    if _variety(lined) < ONE_GROUND:
        return "everything around it looks alike"
    return ""


def restraint(made: Layout, hole: NDArray[np.bool_], seed: int, thick_px: float) -> str:
    """Return why the labelling should not be followed, in words for the user; empty = it should."""
    if reason := unasked(made, hole, thick_px):
        return reason
    if made.labelling is None:
        return NOTHING_SERVES
    if made.labelling.seams > MOST_SEAMS:
        return "the pieces found for it would not fit each other"
    if made.labelling.figure > MOST_FIGURE:
        return "a layout would show things twice"
    # In busy ground a fill without it is no witness: it is what tears there.
    if not made.busy and _apart(made, seed) > (LITTLE_APART if _doubtful(made, hole, thick_px) else MOST_APART):
        return "a layout would differ too much from a fill without one"
    return ""


def _doubtful(lined: Layout, hole: NDArray[np.bool_], thick_px: float) -> bool:
    """Tell whether the hole is small and nothing joins its sides: then little speaks for a labelling."""
    return thick_px < THICK_ALONE_SHARE * max(hole.shape) and all(line.one_ended for line in lined.lines)


def _variety(made: Layout) -> float:
    """Return the spread of the coarse colours around the hole, Lab."""
    sight = made.sight
    near = cv2.dilate(sight.hole.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    coarse = cv2.GaussianBlur(sight.lab, (0, 0), 4.0)
    return float(np.linalg.norm(coarse[near & ~sight.hole].std(axis=0)))


def _apart(made: Layout, seed: int) -> float:
    """Return how far the labelling lies from what patch synthesis makes of the same small picture alone, mean Lab."""
    sight = made.sight
    alone = synthesise(sight.image, sight.hole, sight.source, seed)
    if alone is None:
        return 0.0
    plain = sight.image.copy()
    plain[alone.holes[:, 0], alone.holes[:, 1]] = np.clip(alone.colours, 0, 1)
    both = [cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[sight.hole] for picture in (plain, colours_of(made))]
    return float(np.linalg.norm(both[0] - both[1], axis=1).mean())


def colours_of(made: Layout) -> NDArray[np.float32]:
    """Return the small picture with what the labelling copies, joined without a seam, (h, w, 3)."""
    sight, labelling = made.sight, made.labelling
    filled = sight.image.copy()
    if labelling is None:
        return filled
    known = (~sight.hole).astype(np.uint8)
    pixels, copied = labelling.pixels.astype(np.int32), labelling.copied.astype(np.int32)
    with Crew(1) as crew:
        colours = solve.paste(sight.image, known, pixels, copied, crew)
    filled[pixels[:, 0], pixels[:, 1]] = np.clip(colours, 0, 1)
    return filled


def composed(made: Layout, labelled: bool) -> Laid:
    """Return the joined lines' picture, laid over that of the labelling where this is to be followed too."""
    lines = np.clip(cv2.cvtColor(made.drawn, cv2.COLOR_LAB2RGB), 0, 1).astype(np.float32)
    if not labelled:
        return Laid(lines, made.confidence, None, made.along)
    size = made.confidence.shape[1], made.confidence.shape[0]
    large = np.asarray(cv2.resize(colours_of(made), size, interpolation=cv2.INTER_CUBIC), np.float32)
    is_open = open_sided(made.sight.hole) | made.busy
    is_open = cv2.resize(is_open.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    believed = (WEAK + (WEAK_OPEN - WEAK) * is_open).astype(np.float32)
    return _over(
        lines, made.confidence, large, believed, max(made.sight.size), _copied(made) if made.busy else made.along
    )


def _copied(made: Layout) -> NDArray[np.float32]:
    """Return the shifts of the lines, and elsewhere those that the labels chose, (h, w, 2).

    Only of a picture that was not reduced: a shift of whole small pixels would miss by some large ones.
    """
    along, labelling = made.along.copy(), made.labelling
    if labelling is None or made.sight.scale != (1.0, 1.0) or along.shape[:2] != made.sight.size:
        return along
    rows, cols = labelling.pixels.T
    free = ~np.isfinite(along[rows, cols, 0])
    along[rows[free], cols[free]] = (labelling.copied - labelling.pixels)[free]
    return along


def painted_over(made: Layout, painted: Painted) -> Laid:
    """Return the joined lines' picture, laid over what the network paints, at the network's size.

    Not at the lines' own: a soft picture that is compared at a larger size than its own holds back all detail.
    """
    height, width = painted.error.shape
    lines = np.clip(cv2.cvtColor(made.drawn, cv2.COLOR_LAB2RGB), 0, 1).astype(np.float32)
    lines, sure = (
        np.asarray(cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        for x in (lines, made.confidence)
    )
    believed = np.where(painted.error > 0, PAINTED * np.exp(-painted.error / SURE), 0).astype(np.float32)
    scale = np.array([height, width]) / made.confidence.shape
    places = [((np.arange(n) + 0.5) / by).astype(np.int64) for n, by in zip((height, width), scale, strict=True)]
    along = (made.along[np.ix_(*places)] * scale).astype(np.float32)
    return _over(lines, sure, painted.values, believed, START_PX, along)


def _over(
    lines: NDArray[np.float32],
    sure: NDArray[np.float32],
    below: NDArray[np.float32],
    believed: NDArray[np.float32],
    start_px: int,
    along: NDArray[np.float32],
) -> Laid:
    """Lay lines, as far as they are sure, over a whole picture that is believed so far, all of one size."""
    share = sure[..., None]
    values = np.clip(share * lines + (1 - share) * below, 0, 1).astype(np.float32)
    return Laid(values, np.maximum(sure, believed), start_px, along)
