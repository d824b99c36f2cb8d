"""From a hole to its layout: what is expected where, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from freefill.distance import thickness
from freefill.layout.along import along
from freefill.layout.bands import bands
from freefill.layout.between import seen_between
from freefill.layout.companions import companions
from freefill.layout.covering import covering
from freefill.layout.draw import draw
from freefill.layout.ends import find_ends
from freefill.layout.extend import extend
from freefill.layout.joining import Joined, join
from freefill.layout.labelling import Labelling, Term, label
from freefill.layout.offsets import candidates
from freefill.layout.outwards import outwards
from freefill.layout.shade import shade
from freefill.layout.sides import lay_sides
from freefill.layout.sight import Sight, see

LINES_PX = 320  # longer side at which lines are looked for
FINE_PX = 640  # the same where the hole is thin: its edges have little room to show where they run
THIN_SHARE = 0.06  # of the longer side: the thickness of such a hole
LABELS_PX = 192  # and at which shifts are chosen
BUSY_PX = 512  # the same where a thin hole lies in busy ground: lettering over a facade is gone at 192
BUSY = 80  # ends of edges around a thin hole: of 36 pictures lettering over a facade has 116, the next 55, 36 and 30
LEAST_SURE = 0.45  # of a joined line that is drawn


@dataclass(frozen=True, eq=False)
class Layout:
    """What is expected in a hole.

    Attributes
    ----------
    lines : joined lines, surest first, then their companions and what was carried on; in px of their own size, whose
        longer side is at most LINES_PX, or FINE_PX
    drawn : (h, w, 3) float32 Lab at that size, the lines' colours
    confidence : (h, w) float32, how sure the lines are, 0 to 1
    along : (h, w, 2) float32, what places on a line copy of it: shifts, NaN elsewhere
    busy : the hole is thin, and edges run into it everywhere
    shade : (h, w, 3) float32, logarithms of the light that a shadow on what goes on along a line takes, as in
        `shade.shade`; None = there is no such shadow
    sight, labelling : the picture at most LABELS_PX or BUSY_PX large, and what each hole pixel copies; None where no
        shift serves all of them, the hole is gone at that size, or none was asked for
    """

    lines: tuple[Joined, ...]
    drawn: NDArray[np.float32]
    confidence: NDArray[np.float32]
    along: NDArray[np.float32]
    sight: Sight
    labelling: Labelling | None
    busy: bool = False
    shade: NDArray[np.float32] | None = None


def make_layout(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    further: Term | None = None,
    *,
    labels: Callable[[Layout], bool] | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> Layout:
    """Find what crosses a hole, and from where it may be filled.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]; not read in the hole
    hole, source : (H, W) bool
    further : more costs of copying, see `labelling.Term`
    labels : asked once the lines are known whether shifts are chosen too, which takes half of the time; None = yes
    tell : called with the share that is done, 0 to 1; what it raises ends the work
    """
    import cv2

    fine = thickness(hole) < THIN_SHARE * max(hole.shape)
    large = see(image, hole, source, FINE_PX if fine else LINES_PX)
    tell(0.1)
    ends = find_ends(large)
    tell(0.6)
    busy = fine and len(ends) >= BUSY
    small = see(image, hole, source, BUSY_PX if busy else LABELS_PX)
    lines = [line for line in join(ends, large) if line.confidence >= LEAST_SURE]
    lines += seen_between(ends, lines, large)
    lines += covering(ends, lines, large)
    lines = companions(ends, lines, large)
    carried = extend(ends, lines, large)
    lines += carried
    lines += outwards(ends, lines, large)
    drawn, confidence = draw(lines, large)
    lay_sides(carried, large, drawn, confidence)
    led = along(lines, large)
    tell(0.7)
    lined = Layout(tuple(lines), drawn, confidence, led, small, None, busy, shade(large, lines))
    if not small.hole.any() or (labels is not None and not labels(lined)):
        return lined
    size = small.size[1], small.size[0]
    expected = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.float32)
    sure = np.asarray(cv2.resize(confidence, size, interpolation=cv2.INTER_AREA), np.float32)
    share = max(small.size) / max(large.size)
    gaps = [(line.other.place - line.one.place) * share for line in lines]
    cut = bands(small.hole, [line.curve * share for line in lines])
    shifts = candidates(small, gaps)
    tell(0.9)
    return replace(lined, labelling=label(small, shifts, expected, sure, further, cut))
