"""Cut out what a user marks, by the best means that are on this machine."""

from __future__ import annotations

from typing import Literal

from freefill.detectors import salient as stands_out
from freefill.detectors.needs import can_run, lacking, require
from freefill.detectors.sam import WEIGHTS, segment
from freefill.errors import WeightsError
from freefill.masks.grabcut import MARGIN, Marks, check_marks, cut_out
from freefill.values import Hole, Image
from freefill.weights.locate import state

MarkedPrior = Literal["auto", "salient", "none"]
MarkedModel = Literal["auto", "grabcut", "mobile-sam"]


def marked(image: Image, marks: Marks, prior: MarkedPrior = "auto", model: MarkedModel = "grabcut") -> tuple[Hole, str]:
    """Return the marked thing, and a note where a network could not be asked that would have helped.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    marks : a box, or something on the thing, is needed
    prior : with a box, heed what stands out in it; "auto" = where u2netp is on this machine
    model : "auto" = mobile-sam where it is on this machine and no strokes are among the marks

    Returns
    -------
    hole : (H, W) bool
    note : one line, or empty

    Raises
    ------
    InputError
        If nothing is marked, or marks lie beside the image.
    WeightsError
        If a network that was named is not on this machine.
    """
    check_marks(marks, image.shape[:2])
    stroked = marks.strokes is not None or marks.not_strokes is not None
    if model == "mobile-sam" or (model == "auto" and not stroked and all(state(name) == "ready" for name in WEIGHTS)):
        return segment(image, box=marks.box, points=marks.points, not_points=marks.not_points), ""
    if prior == "salient":
        require(stands_out.WEIGHTS, "mask grabcut --prior salient")
    if prior == "none" or marks.box is None:
        return cut_out(image, marks), ""
    missing = [name for name in stands_out.WEIGHTS if state(name) != "ready"]
    if missing or not can_run():
        note = f"cut out by colours alone; a network that sees what stands out {lacking(missing)}"
        return cut_out(image, marks), note
    around = marks.box.grown(round(MARGIN * max(marks.box.height, marks.box.width)), image.shape[:2])
    try:
        seen = stands_out.probabilities(image, box=around)
    except WeightsError as error:
        if prior == "salient":
            raise
        return cut_out(image, marks), f"cut out by colours alone: {error}"
    return cut_out(image, marks, prior=seen), ""
