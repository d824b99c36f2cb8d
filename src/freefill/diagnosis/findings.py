"""The failures that are looked for, in the order in which a user can act on them; one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from freefill.diagnosis.broken import broken
from freefill.diagnosis.colour import colour
from freefill.diagnosis.foreign import foreign
from freefill.diagnosis.grain import grain
from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.repeat import repeat
from freefill.diagnosis.residue import residue
from freefill.diagnosis.seam import seam
from freefill.diagnosis.smudge import smudge
from freefill.diagnosis.unlike import unlike
from freefill.diagnosis.view import View


@dataclass(frozen=True)
class Failure:
    """A failure that people report, in words, and how it is measured.

    Attributes
    ----------
    name : as the calibration and the commands say it
    means : what one sees, for the user
    advice : what to try next; each option exists
    measure : from a view of the fill
    """

    name: str
    means: str
    advice: str
    measure: Callable[[View], Measurement]


FAILURES: tuple[Failure, ...] = (
    Failure(
        "residue",
        "part of the removed thing is left beside the hole",
        "the mask is too tight: --grow 3%, or --refine to have it repaired",
        residue,
    ),
    Failure(
        "seam",
        "a step runs along the border of the hole",
        "blend the border: --grow 2% --feather 2%",
        seam,
    ),
    Failure(
        "colour",
        "the fill has another colour than what is around it",
        "the mask may miss a shadow or a glow of the thing: --grow 5% --feather 2%",
        colour,
    ),
    Failure(
        "smudge",
        "the fill is blurred or has lost its texture",
        "make it sharp with the picture's own texture: --texture always, or --engine texture",
        smudge,
    ),
    Failure(
        "repeat",
        "the same piece shows again and again",
        "fill again with --seed 1, or say what must not be copied: --not-from MASK",
        repeat,
    ),
    Failure(
        "broken",
        "lines break off at the hole",
        "fill in other ways: --tries 3; or draw the mask so that its border cuts no line",
        broken,
    ),
    Failure(
        "grain",
        "the fill has more or less grain than the picture",
        "copy the picture's own grain: --texture always, or --engine texture",
        grain,
    ),
    Failure(
        "foreign",
        "something in the fill belongs elsewhere",
        "say what must not be copied: --not-from MASK, or what may be: --source MASK",
        foreign,
    ),
)

UNLIKE = Failure(
    "unlike",
    "parts of the fill look like nothing else in the picture",
    "fill in other ways: --tries 3, or --structure layout or never; or use a network: freefill engines",
    unlike,
)
"""Looked for where a network's tokens are here."""
